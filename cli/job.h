/* What fetchpool was told to do: the list, how its results are delivered, and who fetches. */
#ifndef FETCHPOOL_CLI_JOB_H
#define FETCHPOOL_CLI_JOB_H

#include "cli/option_table.h"
#include "cli/results.h"
#include "cli/save.h"
#include "pool/fetch_batch.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* The fields that others may use are those above the line. */
struct job {
    const struct cli_options *options;
    struct fetch_batch list; /* the batch, when the pool is in this process */
    unsigned printed;        /* enum fetch_include, of items that say nothing of their own */
    struct results results;
    int64_t started_us;          /* before the first fetch was begun */
    struct save *save;           /* NULL: bodies are not saved */
    sem_t done;                  /* posted when the pool is done with the batch */
    char error[CLI_ERROR_BYTES]; /* when job_has_failed */
    /* ---- */
    atomic_bool is_failing;
    atomic_bool has_failed;
};

/* Gives the one result of an item. Any thread. */
void job_deliver(struct job *job, size_t index, const struct fetch_result *result);

/* The same, of a result that is there as `text`, which is taken as it is. */
void job_deliver_text(struct job *job, size_t index, const struct fetch_result *result, struct buf *text);

/* Gives all items that have no result yet this one. Any thread, when no other delivers any more. */
void job_fail_rest(struct job *job, enum fetch_error error, const char *text);

/* Something is wrong that is no result: what runs is to be given up. The first text stays. Any thread. */
void job_fail(struct job *job, const char *error);
bool job_has_failed(const struct job *job);

/* Who fetches: the pool in this process, or a daemon. Delivers one result for each item, in any order and threads,
 * after it was started. */
struct source;
struct source_ops {
    /* What has no result yet ends as FETCH_CANCELLED, soon. Any thread; may be repeated. */
    void (*cancel)(struct source *s);
    /* How many are being fetched now, or PROGRESS_NOT_KNOWN. Any thread. */
    size_t (*in_flight)(struct source *s);
    /* Waits until all results were delivered, and frees the source. The exit status that it asks for: CLI_EXIT_DONE, or
     * another, and `ret_error` says what went wrong. */
    int (*finish)(struct source *s, char ret_error[CLI_ERROR_BYTES]);
};
struct source {
    const struct source_ops *ops;
};

#endif
