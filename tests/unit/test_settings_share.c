#include "config/settings_share.h"

#include "config/settings_load.h"
#include "config/settings_table.h"
#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct settings *load(const char *const *assignments) {
    struct settings_loader *l;
    assert_int_equal(settings_loader_create(&l), ERR_NONE);
    for (; assignments && *assignments; assignments++)
        assert_int_equal(settings_load_assignment(l, *assignments), ERR_NONE);
    struct settings *settings = settings_take(l);
    settings_loader_destroy(l);
    return settings;
}

TEST(who_reads_settings_sees_one_state_until_it_gives_them_back) {
    struct settings_share *share;
    assert_int_equal(settings_share_create(load(NULL), &share), ERR_NONE);
    const struct settings *before = settings_share_ref(share);
    settings_share_replace(share, load((const char *const[]){"pool.queue=7", NULL}));
    const struct settings *after = settings_share_ref(share);
    assert_int_equal(before->pool.queue, 1000000);
    assert_int_equal(after->pool.queue, 7);
    const struct settings *again = settings_ref(before);
    settings_unref(before);
    assert_int_equal(again->pool.queue, 1000000);
    settings_unref(again);
    settings_unref(after);
    settings_unref(NULL);
    settings_share_destroy(share);
    settings_share_destroy(NULL);
}

static char told[4096];

static void note(void *arg, const char *name) {
    size_t len = strlen(told);
    (void)arg;
    (void)snprintf(told + len, sizeof told - len, "%s ", name);
}

TEST(what_takes_a_restart_is_kept_and_told) {
    struct settings *now = load((const char *const[]){"fetch.user_agent=a", "server.listen=unix:/a,unix:/b", NULL});
    struct settings *fresh = load((const char *const[]){"fetch.user_agent=b", "server.listen=unix:/a", "pool.workers=9",
                                                        "pool.queue=7", "log.level=debug", NULL});
    told[0] = '\0';
    assert_int_equal(settings_keep(fresh, now, note, NULL), ERR_NONE);
    assert_string_equal(told, "server.listen pool.workers fetch.user_agent ");
    assert_string_equal(fresh->fetch.user_agent, "a");
    assert_int_equal(fresh->server.listen.count, 2);
    assert_string_equal(fresh->server.listen.items[1], "unix:/b");
    assert_int_equal(fresh->pool.workers, 256);
    assert_int_equal(fresh->pool.queue, 7);
    assert_int_equal(fresh->log.level, LOG_LEVEL_DEBUG);
    told[0] = '\0';
    assert_int_equal(settings_keep(fresh, now, note, NULL), ERR_NONE);
    assert_string_equal(told, "");
    settings_destroy(now);
    settings_destroy(fresh);
}

/* Another value; there is one. */
static bool change(const struct settings_row *row, struct settings *s) {
    switch (row->type) {
    case SETTINGS_TYPE_LIST:
        return false;
    case SETTINGS_TYPE_TEXT:
        if (row->preset[0])
            (*settings_row_text(row, s))[0] ^= 1;
        return row->preset[0] != '\0';
    case SETTINGS_TYPE_CHOICE:
        settings_row_set_choice(row, !settings_row_choice(row, s), s);
        return true;
    case SETTINGS_TYPE_SIZE:
    case SETTINGS_TYPE_COUNT:
    case SETTINGS_TYPE_SECONDS:
        break;
    }
    *settings_row_number(row, s) += 1;
    return true;
}

TEST(every_setting_that_takes_a_restart_is_kept_and_no_other) {
    size_t kept = 0;
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct settings_row *row = &settings_table[i];
        struct settings *now = load(NULL), *fresh = load(NULL);
        bool changed = change(row, fresh);
        told[0] = '\0';
        assert_int_equal(settings_keep(fresh, now, note, NULL), ERR_NONE);
        assert_int_equal(told[0] != '\0', changed && row->when == SETTINGS_BY_RESTART);
        kept += told[0] != '\0';
        settings_destroy(now);
        settings_destroy(fresh);
    }
    assert_true(kept >= 8);
}

static void keep_once(void) {
    unit_fail_allocation(0);
    struct settings *now = load((const char *const[]){"fetch.user_agent=a", "server.listen=unix:/a,unix:/b", NULL});
    struct settings *fresh = load(NULL);
    unit_fail_allocation(1);
    assert_int_equal(settings_keep(fresh, now, note, NULL), ERR_NOMEM);
    unit_fail_allocation(0);
    settings_destroy(now);
    settings_destroy(fresh);
}

TEST(without_memory_nothing_is_kept_by_half) {
    struct settings_share *share;
    keep_once();
    struct settings *settings = load(NULL);
    unit_fail_allocation(1);
    assert_int_equal(settings_share_create(settings, &share), ERR_NOMEM);
    unit_fail_allocation(0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_reads_settings_sees_one_state_until_it_gives_them_back),
        cmocka_unit_test(what_takes_a_restart_is_kept_and_told),
        cmocka_unit_test(every_setting_that_takes_a_restart_is_kept_and_no_other),
        cmocka_unit_test(without_memory_nothing_is_kept_by_half),
    };
    return cmocka_run_group_tests_name("settings_share", tests, NULL, NULL);
}
