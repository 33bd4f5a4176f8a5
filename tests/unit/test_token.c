#include "config/token.h"

#include "unit.h"

#include <string.h>

static void assert_digest(const char *text, const char *expected) {
    unsigned char digest[TOKEN_DIGEST_BYTES];
    char hex[TOKEN_DIGEST_HEX_BYTES];
    assert_int_equal(token_digest(text, strlen(text), digest), ERR_NONE);
    token_digest_hex(digest, hex);
    assert_string_equal(hex, expected);
}

/* FIPS 180-4, examples. */
TEST(digest_is_sha256) {
    assert_digest("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(token_has_its_prefix_and_43_letters_of_base64url) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (int i = 0; i < 100; i++) {
        char text[TOKEN_TEXT_BYTES];
        assert_int_equal(token_make(text), ERR_NONE);
        assert_int_equal(strlen(text), TOKEN_TEXT_BYTES - 1);
        assert_memory_equal(text, TOKEN_PREFIX, strlen(TOKEN_PREFIX));
        assert_int_equal(strspn(text + strlen(TOKEN_PREFIX), letters), 43);
    }
}

/* A bit that never changes in 200 tokens would be there by chance once in 2^199 runs. The last letter holds four bits.
 */
TEST(every_bit_of_a_token_changes) {
    char first[TOKEN_TEXT_BYTES], text[TOKEN_TEXT_BYTES];
    bool changed[TOKEN_TEXT_BYTES] = {false};
    assert_int_equal(token_make(first), ERR_NONE);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(token_make(text), ERR_NONE);
        assert_string_not_equal(text, first);
        for (size_t k = 0; k < sizeof text; k++)
            changed[k] |= text[k] != first[k];
    }
    for (size_t k = strlen(TOKEN_PREFIX); k < sizeof text - 1; k++)
        assert_true(changed[k]);
}

TEST(equal_digests_alone_are_equal) {
    unsigned char a[TOKEN_DIGEST_BYTES] = {0}, b[TOKEN_DIGEST_BYTES] = {0};
    assert_true(token_digest_equal(a, b));
    for (size_t i = 0; i < sizeof a; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            b[i] ^= (unsigned char)(1u << bit);
            assert_false(token_digest_equal(a, b));
            b[i] ^= (unsigned char)(1u << bit);
        }
}

TEST(digest_is_read_as_it_is_written) {
    unsigned char digest[TOKEN_DIGEST_BYTES];
    char lower[TOKEN_DIGEST_HEX_BYTES];
    const char *upper = "00FFBA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F200";
    assert_true(token_digest_read(upper, digest));
    token_digest_hex(digest, lower);
    assert_string_equal(lower, "00ffba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f200");
}

TEST(other_texts_are_no_digests) {
    static const char good[] = "00ffba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f200";
    static const char bad[] = "gG/:@` -x\x80";
    unsigned char digest[TOKEN_DIGEST_BYTES];
    char text[sizeof good + 1];
    assert_false(token_digest_read("", digest));
    assert_false(token_digest_read(good + 1, digest));
    memcpy(text, good, sizeof good - 1);
    memcpy(text + sizeof good - 1, "0", 2);
    assert_false(token_digest_read(text, digest));
    for (size_t at = 0; at < sizeof good - 1; at++)
        for (const char *c = bad; *c; c++) {
            memcpy(text, good, sizeof good);
            text[at] = *c;
            assert_false(token_digest_read(text, digest));
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest_is_sha256),
        cmocka_unit_test(token_has_its_prefix_and_43_letters_of_base64url),
        cmocka_unit_test(every_bit_of_a_token_changes),
        cmocka_unit_test(equal_digests_alone_are_equal),
        cmocka_unit_test(digest_is_read_as_it_is_written),
        cmocka_unit_test(other_texts_are_no_digests),
    };
    return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
