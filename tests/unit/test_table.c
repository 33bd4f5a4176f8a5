#include "base/table.h"

#include "base/list.h"
#include "unit.h"
#include "unit_random.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { THINGS = 300, STEPS = 30000 };

struct thing {
    struct table_node node;
    char name[16];
    bool in_table;
};

static struct table table;
static struct thing things[THINGS];

static int begin(void **state) {
    (void)state;
    table_init(&table);
    memset(things, 0, sizeof things);
    for (int i = 0; i < THINGS; i++)
        (void)snprintf(things[i].name, sizeof things[i].name, "%d", i);
    return 0;
}

static int end(void **state) {
    (void)state;
    unit_fail_allocation(0);
    for (int i = 0; i < THINGS; i++)
        if (things[i].in_table)
            table_remove(&table, &things[i].node);
    table_fini(&table);
    return 0;
}

static void toggle(struct thing *t) {
    if (t->in_table)
        table_remove(&table, &t->node);
    else
        table_add(&table, &t->node, t->name, strlen(t->name));
    t->in_table = !t->in_table;
}

static struct thing *find(const char *name) {
    struct table_node *node = table_find(&table, name, strlen(name));
    return node ? LIST_ENTRY(node, struct thing, node) : NULL;
}

/* Each thing that is in the table stands in one bucket, once. */
static void assert_walk_meets_all(void) {
    size_t met = 0, in_table = 0;
    for (size_t i = 0; i < table.bucket_count; i++)
        for (struct table_node *node = table_bucket(&table, i); node; node = node->next) {
            assert_true(LIST_ENTRY(node, struct thing, node)->in_table);
            met++;
        }
    for (int i = 0; i < THINGS; i++)
        in_table += things[i].in_table;
    assert_int_equal(met, in_table);
    assert_int_equal(table.count, in_table);
}

static void step_at_random(uint32_t seed) {
    uint32_t random_state = seed;
    for (int i = 0; i < STEPS; i++) {
        toggle(&things[unit_random_below(&random_state, THINGS)]);
        struct thing *t = &things[unit_random_below(&random_state, THINGS)];
        assert_ptr_equal(find(t->name), t->in_table ? t : NULL);
        if (i % 100 == 0)
            assert_walk_meets_all();
    }
}

TEST(what_is_in_it_is_found_and_nothing_else) {
    step_at_random(1);
    assert_true(table.bucket_count > TABLE_FIRST_BUCKETS);
}

TEST(without_memory_to_grow_it_still_finds_all) {
    unit_fail_allocation(1);
    step_at_random(2);
    assert_int_equal(table.bucket_count, TABLE_FIRST_BUCKETS);
    unit_fail_allocation(0);
    while (table.bucket_count == TABLE_FIRST_BUCKETS) /* it makes up for it */
        for (int i = 0; i < THINGS; i++)
            toggle(&things[i]);
    assert_walk_meets_all();
}

TEST(name_may_be_the_beginning_of_another_or_empty) {
    struct thing empty = {.name = ""}, shorter = {.name = "exam"}, longer = {.name = "example"};
    toggle(&empty);
    toggle(&longer);
    assert_null(find("exam"));
    toggle(&shorter);
    assert_ptr_equal(find(""), &empty);
    assert_ptr_equal(find("exam"), &shorter);
    assert_ptr_equal(find("example"), &longer);
    assert_null(find("Example"));
    toggle(&empty);
    toggle(&shorter);
    toggle(&longer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_in_it_is_found_and_nothing_else, begin, end),
        cmocka_unit_test_setup_teardown(without_memory_to_grow_it_still_finds_all, begin, end),
        cmocka_unit_test_setup_teardown(name_may_be_the_beginning_of_another_or_empty, begin, end),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
