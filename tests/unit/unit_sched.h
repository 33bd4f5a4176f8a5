/* A scheduler for tests, and batches for it whose hosts stand in a pattern. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_SCHED_H
#define FETCHPOOL_TESTS_UNIT_UNIT_SCHED_H

#include "pool/sched.h"

#include <stddef.h>
#include <stdint.h>

enum { HOST_LIMIT = 4 };

/* Made by unit_sched_begin, which checks at unit_sched_end that nothing is left. */
extern struct sched sched;
extern int64_t now_ms;

int unit_sched_begin(void **state);
int unit_sched_end(void **state);

/* A batch whose items lead to hosts by a pattern: item i to the host that stands at i modulo its length, '-' to none.
 */
struct list_of {
    struct sched_batch batch;
    const char *pattern; /* NULL: no item leads to a host */
};

/* Without deadline and delays. */
struct sched_batch_options options_of(struct list_of *l, size_t count, size_t max_concurrent);

void add_with(struct list_of *l, const struct sched_batch_options *options, const char *caller);
void add(struct list_of *l, size_t count, size_t max_concurrent, const char *caller);

/* The next item, which does not run again; NULL: none can start. */
struct sched_flow *pick(size_t *ret_index);

/* The next item is that one; it is left running. */
struct sched_flow *assert_next(const struct list_of *l, size_t index);

void assert_none(void);

/* It is done. */
void finish(struct sched_flow *f);

/* Closes the batch and takes what was not started; what was must have been finished. */
void end(struct list_of *l);

#endif
