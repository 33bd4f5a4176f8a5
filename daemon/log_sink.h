/* Where log events go: each becomes a line (daemon/log_line.h) and is written to a file descriptor with one write(2).
 * Or, where the format is the journal's and the descriptor leads to the journal, an entry of it (daemon/journal.h). */
#ifndef FETCHPOOL_DAEMON_LOG_SINK_H
#define FETCHPOOL_DAEMON_LOG_SINK_H

#include "config/settings.h"

/* From now on all events go to `fd`, which is borrowed for good (STDERR_FILENO). Once at start, before threads.
 *
 * Lines of several threads never mix. A reader that does not read costs half a second once, then lines: how many
 * were lost is told as soon as it reads again. SIGPIPE is to be ignored or blocked. */
void log_sink_start(enum settings_log_format format, int fd);

/* Lines look like this from now on. Any thread. */
void log_sink_use(enum settings_log_format format);

#endif
