/* Results on their way from those who fetch to standard output: encoded where they come, in any threads, and taken by
 * one thread in their order. */
#ifndef FETCHPOOL_CLI_RESULTS_H
#define FETCHPOOL_CLI_RESULTS_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/output.h"
#include "cli/summary.h"
#include "pool/fetch_batch.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct results_text {
    char *bytes;
    size_t len;
    bool came;
};

/* What holds up who fetches, while too much waits to be taken. Called with the lock held; they must not wait. */
struct results_flow {
    void (*hold)(void *arg, size_t wanted); /* SCHED_NO_ITEM: none is wanted before there is room again */
    void (*release)(void *arg);
    void *arg;
};

struct results {
    const struct output *output;
    const struct fetch_batch *list; /* what the results are of; borrowed */
    unsigned printed;               /* enum fetch_include, of items that say nothing of their own */
    bool saves;
    struct results_flow flow; /* set before the first result */
    int wake_fd;              /* eventfd(2), readable when there is something new; owned */
    pthread_mutex_t lock;
    struct summary summary;     /* under the lock, as all below */
    struct results_text *texts; /* by index */
    size_t *sequence;           /* the indexes as they came; NULL: the order is that of the list */
    size_t came;
    size_t taken;
    size_t held_bytes;
    bool is_holding;
    size_t wanted;
    bool unread;  /* nobody will take any more */
    enum err err; /* the first that kept a result from being encoded */
};

struct results_options {
    const struct output *output;
    const struct fetch_batch *list;
    unsigned printed;
    bool saves; /* bodies are saved, and results tell where */
    enum cli_order order;
    bool keep_times;
};

/* ERR_NOMEM; ERR_IO: no descriptor. */
enum err results_init(struct results *r, const struct results_options *options) ERR_MUST_CHECK;
void results_fini(struct results *r);

/* The one result of an item; borrowed during the call. `saved`: the name of the file that has its body, or NULL. Any
 * thread. */
void results_put(struct results *r, size_t index, const struct fetch_result *result, const char *saved);

/* The same of a result that is there as `text`, which is taken as it is. */
void results_put_text(struct results *r, size_t index, const struct fetch_result *result, const char *saved,
                      struct buf *text);

/* Whether a result of the item came. Any thread. */
bool results_has(struct results *r, size_t index);

/* Something else is new. Any thread. */
void results_wake(struct results *r);

/* Moves what is next into `out`, some 64 KiB at a time. True: that was something. One thread. */
bool results_take(struct results *r, struct buf *out);

/* Whether everything was taken. Then `ret_err` is the first error, and ERR_NONE otherwise. */
bool results_are_taken(struct results *r, enum err *ret_err);

/* From now on nothing is kept, and nothing taken. Any thread. */
void results_abandon(struct results *r);
bool results_are_abandoned(struct results *r);

/* What the progress line needs. Any thread. */
struct results_counts {
    size_t total;
    size_t done;
    size_t failed;
};
struct results_counts results_count(struct results *r);

#endif
