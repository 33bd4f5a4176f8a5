#include "base/heap.h"
#include "unit.h"

#include <string.h>

enum { NODES = 200, STEPS = 20000 };

static uint32_t random_state;

/* xorshift32: the same numbers in each run. */
static uint32_t random_below(uint32_t n) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % n;
}

TEST(empty_heap_has_no_first) {
    struct heap h;
    struct heap_node node = {0};
    heap_init(&h);
    assert_null(heap_first(&h));
    heap_remove(&h, &node);
    assert_false(heap_contains(&node));
}

TEST(earliest_comes_first) {
    struct heap h;
    struct heap_node nodes[NODES] = {0};
    heap_init(&h);
    random_state = 1;
    for (int i = 0; i < NODES; i++) {
        nodes[i].due_ms = (int64_t)random_below(50);
        heap_push(&h, &nodes[i]);
    }
    int64_t last = INT64_MIN;
    for (int i = 0; i < NODES; i++) {
        struct heap_node *first = heap_first(&h);
        assert_non_null(first);
        assert_true(first->due_ms >= last);
        last = first->due_ms;
        heap_remove(&h, first);
        assert_false(heap_contains(first));
    }
    assert_null(heap_first(&h));
}

TEST(extreme_times_are_ordered) {
    struct heap h;
    struct heap_node nodes[] = {{.due_ms = INT64_MAX}, {.due_ms = 0}, {.due_ms = INT64_MIN}};
    heap_init(&h);
    for (int i = 0; i < 3; i++)
        heap_push(&h, &nodes[i]);
    for (int i = 2; i >= 0; i--) {
        assert_ptr_equal(heap_first(&h), &nodes[i]);
        heap_remove(&h, &nodes[i]);
    }
}

/* The model: a node is in the heap or not, and the first has the least time of those that are. */
static void assert_like_model(const struct heap *h, const struct heap_node *nodes, const bool *in_heap) {
    int64_t least = INT64_MAX;
    size_t count = 0;
    for (int i = 0; i < NODES; i++) {
        assert_int_equal(heap_contains(&nodes[i]), in_heap[i]);
        count += in_heap[i];
        if (in_heap[i] && nodes[i].due_ms < least)
            least = nodes[i].due_ms;
    }
    if (count == 0)
        assert_null(heap_first(h));
    else
        assert_int_equal(heap_first(h)->due_ms, least);
}

/* Nobody is earlier than who stands above, and links go both ways. */
static size_t assert_ordered(const struct heap_node *node) {
    size_t count = 1;
    const struct heap_node *before = node;
    for (const struct heap_node *child = node->child; child; child = child->next) {
        assert_true(child->due_ms >= node->due_ms);
        assert_ptr_equal(child->prev, before);
        count += assert_ordered(child);
        before = child;
    }
    return count;
}

static size_t count_all(const bool *in_heap) {
    size_t count = 0;
    for (int i = 0; i < NODES; i++)
        count += in_heap[i];
    return count;
}

TEST(any_mix_of_pushes_and_removals_behaves_like_the_model) {
    struct heap h;
    struct heap_node nodes[NODES] = {0};
    bool in_heap[NODES] = {false};
    heap_init(&h);
    random_state = 20221;
    for (int step = 0; step < STEPS; step++) {
        uint32_t i = random_below(NODES);
        if (in_heap[i]) {
            heap_remove(&h, &nodes[i]);
        } else {
            nodes[i].due_ms = (int64_t)random_below(100) - 50;
            heap_push(&h, &nodes[i]);
        }
        in_heap[i] = !in_heap[i];
        assert_int_equal(h.top ? assert_ordered(h.top) : 0, count_all(in_heap));
        if (step % 10 == 0)
            assert_like_model(&h, nodes, in_heap);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_heap_has_no_first),
        cmocka_unit_test(earliest_comes_first),
        cmocka_unit_test(extreme_times_are_ordered),
        cmocka_unit_test(any_mix_of_pushes_and_removals_behaves_like_the_model),
    };
    return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
