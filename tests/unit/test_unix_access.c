#include "daemon/unix_access.h"
#include "unit.h"

static struct unix_access access_of(const char *mode, const char *owner) {
    struct unix_access access = {.mode = 1};
    assert_int_equal(unix_access_read(mode, owner, &access), ERR_NONE);
    return access;
}

TEST(modes_are_octal) {
    assert_int_equal(access_of("0660", "").mode, 0660);
    assert_int_equal(access_of("600", "").mode, 0600);
    assert_int_equal(access_of("0777", "").mode, 0777);
    assert_int_equal(access_of("000", "").mode, 0);
}

TEST(other_modes_are_refused) {
    static const char *const modes[] = {"", "66", "0888", "1777", "00660", "rw", "0660 ", "-660", "0x1"};
    struct unix_access access;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_non_null(unix_access_check_mode(modes[i]));
        assert_int_equal(unix_access_read(modes[i], "", &access), ERR_INVALID);
    }
}

TEST(owners_are_names_or_numbers) {
    assert_int_equal(access_of("0660", "root").uid, 0);
    assert_int_equal(access_of("0660", "root").gid, (gid_t)-1);
    assert_int_equal(access_of("0660", "root:root").gid, 0);
    assert_int_equal(access_of("0660", ":root").uid, (uid_t)-1);
    assert_int_equal(access_of("0660", "12345:54321").uid, 12345);
    assert_int_equal(access_of("0660", "12345:54321").gid, 54321);
    assert_int_equal(access_of("0660", "").uid, (uid_t)-1);
}

TEST(other_owners_are_refused) {
    static const char *const shapes[] = {"root:", ":", "a:b:c"};
    static const char *const strangers[] = {"no-such-user", "root:no-such-group", "99999999999", "4294967295", "-1"};
    struct unix_access access;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        assert_non_null(unix_access_check_owner(shapes[i]));
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        assert_null(unix_access_check_owner(strangers[i]));
        assert_int_equal(unix_access_read("0660", strangers[i], &access), ERR_INVALID);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_are_octal),
        cmocka_unit_test(other_modes_are_refused),
        cmocka_unit_test(owners_are_names_or_numbers),
        cmocka_unit_test(other_owners_are_refused),
    };
    return cmocka_run_group_tests_name("unix_access", tests, NULL, NULL);
}
