/* One c-ares channel: asks name servers, and makes answers of what they say. The home of c-ares; one thread at a time,
 * the one that waits on its epoll set. For pool/name_resolver.c only. */
#ifndef FETCHPOOL_POOL_NAME_CHANNEL_H
#define FETCHPOOL_POOL_NAME_CHANNEL_H

#include "base/err.h"
#include "base/list.h"
#include "pool/name_resolver.h"

#include <ares.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `asked`, `running` and `is_deaf` may be read, `in_resolver` belongs to the user, the rest is private. */
struct name_channel {
    struct list in_resolver;
    size_t asked;   /* names, since it was opened */
    size_t running; /* of them not answered yet */
    bool is_deaf;   /* it has a socket that the epoll set would not take: nothing that comes there is seen */
    const struct name_resolver_options *options;
    ares_channel ares;
    int epoll_fd;
    int family;
};

/* `options` and `epoll_fd`, to which its sockets are added, are borrowed. ERR_NOMEM, ERR_LIBRARY. */
enum err name_channel_open(const struct name_resolver_options *options, int epoll_fd,
                           struct name_channel **ret_channel) ERR_MUST_CHECK;

/* Answers what is running with NULL. */
void name_channel_close(struct name_channel *c);

/* Answers what is running with NULL, and goes on. */
void name_channel_give_up(struct name_channel *c);

/* As name_resolver_ask. */
void name_channel_ask(struct name_channel *c, const char *host, void *question);

/* Sends, receives and answers; -1: none. A socket that is not its own does no harm. */
void name_channel_process(struct name_channel *c, int readable_fd, int writable_fd);

/* How long name_channel_process may wait for what is late; -1: for ever. */
int name_channel_timeout_ms(struct name_channel *c);

#endif
