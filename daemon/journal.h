/* Log events as entries of the systemd journal, with a field for each field of theirs.
 *
 *     MESSAGE=batch done batch=k3vq7n5xgaz2m4ht caller=token:a urls=2 ...
 *     PRIORITY=6
 *     SYSLOG_IDENTIFIER=fetchpoold
 *     FETCHPOOL_BATCH=k3vq7n5xgaz2m4ht
 *     FETCHPOOL_CALLER=token:a
 *
 * By the native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL) over a socket of our own: sd_journal_sendv(3) would wait
 * for a journal that does not read for as long as that takes, and all that log with it. */
#ifndef FETCHPOOL_DAEMON_JOURNAL_H
#define FETCHPOOL_DAEMON_JOURNAL_H

#include "daemon/log_line.h"

#include <stdbool.h>
#include <stddef.h>

/* MESSAGE has what a line would have, the fields behind it the same again. */
enum { JOURNAL_ENTRY_MAX_BYTES = 3 * LOG_LINE_MAX_BYTES };

/* On the stack of who logs. May be read. */
struct journal_entry {
    char bytes[JOURNAL_ENTRY_MAX_BYTES];
    size_t len;
};

/* Whether what is written to `fd` goes to the journal: JOURNAL_STREAM of the environment, systemd.exec(5), names it. */
bool journal_is_behind(int fd);

/* A socket that leads to the journal, for good; -1: there is none. */
int journal_open(void);

/* Any thread. A field that has no room is left out. */
void journal_entry_write(struct journal_entry *ret_entry, const struct log_event *event);

/* Does not wait. False: it could not be sent. */
bool journal_send(int fd, const struct journal_entry *entry);

#endif
