/* Writes results to standard output as they come, and the progress line to the terminal meanwhile. */
#ifndef FETCHPOOL_CLI_PRINTER_H
#define FETCHPOOL_CLI_PRINTER_H

#include "cli/job.h"
#include "cli/signals.h"
#include "cli/terminal.h"

enum printer_end { PRINTER_DONE, PRINTER_READER_LEFT, PRINTER_FAILED };

/* `ended` and `error` may be read when it has run; the rest is private. */
struct printer {
    enum printer_end ended;
    const char *error; /* of PRINTER_FAILED; static */
    struct job *job;
    struct source *source;
    struct signals *signals;
    struct terminal terminal;
    bool has_begun;
    bool shares_terminal; /* standard output may lead to that of the line */
    int64_t next_draw_ms;
    struct progress_rate rate;
};

/* Runs until every result was printed, or nobody reads any more; then the source was cancelled and its results have
 * come. One thread. */
void printer_run(struct printer *p, struct job *job, struct source *source, struct signals *signals);

#endif
