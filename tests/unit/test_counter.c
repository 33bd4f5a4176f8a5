#include "base/counter.h"

#include "unit.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 20000 };

static struct counter shared;

static void *add_many(void *arg) {
    (void)arg;
    for (int i = 0; i < ROUNDS; i++)
        counter_add_shared(&shared, 3);
    return NULL;
}

TEST(number_is_changed_by_one) {
    struct counter c = {0};
    assert_int_equal(counter_read(&c), 0);
    counter_add(&c, 5);
    counter_subtract(&c, 2);
    assert_int_equal(counter_read(&c), 3);
    counter_set(&c, 40);
    assert_int_equal(counter_read(&c), 40);
}

TEST(nothing_is_lost_when_many_change_it) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, NULL), 0);
    uint64_t last = 0;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t now = counter_read(&shared);
        assert_true(now >= last && now % 3 == 0);
        last = now;
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(counter_read(&shared), 3 * THREADS * ROUNDS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_is_changed_by_one),
        cmocka_unit_test(nothing_is_lost_when_many_change_it),
    };
    return cmocka_run_group_tests_name("counter", tests, NULL, NULL);
}
