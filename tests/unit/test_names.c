#include "pool/names.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"
#include "unit_file.h"
#include "unit_names.h"
#include "unit_thread.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRY_MS = 10 * 1000, SHORT_TRY_MS = 20, ASKERS = 32, MANY = 600, SECOND_MS = 1000 };

static const char longest_label[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk";

static const struct unit_record records[] = {
    {.name = "both.test", .v4 = {"127.0.0.1"}, .v6 = {"::1"}, .ttl = 60},
    {.name = "four.test", .v4 = {"127.0.0.1", "127.0.0.2"}, .ttl = 60},
    {.name = "long.test", .v4 = {"127.0.0.1"}, .ttl = 7 * 24 * 3600},
    {.name = "brief.test", .v4 = {"127.0.0.1"}, .ttl = 0},
    {.name = "alias.test", .alias = "four.test", .v4 = {"127.0.0.3"}, .ttl = 60, .alias_ttl = 30},
    {.name = "slow.test", .v4 = {"127.0.0.1"}, .ttl = 60, .waits = true},
    {.name = "mixed.test", .v4 = {"127.0.0.1", "10.0.0.1"}, .ttl = 60},
    {.name = "crowd.test", .v4 = {"127.0.0.1"}, .ttl = 60, .copies = 40},
    {.name = "crowded.test", .v4 = {"127.0.0.1", "10.0.0.1"}, .ttl = 60, .copies = 40},
    {.name = "broken.test", .code = UNIT_NAMES_FAILURE},
    {.name = "empty.test"},
    {.name = "silent.test", .is_silent = true},
    {.name = "backend.two.test", .v4 = {"127.0.0.1"}, .ttl = 60},
    {.name = ".many.test", .v4 = {"127.0.0.1"}, .ttl = 60, .is_wildcard = true},
    {.name = NULL},
};

static struct unit_names server;
static struct names *names;

/* Loopback is allowed, nothing else. */
static bool allows(void *arg, struct address a) {
    (void)arg;
    return address_is_v4(a) ? (a.low >> 24 & 0xFF) == 127 : a.high == 0 && a.low == 1;
}

static uint64_t read_serial(void *arg) {
    (void)arg;
    return 0;
}

static enum err create(const char *servers, int64_t timeout_ms, size_t max_cached, const char *resolv_conf) {
    const struct names_options options = {
        .servers = servers,
        .resolv_conf = resolv_conf ? resolv_conf : "/dev/null",
        .timeout_ms = timeout_ms,
        .max_cached = max_cached,
        .allows = allows,
        .serial = read_serial,
    };
    return names_create(&options, &names);
}

static int set_up(void **state) {
    (void)state;
    thread_init_signals();
    unit_thread_reset();
    unit_names_start(&server, records);
    return create(server.servers, TRY_MS, 1000, NULL) ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    names_destroy(names);
    names = NULL;
    unit_names_stop(&server);
    unit_file_remove();
    return 0;
}

static void create_again(const char *servers, int64_t timeout_ms, size_t max_cached, const char *resolv_conf) {
    names_destroy(names);
    assert_int_equal(create(servers, timeout_ms, max_cached, resolv_conf), ERR_NONE);
}

static struct name_answer *look_up(const char *host) {
    struct name_answer *answer = NULL;
    assert_int_equal(names_lookup(names, host, CLOCK_NEVER, NULL, &answer), ERR_NONE);
    return answer;
}

static void assert_found(const char *host, const char *addresses) {
    struct name_answer *answer = look_up(host);
    assert_int_equal(answer->status, NAME_FOUND);
    assert_string_equal(answer->addresses, addresses);
    name_answer_unref(answer);
}

static void assert_status(const char *host, enum name_status status) {
    struct name_answer *answer = look_up(host);
    assert_int_equal(answer->status, status);
    assert_string_equal(answer->addresses, status == NAME_BLOCKED ? "10.0.0.1" : "");
    assert_true(strlen(name_answer_reason(status)) > 0);
    name_answer_unref(answer);
}

/* Milliseconds that an answer got now is kept. */
static int64_t kept_ms(const char *host) {
    struct name_answer *answer = look_up(host);
    int64_t ms = answer->expires_at_ms - clock_now_ms();
    name_answer_unref(answer);
    return ms;
}

static void assert_kept(const char *host, int64_t seconds) {
    int64_t ms = kept_ms(host);
    assert_true(ms <= seconds * SECOND_MS && ms > (seconds - 30) * SECOND_MS);
}

TEST(name_has_the_addresses_of_both_families) {
    struct name_answer *answer = look_up("both.test");
    assert_int_equal(answer->status, NAME_FOUND);
    assert_non_null(strstr(answer->addresses, "127.0.0.1"));
    assert_non_null(strstr(answer->addresses, "[::1]"));
    name_answer_unref(answer);
    assert_int_equal(unit_names_queries(&server, "both.test"), 2);
}

TEST(answer_is_kept_within_bounds) {
    assert_kept("both.test", 60);
    assert_kept("long.test", 3600);
    assert_kept("alias.test", 30);
    int64_t brief_ms = kept_ms("brief.test");
    assert_true(brief_ms > 0 && brief_ms <= SECOND_MS);
    int64_t none_ms = kept_ms("none.test");
    assert_true(none_ms > 0 && none_ms <= 5 * SECOND_MS);
}

TEST(kept_answer_is_not_asked_for_again) {
    for (int i = 0; i < 5; i++)
        assert_found("alias.test", "127.0.0.3");
    assert_int_equal(unit_names_queries(&server, NULL), 2);
    for (int i = 0; i < 5; i++)
        assert_status("none.test", NAME_NOT_FOUND);
    assert_int_equal(unit_names_queries(&server, "none.test"), 2);
}

TEST(failures_say_what_is_wrong) {
    char too_long[128];
    create_again(server.servers, SHORT_TRY_MS, 1000, NULL);
    (void)snprintf(too_long, sizeof too_long, "%sx.test", longest_label);
    assert_status("none.test", NAME_NOT_FOUND);
    assert_status("empty.test", NAME_NO_ADDRESS);
    assert_status("broken.test", NAME_BROKEN);
    assert_status("silent.test", NAME_SILENT);
    assert_status(too_long, NAME_MALFORMED);
    create_again("127.0.0.1:1", SHORT_TRY_MS, 1000, NULL);
    struct name_answer *answer = look_up("four.test"); /* a refusal is silence to c-ares from 1.20 on */
    assert_true(answer->status == NAME_BROKEN || answer->status == NAME_SILENT);
    name_answer_unref(answer);
}

TEST(silent_server_is_followed_by_the_next) {
    char servers[128];
    struct unit_names silent;
    const struct unit_record nothing[] = {{.name = "test", .is_silent = true, .is_wildcard = true}, {.name = NULL}};
    unit_names_start(&silent, nothing);
    (void)snprintf(servers, sizeof servers, "%s,%s", silent.servers, server.servers);
    create_again(servers, SHORT_TRY_MS, 1000, NULL);
    assert_found("alias.test", "127.0.0.3");
    assert_true(unit_names_queries(&silent, "alias.test") >= 1);
    unit_names_stop(&silent);
}

TEST(longest_name_is_looked_up) {
    char host[300];
    int len = snprintf(host, sizeof host, "%s.%s.%s.%.51s.many.test", longest_label, longest_label, longest_label,
                       longest_label);
    assert_int_equal(len, 253);
    assert_found(host, "127.0.0.1");
}

TEST(one_refused_address_refuses_the_name) {
    assert_status("mixed.test", NAME_BLOCKED);
    assert_status("crowded.test", NAME_BLOCKED); /* behind the last that is kept */
}

/* Neither fits a datagram. */
TEST(addresses_beyond_32_are_left_out) {
    struct name_answer *answer = look_up("crowd.test");
    size_t commas = 0;
    for (const char *c = answer->addresses; *c; c++)
        commas += *c == ',';
    assert_int_equal(commas + 1, NAME_ANSWER_MAX_ADDRESSES);
    name_answer_unref(answer);
}

TEST(nobody_is_asked_for_special_names) {
    static const char *const hosts[] = {"localhost", "localhost.", "a.localhost", "a.b.localhost."};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        assert_found(hosts[i], "[::1],127.0.0.1");
    assert_status("a.invalid", NAME_NOT_FOUND);
    assert_int_equal(unit_names_queries(&server, NULL), 0);
    assert_status("notlocalhost", NAME_NOT_FOUND);
    assert_true(unit_names_queries(&server, "notlocalhost") > 0);
}

TEST(short_name_is_looked_for_in_the_search_list) {
    const char *resolv_conf = unit_file_write_text("search one.test two.test\noptions ndots:1\n");
    create_again(server.servers, TRY_MS, 1000, resolv_conf);
    assert_found("backend", "127.0.0.1");
    assert_int_equal(unit_names_queries(&server, "backend.one.test"), 2);
    assert_int_equal(unit_names_queries(&server, "backend"), 0);
}

/* ---- many at once ---- */

struct asker {
    pthread_t thread;
    const char *host;
    int64_t until_ms;
    _Atomic(enum fetch_error) cancelled;
    enum err err;
    struct name_answer *answer;
    sem_t done;
};

static void *ask(void *arg) {
    struct asker *a = arg;
    a->err = names_lookup(names, a->host, a->until_ms, &a->cancelled, &a->answer);
    sem_post(&a->done);
    return NULL;
}

static void start(struct asker *a, const char *host, int64_t until_ms) {
    *a = (struct asker){.host = host, .until_ms = until_ms};
    sem_init(&a->done, 0, 0);
    assert_int_equal(thread_start("asker", ask, a, true, &a->thread), ERR_NONE);
}

static void finish(struct asker *a) {
    pthread_join(a->thread, NULL);
    sem_destroy(&a->done);
}

/* A signal that comes just before the wait is lost. */
static void cancel(struct asker *a) {
    atomic_store(&a->cancelled, FETCH_CANCELLED);
    do
        thread_interrupt(a->thread);
    while (!thread_wait_until(&a->done, clock_after_ms(10)));
    finish(a);
}

TEST(many_ask_and_one_query_is_sent) {
    static struct asker askers[ASKERS];
    for (size_t i = 0; i < ASKERS; i++)
        start(&askers[i], "slow.test", CLOCK_NEVER);
    thread_wait(&server.asked);
    sem_post(&server.go);
    sem_post(&server.go);
    for (size_t i = 0; i < ASKERS; i++) {
        finish(&askers[i]);
        assert_int_equal(askers[i].err, ERR_NONE);
        assert_ptr_equal(askers[i].answer, askers[0].answer);
    }
    for (size_t i = 0; i < ASKERS; i++)
        name_answer_unref(askers[i].answer);
    assert_int_equal(unit_names_queries(&server, "slow.test"), 2);
}

TEST(who_leaves_leaves_the_lookup_to_the_others) {
    struct asker patient;
    struct name_answer *answer;
    start(&patient, "slow.test", CLOCK_NEVER);
    thread_wait(&server.asked);
    assert_int_equal(names_lookup(names, "slow.test", clock_after_ms(1), NULL, &answer), ERR_LIMIT);
    sem_post(&server.go);
    sem_post(&server.go);
    finish(&patient);
    assert_int_equal(patient.err, ERR_NONE);
    name_answer_unref(patient.answer);
}

TEST(lookup_that_all_have_left_still_fills_the_cache) {
    struct name_answer *answer;
    assert_int_equal(names_lookup(names, "slow.test", clock_after_ms(1), NULL, &answer), ERR_LIMIT);
    sem_post(&server.go);
    sem_post(&server.go);
    assert_found("slow.test", "127.0.0.1");
    assert_int_equal(unit_names_queries(&server, "slow.test"), 2);
}

TEST(time_that_is_over_ends_the_waiting_at_once) {
    struct name_answer *answer;
    assert_int_equal(names_lookup(names, "silent.test", clock_now_ms(), NULL, &answer), ERR_LIMIT);
}

TEST(who_waits_can_be_cancelled) {
    struct asker a;
    start(&a, "silent.test", CLOCK_NEVER);
    thread_wait(&server.asked);
    cancel(&a);
    assert_int_equal(a.err, ERR_CLOSED);
    assert_null(a.answer);
}

TEST(silent_name_does_not_delay_others) {
    struct asker a;
    start(&a, "silent.test", CLOCK_NEVER);
    thread_wait(&server.asked);
    assert_found("alias.test", "127.0.0.3");
    cancel(&a);
}

/* More than one channel's share. */
TEST(many_names_are_looked_up_and_few_kept) {
    create_again(server.servers, TRY_MS, 10, NULL);
    for (int i = 0; i < MANY; i++) {
        char host[32];
        (void)snprintf(host, sizeof host, "n%d.many.test", i);
        assert_found(host, "127.0.0.1");
    }
    assert_int_equal(unit_names_queries(&server, NULL), 2 * MANY);
    assert_int_equal(unit_names_cached(names), 10);
}

TEST(without_a_cache_each_answer_is_fresh) {
    create_again(server.servers, TRY_MS, 0, NULL);
    assert_found("alias.test", "127.0.0.3");
    assert_found("alias.test", "127.0.0.3");
    assert_int_equal(unit_names_queries(&server, "alias.test"), 4);
    assert_int_equal(unit_names_cached(names), 0);
}

/* ---- what runs out ---- */

static void look_up_without_memory(void) {
    struct name_answer *answer = NULL;
    enum err err = create(server.servers, TRY_MS, 10, NULL);
    if (!err)
        err = names_lookup(names, "alias.test", CLOCK_NEVER, NULL, &answer);
    assert_int_equal(err, unit_failed_allocations() ? ERR_NOMEM : ERR_NONE);
    if (!err)
        name_answer_unref(answer);
    names_destroy(names);
    names = NULL;
}

TEST(lookup_copes_without_memory) {
    names_destroy(names);
    names = NULL;
    unit_fail_each_allocation(look_up_without_memory);
}

TEST(lookup_without_memory_is_tried_again_by_the_next) {
    struct name_answer *answer = NULL;
    unit_fail_allocation(2); /* the question's */
    assert_int_equal(names_lookup(names, "alias.test", CLOCK_NEVER, NULL, &answer), ERR_NOMEM);
    unit_fail_allocation(0);
    assert_found("alias.test", "127.0.0.3");
}

TEST(without_a_thread_there_are_no_names) {
    names_destroy(names);
    names = NULL;
    unit_thread_one_of(0);
    assert_int_equal(create(server.servers, TRY_MS, 10, NULL), ERR_THREAD);
    unit_thread_reset();
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_SERVER(name_has_the_addresses_of_both_families),
        WITH_SERVER(answer_is_kept_within_bounds),
        WITH_SERVER(kept_answer_is_not_asked_for_again),
        WITH_SERVER(failures_say_what_is_wrong),
        WITH_SERVER(silent_server_is_followed_by_the_next),
        WITH_SERVER(longest_name_is_looked_up),
        WITH_SERVER(one_refused_address_refuses_the_name),
        WITH_SERVER(addresses_beyond_32_are_left_out),
        WITH_SERVER(nobody_is_asked_for_special_names),
        WITH_SERVER(short_name_is_looked_for_in_the_search_list),
        WITH_SERVER(many_ask_and_one_query_is_sent),
        WITH_SERVER(who_leaves_leaves_the_lookup_to_the_others),
        WITH_SERVER(lookup_that_all_have_left_still_fills_the_cache),
        WITH_SERVER(time_that_is_over_ends_the_waiting_at_once),
        WITH_SERVER(who_waits_can_be_cancelled),
        WITH_SERVER(silent_name_does_not_delay_others),
        WITH_SERVER(many_names_are_looked_up_and_few_kept),
        WITH_SERVER(without_a_cache_each_answer_is_fresh),
        WITH_SERVER(lookup_copes_without_memory),
        WITH_SERVER(lookup_without_memory_is_tried_again_by_the_next),
        WITH_SERVER(without_a_thread_there_are_no_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
