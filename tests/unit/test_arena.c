#include "base/arena.h"
#include "unit.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64 * 1024 };

TEST(empty_arena_takes_nothing) {
    struct arena a;
    arena_init(&a);
    assert_int_equal(arena_bytes(&a), 0);
    arena_fini(&a);
}

TEST(pieces_are_aligned_and_zeroed) {
    struct arena a;
    arena_init(&a);
    for (size_t size = 0; size < 300; size += 7) {
        char *odd = arena_copy(&a, "x", 1);
        assert_non_null(odd);
        char *p = arena_alloc(&a, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0x5A, size);
        assert_string_equal(odd, "x");
    }
    arena_fini(&a);
}

TEST(pieces_do_not_overlap) {
    enum { PIECES = 3000 };
    struct arena a;
    unsigned char *pieces[PIECES];
    arena_init(&a);
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = arena_alloc(&a, 1 + i % 200);
        assert_non_null(pieces[i]);
        memset(pieces[i], (int)(i % 251), 1 + i % 200);
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t k = 0; k < 1 + i % 200; k++)
            assert_int_equal(pieces[i][k], i % 251);
    assert_true(arena_bytes(&a) > BLOCK_BYTES);
    arena_fini(&a);
}

TEST(large_piece_leaves_the_block_in_use) {
    struct arena a;
    arena_init(&a);
    char *before = arena_copy(&a, "before", 6);
    char *large = arena_alloc(&a, 1000000);
    char *after = arena_copy(&a, "after", 5);
    assert_non_null(large);
    memset(large, 1, 1000000);
    assert_ptr_equal(after, before + 7);
    assert_string_equal(before, "before");
    assert_string_equal(after, "after");
    arena_fini(&a);
}

TEST(large_piece_may_come_first) {
    struct arena a;
    arena_init(&a);
    char *large = arena_alloc(&a, 100001);
    assert_non_null(large);
    memset(large, 1, 100001);
    assert_string_equal(arena_copy(&a, "next", 4), "next");
    assert_int_equal(large[100000], 1);
    arena_fini(&a);
}

TEST(copy_takes_any_bytes) {
    struct arena a;
    arena_init(&a);
    assert_memory_equal(arena_copy(&a, "a\0b", 3), "a\0b", 4);
    assert_memory_equal(arena_copy(&a, "", 0), "", 1);
    arena_fini(&a);
}

TEST(impossible_size_is_refused) {
    struct arena a;
    arena_init(&a);
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_copy(&a, "x", SIZE_MAX));
    assert_int_equal(arena_bytes(&a), 0);
    arena_fini(&a);
}

static void use_arena(void) {
    struct arena a;
    arena_init(&a);
    char *small = arena_copy(&a, "small", 5);
    char *large = arena_alloc(&a, BLOCK_BYTES);
    assert_true(unit_failed_allocations() > 0 || (small && large));
    if (small)
        assert_string_equal(small, "small");
    arena_fini(&a);
}

TEST(arena_is_whole_when_memory_runs_out) {
    unit_fail_each_allocation(use_arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_arena_takes_nothing),  cmocka_unit_test(pieces_are_aligned_and_zeroed),
        cmocka_unit_test(pieces_do_not_overlap),      cmocka_unit_test(large_piece_leaves_the_block_in_use),
        cmocka_unit_test(large_piece_may_come_first), cmocka_unit_test(copy_takes_any_bytes),
        cmocka_unit_test(impossible_size_is_refused), cmocka_unit_test(arena_is_whole_when_memory_runs_out),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
