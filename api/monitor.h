/* Notices clients that leave while their requests are suspended: libmicrohttpd does not look at those connections.
 *
 * One thread with an epoll set of its own. A client that shuts down its sending side counts as gone: HTTP clients do
 * not do that while they wait for an answer.
 */
#ifndef FETCHPOOL_API_MONITOR_H
#define FETCHPOOL_API_MONITOR_H

#include "base/err.h"

#include <stdint.h>

struct monitor;

/* Stands inside the object that wants to know; zeroed before its first use. Fields are private. */
struct monitor_watch {
    int fd;
    uint64_t id; /* 0: is not watching */
    void (*left)(void *arg);
    void *arg;
    struct monitor_watch *next; /* in its bucket */
};

/* ERR_NOMEM, ERR_THREAD, ERR_IO. */
enum err monitor_create(struct monitor **ret_monitor) ERR_MUST_CHECK;

/* Nothing may be watched any more. Accepts NULL. */
void monitor_destroy(struct monitor *m);

/* Calls `left(arg)` in the monitor's thread, once, when the peer of the connection `fd` is gone; at once if it is
 * already. When the system cannot do it, the departure is noticed when the answer is sent. Borrows the watch until
 * monitor_forget. Any thread. */
void monitor_watch(struct monitor *m, struct monitor_watch *w, int fd, void (*left)(void *arg), void *arg);

/* Before the connection is closed. After it returns, `left` is not running and will not be called. Must not be called
 * with a lock held that `left` takes. Does nothing for what is not watched. Any thread but the monitor's. */
void monitor_forget(struct monitor *m, struct monitor_watch *w);

#endif
