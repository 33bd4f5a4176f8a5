#include "pool/digest.h"

#include "unit.h"

#include <string.h>

static struct digest *digest;

static int begin(void **state) {
    (void)state;
    return digest_create(&digest) ? -1 : 0;
}

static int end(void **state) {
    (void)state;
    digest_destroy(digest);
    return 0;
}

static void add(const char *text) {
    assert_int_equal(digest_add(digest, text, strlen(text)), ERR_NONE);
}

static void assert_is(const char *expected) {
    char text[DIGEST_TEXT_BYTES];
    assert_int_equal(digest_end(digest, text), ERR_NONE);
    assert_string_equal(text, expected);
}

/* FIPS 180-4. */
TEST(nothing_has_a_digest) {
    assert_is("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(bytes_have_that_of_the_standard) {
    add("abc");
    assert_is("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(pieces_do_not_matter) {
    add("a");
    add("");
    add("bc");
    assert_is("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(none_may_be_destroyed) {
    digest_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_has_a_digest, begin, end),
        cmocka_unit_test_setup_teardown(bytes_have_that_of_the_standard, begin, end),
        cmocka_unit_test_setup_teardown(pieces_do_not_matter, begin, end),
        cmocka_unit_test(none_may_be_destroyed),
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
