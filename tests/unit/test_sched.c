#include "pool/sched.h"

#include "unit.h"
#include "unit_random.h"

#include <string.h>

enum { BATCHES = 24, ITEMS = 12, MOST_PERMITS = 4, STEPS = 60000 };

/* What should be so of one batch. */
struct model {
    struct sched_batch batch;
    size_t count;
    size_t permits;
    size_t started;
    size_t running;
    size_t unfinished;
    size_t ahead; /* batches that may be served before it: those that stood before it in the ring */
    bool added;
    bool held;
    bool closed;
    bool was_in_ring;
    unsigned seen[ITEMS];
};

static struct sched sched;
static struct model models[BATCHES];
static uint32_t random_state;

static uint32_t below(uint32_t n) {
    return unit_random_below(&random_state, n);
}

static void init_model(struct model *m) {
    memset(m, 0, sizeof *m);
    m->count = below(ITEMS + 1);
    m->permits = 1 + below(MOST_PERMITS);
    m->unfinished = m->count;
    sched_batch_init(&m->batch, m->count, m->permits);
}

static bool in_ring(const struct model *m) {
    return !list_is_empty(&m->batch.in_ring);
}

static bool is_eligible(const struct model *m) {
    return m->added && !m->held && !m->closed && m->started < m->count && m->running < m->permits;
}

static size_t ring_length(void) {
    size_t length = 0;
    LIST_FOR_EACH(node, &sched.ring) {
        length++;
    }
    return length;
}

static void assert_permits(struct model *m) {
    int permits;
    assert_int_equal(sem_getvalue(&m->batch.permits, &permits), 0);
    assert_int_equal(permits, m->permits - m->running);
}

static void assert_like_model(void) {
    size_t eligible = 0, waiting = 0, running = 0;
    for (size_t i = 0; i < BATCHES; i++) {
        struct model *m = &models[i];
        assert_permits(m);
        assert_int_equal(in_ring(m), is_eligible(m));
        eligible += is_eligible(m);
        waiting += m->added && !m->closed ? m->count - m->started : 0;
        running += m->running;
        if (in_ring(m) && !m->was_in_ring)
            m->ahead = ring_length() - 1;
        m->was_in_ring = in_ring(m);
    }
    assert_int_equal(ring_length(), eligible);
    assert_int_equal(sched_can_pick(&sched), eligible > 0);
    assert_int_equal(sched.waiting, waiting);
    assert_int_equal(sched.running, running);
}

/* All others that stand in the ring have come one turn closer. */
static void note_turn(struct model *picked) {
    for (size_t i = 0; i < BATCHES; i++) {
        if (&models[i] == picked || !models[i].was_in_ring)
            continue;
        assert_true(models[i].ahead > 0);
        models[i].ahead--;
    }
    picked->was_in_ring = false; /* at its end again, if at all */
}

static void pick(void) {
    size_t index = SIZE_MAX;
    struct sched_batch *b = sched_pick(&sched, &index);
    if (!b) {
        assert_int_equal(index, SIZE_MAX);
        return;
    }
    struct model *m = LIST_ENTRY(b, struct model, batch);
    assert_true(is_eligible(m));
    assert_int_equal(index, m->started);
    m->seen[index]++;
    m->started++;
    m->running++;
    note_turn(m);
}

static void add(struct model *m) {
    if (!m->added)
        sched_add(&sched, &m->batch);
    m->added = true;
}

static void finish(struct model *m) {
    if (m->running == 0)
        return;
    sched_finish(&sched, &m->batch);
    m->running--;
    m->unfinished--;
}

static void hold(struct model *m) {
    sched_hold(&m->batch);
    m->held = true;
}

static void release(struct model *m) {
    if (!m->added)
        return;
    sched_release(&sched, &m->batch);
    m->held = false;
}

static void close_batch(struct model *m) {
    if (!m->added || m->closed)
        return;
    size_t first = sched_close(&sched, &m->batch);
    assert_int_equal(first, m->started);
    for (size_t i = first; i < m->count; i++)
        m->seen[i]++;
    m->unfinished -= m->count - first;
    m->closed = true;
}

static void replace_if_done(struct model *m) {
    if (!m->added || m->unfinished > 0)
        return;
    for (size_t i = 0; i < m->count; i++)
        assert_int_equal(m->seen[i], 1);
    sched_batch_fini(&m->batch);
    init_model(m);
}

static void random_step(void) {
    struct model *m = &models[below(BATCHES)];
    uint32_t what = below(100);
    if (what < 40)
        pick();
    else if (what < 75)
        finish(m);
    else if (what < 85)
        add(m);
    else if (what < 90)
        hold(m);
    else if (what < 98)
        release(m);
    else
        close_batch(m);
    replace_if_done(m);
}

TEST(any_mix_of_calls_behaves_like_the_model) {
    sched_init(&sched);
    random_state = 1974;
    for (size_t i = 0; i < BATCHES; i++)
        init_model(&models[i]);
    for (int step = 0; step < STEPS; step++) {
        random_step();
        assert_like_model();
    }
    for (size_t i = 0; i < BATCHES; i++) {
        add(&models[i]);
        close_batch(&models[i]);
        while (models[i].running > 0)
            finish(&models[i]);
        sched_batch_fini(&models[i].batch);
    }
    assert_int_equal(sched.waiting, 0);
    assert_int_equal(sched.running, 0);
}

/* Without holds and closes the long batch cannot keep the short one waiting. */
TEST(short_batch_is_done_beside_a_long_one) {
    struct sched_batch large, small;
    size_t index;
    sched_init(&sched);
    sched_batch_init(&large, 100000, 100000);
    sched_batch_init(&small, 3, 3);
    sched_add(&sched, &large);
    for (int i = 0; i < 1000; i++)
        assert_ptr_equal(sched_pick(&sched, &index), &large);
    sched_add(&sched, &small);
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(sched_pick(&sched, &index), &large);
        assert_ptr_equal(sched_pick(&sched, &index), &small);
        assert_int_equal(index, i);
    }
    assert_ptr_equal(sched_pick(&sched, &index), &large);
    assert_int_equal(index, 1003);
    (void)sched_close(&sched, &large);
    assert_null(sched_pick(&sched, &index));
    sched_batch_fini(&large);
    sched_batch_fini(&small);
}

TEST(permit_comes_back_with_the_finish_only) {
    struct sched_batch b;
    size_t index;
    sched_init(&sched);
    sched_batch_init(&b, 3, 1);
    sched_add(&sched, &b);
    for (size_t i = 0; i < 3; i++) {
        assert_ptr_equal(sched_pick(&sched, &index), &b);
        assert_int_equal(index, i);
        assert_null(sched_pick(&sched, &index));
        assert_false(sched_can_pick(&sched));
        sched_finish(&sched, &b);
    }
    assert_null(sched_pick(&sched, &index));
    assert_int_equal(sched.waiting, 0);
    sched_batch_fini(&b);
}

TEST(batch_of_nothing_is_never_picked) {
    struct sched_batch b;
    size_t index;
    sched_init(&sched);
    sched_batch_init(&b, 0, 5);
    sched_add(&sched, &b);
    assert_false(sched_can_pick(&sched));
    assert_null(sched_pick(&sched, &index));
    assert_int_equal(sched_close(&sched, &b), 0);
    sched_batch_fini(&b);
}

TEST(batch_that_was_held_before_it_was_added_waits) {
    struct sched_batch b;
    size_t index;
    sched_init(&sched);
    sched_batch_init(&b, 2, 2);
    sched_hold(&b);
    sched_add(&sched, &b);
    assert_int_equal(sched.waiting, 2);
    assert_null(sched_pick(&sched, &index));
    sched_release(&sched, &b);
    sched_release(&sched, &b);
    assert_ptr_equal(sched_pick(&sched, &index), &b);
    assert_int_equal(sched_close(&sched, &b), 1);
    sched_batch_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_mix_of_calls_behaves_like_the_model),
        cmocka_unit_test(short_batch_is_done_beside_a_long_one),
        cmocka_unit_test(permit_comes_back_with_the_finish_only),
        cmocka_unit_test(batch_of_nothing_is_never_picked),
        cmocka_unit_test(batch_that_was_held_before_it_was_added_waits),
    };
    return cmocka_run_group_tests_name("sched", tests, NULL, NULL);
}
