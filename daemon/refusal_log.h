/* Log lines about connections that the guard refused: the rule, and the setting that would allow them.
 *
 * Callers decide how many refusals there are, so their lines are bounded: one a minute for each host and rule, and
 * REFUSAL_LOG_LINES a minute in all; how many went without a line is told by the next one. */
#ifndef FETCHPOOL_DAEMON_REFUSAL_LOG_H
#define FETCHPOOL_DAEMON_REFUSAL_LOG_H

#include "pool/fetch.h"

enum { REFUSAL_LOG_LINES = 60 };

/* Fits fetcher_on_refusal. Any thread. */
void refusal_log_write(const struct fetch_refusal *refusal);

#endif
