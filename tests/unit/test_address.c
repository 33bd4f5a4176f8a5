#include "pool/address.h"

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

TEST(other_families_are_refused) {
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    struct endpoint e;
    for (sa_family_t family = 0; family < 50; family++) {
        address.ss_family = family;
        bool known = family == AF_INET || family == AF_INET6;
        assert_int_equal(address_read((const struct sockaddr *)&address, sizeof address, &e), known);
    }
}

/* In memory of just that length, so that reading more is noticed. */
TEST(short_address_is_refused) {
    const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x08080808)};
    const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr.s6_addr = {0x26}};
    struct endpoint e;
    for (size_t len = sizeof(sa_family_t); len <= sizeof v6; len++) {
        struct sockaddr *copy = malloc(len);
        assert_non_null(copy);
        memcpy(copy, &v6, len);
        assert_int_equal(address_read(copy, (socklen_t)len, &e), len == sizeof v6);
        memcpy(copy, &v4, len < sizeof v4 ? len : sizeof v4);
        assert_int_equal(address_read(copy, (socklen_t)len, &e), len >= sizeof v4);
        free(copy);
    }
    assert_false(address_read((const struct sockaddr *)&v4, 0, &e));
}

TEST(address_and_port_are_read) {
    const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x01020304), .sin_port = htons(443)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(8080)};
    struct endpoint e;
    char text[ADDRESS_TEXT_BYTES];
    assert_true(address_read((const struct sockaddr *)&v4, sizeof v4, &e));
    address_print(e.address, text);
    assert_string_equal(text, "1.2.3.4");
    assert_int_equal(e.port, 443);
    assert_int_equal(inet_pton(AF_INET6, "2001:db8:1:2:3:4:5:6", &v6.sin6_addr), 1);
    assert_true(address_read((const struct sockaddr *)&v6, sizeof v6, &e));
    address_print(e.address, text);
    assert_string_equal(text, "2001:db8:1:2:3:4:5:6");
    assert_int_equal(e.port, 8080);
    assert_int_equal(address_byte(e.address, 0), 0x20);
    assert_int_equal(address_byte(e.address, 7), 2);
    assert_int_equal(address_byte(e.address, 8), 0);
    assert_int_equal(address_byte(e.address, 15), 6);
}

TEST(mapped_address_is_the_ipv4_address) {
    struct address plain, mapped;
    assert_true(address_parse("1.2.3.4", &plain));
    assert_true(address_parse("::ffff:1.2.3.4", &mapped));
    assert_true(address_equals(plain, mapped));
    assert_true(address_is_v4(plain));
    assert_true(address_equals(plain, address_of_v4(0x01020304)));
}

TEST(text_has_no_brackets_and_no_zone) {
    static const char *const texts[] = {"", "[::1]", "fe80::1%lo", "127.1", "1.2.3.4:80", "localhost", "1.2.3.4 "};
    struct address a;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(address_parse(texts[i], &a));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_families_are_refused),       cmocka_unit_test(short_address_is_refused),
        cmocka_unit_test(address_and_port_are_read),        cmocka_unit_test(mapped_address_is_the_ipv4_address),
        cmocka_unit_test(text_has_no_brackets_and_no_zone),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
