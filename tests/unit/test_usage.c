#include "base/usage.h"

#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static uint64_t wall_us(void) {
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void *wait_for_post(void *arg) {
    while (sem_wait(arg) != 0)
        continue;
    return NULL;
}

TEST(descriptors_are_counted) {
    uint64_t before = usage_read().open_files;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(usage_read().open_files, before + 1);
    close(fd);
    assert_int_equal(usage_read().open_files, before);
}

TEST(limit_of_descriptors_is_that_of_now) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(usage_read().max_files, limit.rlim_cur);
}

TEST(threads_are_counted) {
    sem_t end;
    pthread_t thread;
    assert_int_equal(sem_init(&end, 0, 1), 0);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_post, &end), 0); /* with it sanitizers start theirs */
    pthread_join(thread, NULL);
    uint64_t before = usage_read().threads;
    assert_int_equal(pthread_create(&thread, NULL, wait_for_post, &end), 0);
    assert_int_equal(usage_read().threads, before + 1);
    sem_post(&end);
    pthread_join(thread, NULL);
    sem_destroy(&end);
}

TEST(memory_and_start_are_plausible) {
    struct usage u = usage_read();
    assert_true(u.resident_bytes > 100 * 1024 && u.resident_bytes < u.virtual_bytes);
    assert_true(u.started_at_us <= wall_us() + 20000 && u.started_at_us > wall_us() - UINT64_C(600000000));
}

TEST(processor_time_grows_with_work) {
    uint64_t before = usage_read().cpu_us;
    volatile unsigned work = 0;
    while (usage_read().cpu_us < before + 2000)
        work++;
    assert_true(work > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_are_counted),
        cmocka_unit_test(limit_of_descriptors_is_that_of_now),
        cmocka_unit_test(threads_are_counted),
        cmocka_unit_test(memory_and_start_are_plausible),
        cmocka_unit_test(processor_time_grows_with_work),
    };
    return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
