#include "pool/name_cache.h"

#include "unit.h"
#include "unit_random.h"

#include <stdio.h>
#include <string.h>

enum { MAX = 8, NAMES = 24, STEPS = 20 * 1000 };

static struct name_answer *make_answer(void) {
    struct name_answer *answer;
    assert_int_equal(name_answer_create(NAME_FOUND, "192.0.2.1", 0, &answer), ERR_NONE);
    return answer;
}

static struct name_entry *add(struct name_cache *c, const char *name) {
    struct name_entry *e;
    assert_int_equal(name_cache_add(c, name, &e), ERR_NONE);
    return e;
}

static void add_answered(struct name_cache *c, const char *name) {
    name_cache_answer(c, add(c, name), make_answer());
}

TEST(entry_is_found_by_its_name_alone) {
    struct name_cache c;
    name_cache_init(&c, MAX);
    struct name_entry *e = add(&c, "a.test");
    assert_ptr_equal(name_cache_find(&c, "a.test"), e);
    assert_null(name_cache_find(&c, "a.tes"));
    assert_null(name_cache_find(&c, "a.test."));
    assert_null(name_cache_find(&c, ""));
    name_cache_fini(&c);
}

TEST(least_recently_used_goes_first) {
    struct name_cache c;
    name_cache_init(&c, 2);
    add_answered(&c, "old.test");
    add_answered(&c, "new.test");
    name_cache_touch(&c, name_cache_find(&c, "old.test"));
    add_answered(&c, "newest.test");
    assert_non_null(name_cache_find(&c, "old.test"));
    assert_null(name_cache_find(&c, "new.test"));
    name_cache_fini(&c);
}

TEST(open_entries_are_not_crowded_out) {
    struct name_cache c;
    name_cache_init(&c, 1);
    add(&c, "open.test");
    add_answered(&c, "reopened.test");
    name_cache_reopen(&c, name_cache_find(&c, "reopened.test"));
    add_answered(&c, "a.test");
    add_answered(&c, "b.test");
    assert_non_null(name_cache_find(&c, "open.test"));
    assert_non_null(name_cache_find(&c, "reopened.test"));
    assert_null(name_cache_find(&c, "a.test"));
    name_cache_fini(&c);
}

TEST(cache_without_room_keeps_no_answer) {
    struct name_cache c;
    name_cache_init(&c, 0);
    add_answered(&c, "a.test");
    assert_int_equal(c.names.count, 0);
    name_cache_fini(&c);
}

TEST(dropped_answer_lives_on_for_its_owners) {
    struct name_cache c;
    name_cache_init(&c, MAX);
    struct name_answer *answer = make_answer();
    struct name_entry *e = add(&c, "a.test");
    name_cache_answer(&c, e, name_answer_ref(answer));
    name_cache_drop(&c, e);
    assert_string_equal(answer->addresses, "192.0.2.1");
    name_answer_unref(answer);
    name_cache_fini(&c);
}

static void fill_without_memory(void) {
    struct name_cache c;
    struct name_entry *e;
    name_cache_init(&c, MAX);
    enum err err = name_cache_add(&c, "a.test", &e);
    assert_int_equal(err, unit_failed_allocations() ? ERR_NOMEM : ERR_NONE);
    assert_int_equal(c.names.count, err ? 0 : 1);
    name_cache_fini(&c);
}

TEST(cache_copes_without_memory) {
    unit_fail_each_allocation(fill_without_memory);
}

/* ---- against a model ---- */

enum state { ABSENT, OPEN, ANSWERED };

struct model {
    enum state states[NAMES];
    unsigned used_at[NAMES]; /* of those with an answer */
    unsigned now;
};

static size_t model_count(const struct model *m, enum state state) {
    size_t count = 0;
    for (size_t i = 0; i < NAMES; i++)
        count += m->states[i] == state;
    return count;
}

static void model_answer(struct model *m, size_t i) {
    size_t oldest = i;
    m->states[i] = ANSWERED;
    m->used_at[i] = ++m->now;
    for (size_t k = 0; k < NAMES; k++)
        if (m->states[k] == ANSWERED && m->used_at[k] < m->used_at[oldest])
            oldest = k;
    if (model_count(m, ANSWERED) > MAX)
        m->states[oldest] = ABSENT;
}

static void assert_like_model(const struct name_cache *c, const struct model *m) {
    char name[16];
    for (size_t i = 0; i < NAMES; i++) {
        (void)snprintf(name, sizeof name, "n%zu.test", i);
        const struct name_entry *e = name_cache_find(c, name);
        assert_int_equal(e ? e->answer ? ANSWERED : OPEN : ABSENT, m->states[i]);
    }
    assert_int_equal(c->answered, model_count(m, ANSWERED));
    assert_int_equal(c->names.count, NAMES - model_count(m, ABSENT));
}

static void step_absent(struct name_cache *c, struct model *m, size_t i, const char *name) {
    add(c, name);
    m->states[i] = OPEN;
}

static void step_open(struct name_cache *c, struct model *m, size_t i, struct name_entry *e, bool drops) {
    if (drops) {
        name_cache_drop(c, e);
        m->states[i] = ABSENT;
    } else {
        name_cache_answer(c, e, make_answer());
        model_answer(m, i);
    }
}

static void step_answered(struct name_cache *c, struct model *m, size_t i, struct name_entry *e, uint32_t what) {
    if (what == 0) {
        name_cache_drop(c, e);
        m->states[i] = ABSENT;
    } else if (what == 1) {
        name_cache_reopen(c, e);
        m->states[i] = OPEN;
    } else {
        name_cache_touch(c, e);
        m->used_at[i] = ++m->now;
    }
}

TEST(cache_behaves_like_its_model) {
    struct name_cache c;
    struct model m = {.now = 0};
    uint32_t random = 4711;
    name_cache_init(&c, MAX);
    for (int step = 0; step < STEPS; step++) {
        char name[16];
        size_t i = unit_random_below(&random, NAMES);
        uint32_t what = unit_random_below(&random, 6);
        (void)snprintf(name, sizeof name, "n%zu.test", i);
        struct name_entry *e = name_cache_find(&c, name);
        if (m.states[i] == ABSENT)
            step_absent(&c, &m, i, name);
        else if (m.states[i] == OPEN)
            step_open(&c, &m, i, e, what == 0);
        else
            step_answered(&c, &m, i, e, what);
        assert_like_model(&c, &m);
    }
    name_cache_fini(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entry_is_found_by_its_name_alone),       cmocka_unit_test(least_recently_used_goes_first),
        cmocka_unit_test(open_entries_are_not_crowded_out),       cmocka_unit_test(cache_without_room_keeps_no_answer),
        cmocka_unit_test(dropped_answer_lives_on_for_its_owners), cmocka_unit_test(cache_copes_without_memory),
        cmocka_unit_test(cache_behaves_like_its_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
