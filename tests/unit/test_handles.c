#include "pool/handles.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"
#include "unit_random.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { LONG_MS = 60 * 1000, ORIGINS = 40, OUT = 12, STEPS = 4000, MAX_IDLE = 8 };

static struct timers *timers;
static struct handles *handles;
static enum err configure_error;
static atomic_bool no_easy_handles;
static atomic_int opened;
static atomic_int closed;
static sem_t closing; /* posted with each handle that is closed */

CURL *__wrap_curl_easy_init(void);
CURL *__real_curl_easy_init(void);
void __wrap_curl_easy_cleanup(CURL *easy);
void __real_curl_easy_cleanup(CURL *easy);

CURL *__wrap_curl_easy_init(void) {
    if (no_easy_handles)
        return NULL;
    opened++;
    return __real_curl_easy_init();
}

void __wrap_curl_easy_cleanup(CURL *easy) {
    __real_curl_easy_cleanup(easy);
    if (!easy)
        return;
    closed++;
    sem_post(&closing);
}

static enum err configure(CURL *easy, void *arg) {
    atomic_int *count = arg;
    (void)easy;
    ++*count;
    return configure_error;
}

static atomic_int configured;

static void create(size_t max_idle, int64_t idle_timeout_ms) {
    const struct handles_options options = {
        .max_idle = max_idle,
        .max_all = SIZE_MAX,
        .idle_timeout_ms = idle_timeout_ms,
        .timers = timers,
        .configure = configure,
        .arg = &configured,
    };
    assert_int_equal(handles_create(&options, &handles), ERR_NONE);
}

static int begin(void **state) {
    (void)state;
    configure_error = ERR_NONE;
    configured = opened = closed = 0;
    handles = NULL;
    sem_init(&closing, 0, 0);
    return timers_create(&timers) == ERR_NONE ? 0 : -1;
}

/* Whatever was opened is closed in the end. */
static int end(void **state) {
    (void)state;
    handles_destroy(handles);
    timers_destroy(timers);
    return opened == closed ? 0 : -1;
}

static struct handles_stats stats(void) {
    struct handles_stats now;
    handles_read_stats(handles, &now);
    return now;
}

static size_t idle(void) {
    return stats().idle;
}

static struct handle *take(const char *origin) {
    struct handle *handle = NULL;
    assert_int_equal(handles_take(handles, origin, CLOCK_NEVER, &handle), ERR_NONE);
    assert_non_null(handle->easy);
    return handle;
}

TEST(destroying_none_does_no_harm) {
    handles_destroy(NULL);
}

TEST(handle_that_was_put_back_is_used_again) {
    create(MAX_IDLE, LONG_MS);
    struct handle *handle = take("http://a:80");
    const CURL *easy = handle->easy;
    assert_int_equal(idle(), 0);
    handles_put(handles, handle);
    assert_int_equal(idle(), 1);
    handle = take("http://a:80");
    assert_ptr_equal(handle->easy, easy);
    assert_int_equal(configured, 1);
    handles_put(handles, handle);
}

TEST(other_origin_gets_another_handle) {
    create(MAX_IDLE, LONG_MS);
    static const char *const others[] = {"https://a:80", "http://a:81", "http://aa:80", "http://b:80", "http://a:8"};
    handles_put(handles, take("http://a:80"));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct handle *handle = take(others[i]);
        assert_int_equal(configured, i + 2);
        handles_put(handles, handle);
    }
}

TEST(warmest_comes_first) {
    create(MAX_IDLE, LONG_MS);
    struct handle *a = take("http://a:80"), *b = take("http://a:80"), *c = take("http://a:80");
    handles_put(handles, b);
    handles_put(handles, a);
    handles_put(handles, c);
    assert_ptr_equal(take("http://a:80"), c);
    assert_ptr_equal(take("http://a:80"), a);
    assert_ptr_equal(take("http://a:80"), b);
    handles_put(handles, a);
    handles_put(handles, b);
    handles_put(handles, c);
}

TEST(coldest_makes_room) {
    create(2, LONG_MS);
    struct handle *a = take("http://a:80"), *b = take("http://b:80"), *c = take("http://c:80");
    handles_put(handles, b);
    handles_put(handles, a);
    assert_int_equal(closed, 0);
    handles_put(handles, c);
    assert_int_equal(closed, 1);
    assert_int_equal(idle(), 2);
    assert_ptr_equal(take("http://a:80"), a);
    assert_ptr_equal(take("http://c:80"), c);
    handles_put(handles, a);
    handles_put(handles, c);
}

TEST(bound_of_none_keeps_none) {
    create(0, LONG_MS);
    handles_put(handles, take("http://a:80"));
    assert_int_equal(closed, 1);
    assert_int_equal(idle(), 0);
}

TEST(idle_handle_is_closed_after_its_time) {
    create(MAX_IDLE, 10);
    struct handle *a = take("http://a:80"), *b = take("http://b:80");
    int64_t since_ms = clock_now_ms();
    handles_put(handles, a);
    handles_put(handles, b);
    thread_wait(&closing);
    thread_wait(&closing);
    assert_true(clock_now_ms() >= since_ms + 10);
    assert_int_equal(idle(), 0);
    handles_put(handles, take("http://a:80")); /* the sweep goes on */
    thread_wait(&closing);
    assert_int_equal(idle(), 0);
}

/* Nothing is put back any more after the first sweep. */
TEST(sweep_leaves_what_is_warm_for_the_next_one) {
    sem_t never;
    create(MAX_IDLE, 24);
    struct handle *cold = take("http://a:80"), *warm = take("http://b:80");
    sem_init(&never, 0, 0);
    handles_put(handles, cold);
    assert_false(thread_wait_until(&never, clock_now_ms() + 16));
    handles_put(handles, warm);
    thread_wait(&closing);
    thread_wait(&closing);
    assert_int_equal(idle(), 0);
    sem_destroy(&never);
}

TEST(handle_in_use_is_not_swept) {
    create(MAX_IDLE, 10);
    struct handle *used = take("http://a:80");
    handles_put(handles, take("http://b:80"));
    thread_wait(&closing);
    assert_int_equal(closed, 1);
    handles_put(handles, used);
    thread_wait(&closing);
}

TEST(destroy_closes_what_is_idle) {
    create(MAX_IDLE, LONG_MS);
    for (int i = 0; i < 5; i++) {
        char origin[32];
        (void)snprintf(origin, sizeof origin, "http://h%d:80", i);
        handles_put(handles, take(origin));
    }
    handles_destroy(handles);
    handles = NULL;
    assert_int_equal(closed, 5);
}

TEST(all_idle_ones_can_be_closed) {
    create(MAX_IDLE, LONG_MS);
    struct handle *used = take("http://a:80");
    handles_put(handles, take("http://b:80"));
    handles_put(handles, take("http://c:80"));
    handles_close_idle(handles);
    assert_int_equal(closed, 2);
    assert_int_equal(idle(), 0);
    handles_put(handles, used);
    assert_int_equal(idle(), 1);
}

TEST(longest_origin_fits) {
    char origin[URL_ORIGIN_BYTES];
    create(MAX_IDLE, LONG_MS);
    memset(origin, 'x', sizeof origin);
    origin[sizeof origin - 1] = '\0';
    struct handle *handle = take(origin);
    handles_put(handles, handle);
    assert_ptr_equal(take(origin), handle);
    handles_put(handles, handle);
}

/* The model: for each origin those that were put back, in their order. */
struct model_handle {
    struct handle *handle;
    unsigned put_at;
    bool idle;
};

static struct model_handle model[OUT + MAX_IDLE];
static char names[ORIGINS][32];

static struct model_handle *warmest_of(const char *origin) {
    struct model_handle *best = NULL;
    for (size_t i = 0; i < OUT + MAX_IDLE; i++)
        if (model[i].idle && strcmp(model[i].handle->origin, origin) == 0 && (!best || model[i].put_at > best->put_at))
            best = &model[i];
    return best;
}

static size_t count_idle(struct model_handle **ret_coldest) {
    size_t count = 0;
    *ret_coldest = NULL;
    for (size_t i = 0; i < OUT + MAX_IDLE; i++) {
        count += model[i].idle;
        if (model[i].idle && (!*ret_coldest || model[i].put_at < (*ret_coldest)->put_at))
            *ret_coldest = &model[i];
    }
    return count;
}

static void take_like_model(const char *origin) {
    struct model_handle *expected = warmest_of(origin);
    struct handle *handle = take(origin);
    if (expected) {
        assert_ptr_equal(handle, expected->handle);
        expected->idle = false;
        return;
    }
    for (size_t i = 0; i < OUT + MAX_IDLE; i++)
        if (!model[i].handle) {
            model[i] = (struct model_handle){.handle = handle};
            return;
        }
    fail();
}

static void put_like_model(struct model_handle *m, unsigned step) {
    struct model_handle *coldest;
    handles_put(handles, m->handle);
    m->idle = true;
    m->put_at = step;
    if (count_idle(&coldest) > MAX_IDLE)
        *coldest = (struct model_handle){0};
}

TEST(any_mix_of_takes_and_puts_behaves_like_the_model) {
    uint32_t random_state = 99;
    size_t out = 0;
    struct model_handle *coldest;
    create(MAX_IDLE, LONG_MS);
    memset(model, 0, sizeof model);
    for (int i = 0; i < ORIGINS; i++)
        (void)snprintf(names[i], sizeof names[i], "http://host-%d:80", i);
    for (unsigned step = 0; step < STEPS; step++) {
        struct model_handle *m = &model[unit_random_below(&random_state, OUT + MAX_IDLE)];
        if (m->handle && !m->idle) {
            put_like_model(m, step);
            out--;
        } else if (out < OUT) {
            take_like_model(names[unit_random_below(&random_state, 1 + step % ORIGINS)]);
            out++;
        }
        assert_int_equal(idle(), count_idle(&coldest));
        assert_int_equal(opened - closed, (int)(idle() + out));
    }
    for (size_t i = 0; i < OUT + MAX_IDLE; i++)
        if (model[i].handle && !model[i].idle)
            handles_put(handles, model[i].handle);
}

static void *take_and_put(void *arg) {
    uint32_t random_state = *(const uint32_t *)arg;
    for (int i = 0; i < 300; i++) {
        char origin[32];
        struct handle *handle;
        (void)snprintf(origin, sizeof origin, "http://h%u:80", (unsigned)unit_random_below(&random_state, 6));
        if (handles_take(handles, origin, CLOCK_NEVER, &handle))
            return NULL;
        if (strcmp(handle->origin, origin) != 0)
            return NULL;
        handles_put(handles, handle);
    }
    return arg;
}

TEST(threads_share_the_handles) {
    uint32_t seeds[4] = {1, 2, 3, 4};
    pthread_t threads[4];
    create(3, 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(thread_start("fp-take", take_and_put, &seeds[i], false, &threads[i]), ERR_NONE);
    for (int i = 0; i < 4; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &seeds[i]);
    }
    assert_true(idle() <= 3);
}

TEST(handle_that_cannot_be_made_is_told) {
    struct handle *none = NULL;
    create(MAX_IDLE, LONG_MS);
    configure_error = ERR_LIBRARY;
    assert_int_equal(handles_take(handles, "http://a:80", CLOCK_NEVER, &none), ERR_LIBRARY);
    configure_error = ERR_NONE;
    no_easy_handles = true;
    assert_int_equal(handles_take(handles, "http://a:80", CLOCK_NEVER, &none), ERR_NOMEM);
    no_easy_handles = false;
    unit_fail_allocation(1);
    enum err err = handles_take(handles, "http://a:80", CLOCK_NEVER, &none);
    unit_fail_allocation(0);
    assert_int_equal(err, ERR_NOMEM);
    assert_null(none);
    assert_int_equal(idle(), 0);
}

TEST(create_without_memory_fails) {
    const struct handles_options options = {.max_idle = 1, .timers = timers};
    unit_fail_allocation(1);
    enum err err = handles_create(&options, &handles);
    unit_fail_allocation(0);
    assert_int_equal(err, ERR_NOMEM);
    assert_null(handles);
}

#define HANDLES_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(destroying_none_does_no_harm),
        HANDLES_TEST(handle_that_was_put_back_is_used_again),
        HANDLES_TEST(other_origin_gets_another_handle),
        HANDLES_TEST(warmest_comes_first),
        HANDLES_TEST(coldest_makes_room),
        HANDLES_TEST(bound_of_none_keeps_none),
        HANDLES_TEST(idle_handle_is_closed_after_its_time),
        HANDLES_TEST(sweep_leaves_what_is_warm_for_the_next_one),
        HANDLES_TEST(handle_in_use_is_not_swept),
        HANDLES_TEST(destroy_closes_what_is_idle),
        HANDLES_TEST(all_idle_ones_can_be_closed),
        HANDLES_TEST(longest_origin_fits),
        HANDLES_TEST(any_mix_of_takes_and_puts_behaves_like_the_model),
        HANDLES_TEST(threads_share_the_handles),
        HANDLES_TEST(handle_that_cannot_be_made_is_told),
        HANDLES_TEST(create_without_memory_fails),
    };
    return cmocka_run_group_tests_name("handles", tests, NULL, NULL);
}
