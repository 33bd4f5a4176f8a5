#include "unit_sched.h"

#include "unit.h"

#include <string.h>

struct sched sched;
int64_t now_ms;

static size_t host_of(void *arg, size_t index, char ret_name[SCHED_HOST_NAME_BYTES]) {
    const struct list_of *l = arg;
    ret_name[0] = l->pattern[index % strlen(l->pattern)];
    return ret_name[0] == '-' ? 0 : 1;
}

struct sched_batch_options options_of(struct list_of *l, size_t count, size_t max_concurrent) {
    return (struct sched_batch_options){.count = count,
                                        .max_concurrent = max_concurrent,
                                        .deadline_ms = CLOCK_NEVER,
                                        .host_of = l->pattern ? host_of : NULL,
                                        .arg = l};
}

void add_with(struct list_of *l, const struct sched_batch_options *options, const char *caller) {
    assert_int_equal(sched_batch_init(&l->batch, options), ERR_NONE);
    assert_int_equal(sched_add(&sched, &l->batch, caller), ERR_NONE);
    assert_false(sched_link(&sched, &l->batch, SIZE_MAX, now_ms));
}

void add(struct list_of *l, size_t count, size_t max_concurrent, const char *caller) {
    const struct sched_batch_options options = options_of(l, count, max_concurrent);
    add_with(l, &options, caller);
}

struct sched_flow *pick(size_t *ret_index) {
    struct sched_again *again;
    struct sched_flow *f = sched_pick(&sched, now_ms, ret_index, &again);
    assert_true(!f || !again);
    return f;
}

struct sched_flow *assert_next(const struct list_of *l, size_t index) {
    size_t got;
    struct sched_flow *f = pick(&got);
    assert_non_null(f);
    assert_ptr_equal(f->batch, &l->batch);
    assert_int_equal(got, index);
    return f;
}

void assert_none(void) {
    size_t index;
    assert_null(pick(&index));
}

void finish(struct sched_flow *f) {
    sched_finish(&sched, f, NULL, 0, now_ms);
}

void end(struct list_of *l) {
    size_t index;
    struct sched_again *again;
    for (size_t left = sched_close(&sched, &l->batch, now_ms); left > 0; left--)
        sched_take_closed(&sched, &l->batch, now_ms, &index, &again);
    sched_batch_fini(&l->batch);
}

int unit_sched_begin(void **state) {
    const struct sched_options options = {.host_max_concurrent = HOST_LIMIT};
    (void)state;
    now_ms = 1000;
    sched_init(&sched, &options);
    return 0;
}

int unit_sched_end(void **state) {
    (void)state;
    sched_fini(&sched);
    return 0;
}
