#include "config/settings_table.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

TEST(every_row_is_whole) {
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct settings_row *row = &settings_table[i];
        assert_non_null(strchr(row->name, '.'));
        assert_int_equal(strspn(row->name, "abcdefghijklmnopqrstuvwxyz0123456789_."), strlen(row->name));
        assert_null(memchr(row->name, '_', settings_row_section_len(row))); /* variables are split at the first one */
        assert_non_null(row->preset);
        assert_true(row->min <= row->max);
        assert_int_equal(row->type == SETTINGS_TYPE_CHOICE, row->choices != NULL);
    }
}

TEST(every_row_says_when_a_change_is_in_force) {
    for (size_t i = 0; i < settings_table_count; i++)
        assert_true(settings_table[i].when == SETTINGS_BY_RELOAD || settings_table[i].when == SETTINGS_BY_RESTART);
}

TEST(every_row_has_help) {
    for (size_t i = 0; i < settings_table_count; i++) {
        const char *help = settings_table[i].help;
        assert_non_null(help);
        assert_true(strlen(help) > 10 && strlen(help) < 100);
        assert_true(help[0] >= 'A' && help[0] <= 'Z');
        assert_int_not_equal(help[strlen(help) - 1], '.');
    }
}

TEST(names_and_members_are_used_once) {
    for (size_t i = 0; i < settings_table_count; i++)
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(settings_table[i].name, settings_table[k].name);
            assert_int_not_equal(settings_table[i].offset, settings_table[k].offset);
        }
}

TEST(rows_of_a_section_stand_together) {
    for (size_t i = 1; i < settings_table_count; i++) {
        size_t len = settings_row_section_len(&settings_table[i]) + 1;
        if (strncmp(settings_table[i].name, settings_table[i - 1].name, len) == 0)
            continue;
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(strncmp(settings_table[i].name, settings_table[k].name, len), 0);
    }
}

TEST(row_is_found_by_its_whole_name) {
    const struct settings_row *row = settings_table_find("pool.max_concurrent");
    assert_non_null(row);
    assert_string_equal(row->name, "pool.max_concurrent");
    assert_string_equal(settings_row_key(row), "max_concurrent");
    assert_null(settings_table_find("pool.max"));
    assert_null(settings_table_find("pool."));
    assert_null(settings_table_find("pool"));
    assert_null(settings_table_find(""));
    assert_true(settings_table_has_section("pool", 4));
    assert_false(settings_table_has_section("poo", 3));
    assert_false(settings_table_has_section("", 0));
}

static void assert_suggested(const char *name, const char *meant) {
    const char *suggested = settings_table_suggest(name);
    assert_non_null(suggested);
    assert_string_equal(suggested, meant);
}

TEST(close_names_are_suggested) {
    assert_suggested("pool.wokers", "pool.workers");
    assert_suggested("pool.worker", "pool.workers");
    assert_suggested("server.max-urls", "server.max_urls");
    assert_suggested("srver.listen", "server.listen");
    assert_suggested("fetch.workers", "pool.workers");
    assert_null(settings_table_suggest("pool.colour"));
    assert_null(settings_table_suggest(""));
    assert_null(settings_table_suggest("a.very_long_name_that_is_not_like_any_setting_that_we_have_at_all"));
}

TEST(close_sections_are_suggested) {
    const struct settings_row *row = settings_table_suggest_section("sever");
    assert_non_null(row);
    assert_int_equal(strncmp(row->name, "server.", 7), 0);
    assert_null(settings_table_suggest_section("database"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(every_row_says_when_a_change_is_in_force),
        cmocka_unit_test(every_row_has_help),
        cmocka_unit_test(names_and_members_are_used_once),
        cmocka_unit_test(rows_of_a_section_stand_together),
        cmocka_unit_test(row_is_found_by_its_whole_name),
        cmocka_unit_test(close_names_are_suggested),
        cmocka_unit_test(close_sections_are_suggested),
    };
    return cmocka_run_group_tests_name("settings_table", tests, NULL, NULL);
}
