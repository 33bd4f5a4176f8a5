#include "pool/url.h"

#include "unit.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

static void assert_origin(const char *url, const char *origin) {
    struct url_origin o;
    const char *reason = NULL;
    enum fetch_error error = url_check(url, &o, &reason);
    if (error)
        fail_msg("%s: %s", url, reason);
    assert_string_equal(o.text, origin);
    assert_null(reason);
}

static void assert_refused(const char *url, enum fetch_error expected) {
    struct url_origin o;
    const char *reason = NULL;
    enum fetch_error error = url_check(url, &o, &reason);
    if (error != expected)
        fail_msg("'%s': %s, not %s", url, fetch_error_name(error), fetch_error_name(expected));
    assert_non_null(reason);
    assert_true(*reason);
}

static void assert_reason(const char *url, const char *expected) {
    struct url_origin o;
    const char *reason = NULL;
    assert_int_equal(url_check(url, &o, &reason), FETCH_INVALID_URL);
    assert_string_equal(reason, expected);
}

TEST(origin_has_scheme_host_and_port) {
    static const char *const cases[][2] = {
        {"http://example.com/", "http://example.com:80"},
        {"https://example.com/", "https://example.com:443"},
        {"http://example.com", "http://example.com:80"},
        {"http://example.com?q", "http://example.com:80"},
        {"http://example.com#f", "http://example.com:80"},
        {"HTTP://EXAMPLE.com/A", "http://example.com:80"},
        {"hTTpS://Example.COM:443/", "https://example.com:443"},
        {"http://example.com:8080/", "http://example.com:8080"},
        {"http://example.com:/", "http://example.com:80"},
        {"http://example.com:00080/", "http://example.com:80"},
        {"http://example.com:1/", "http://example.com:1"},
        {"http://example.com:65535/", "http://example.com:65535"},
        {"https://example.com:80/", "https://example.com:80"},
        {"http://localhost/", "http://localhost:80"},
        {"http://a_b-c.example./", "http://a_b-c.example.:80"},
        {"http://xn--bcher-kva.example/", "http://xn--bcher-kva.example:80"},
        {"http://127.0.0.1/", "http://127.0.0.1:80"},
        {"http://1.2.3.4:5/", "http://1.2.3.4:5"},
        {"http://1and1.com/", "http://1and1.com:80"},
        {"http://127.0.0.1.example/", "http://127.0.0.1.example:80"},
        {"http://x0x7f/", "http://x0x7f:80"},
        {"http://[::1]/", "http://[::1]:80"},
        {"http://[::1]", "http://[::1]:80"},
        {"https://[2001:DB8::A]:8443/x", "https://[2001:db8::a]:8443"},
        {"http://[::ffff:127.0.0.1]:/", "http://[::ffff:127.0.0.1]:80"},
        {"http://[0:0::0001]/", "http://[::1]:80"},
        {"http://[::ffff:7f00:1]/", "http://[::ffff:127.0.0.1]:80"},
        {"http://h/@", "http://h:80"},
        {"http://h/http://u@k/", "http://h:80"},
        {"http://h?u@k", "http://h:80"},
        {"http://h/\xC3\xBC?\xFF", "http://h:80"},
        {"http://h/%00%0d%0a\\", "http://h:80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_origin(cases[i][0], cases[i][1]);
}

TEST(host_stands_in_the_origin) {
    struct url_origin o;
    const char *reason = NULL;
    assert_int_equal(url_check("https://Example.com:1/", &o, &reason), FETCH_OK);
    assert_true(o.is_tls);
    assert_int_equal(o.host_len, 11);
    assert_memory_equal(o.text + o.host_start, "example.com", 11);
    assert_int_equal(url_check("http://[::1]:1/", &o, &reason), FETCH_OK);
    assert_false(o.is_tls);
    assert_int_equal(o.host_len, 3);
    assert_memory_equal(o.text + o.host_start, "::1", 3);
    assert_int_equal(url_check("http://[0:0::0001]:1/", &o, &reason), FETCH_OK);
    assert_int_equal(o.host_len, 3);
}

TEST(other_schemes_are_unsupported) {
    static const char *const urls[] = {
        "ftp://h/",   "file:///etc/passwd", "gopher://h/", "httpx://h/",          "htt://h/",
        "ws://h/",    "HTTP+X://h/",        "mailto:a@b",  "javascript:alert(1)", "data:text/plain,x://y",
        "about:blank"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        assert_refused(urls[i], FETCH_UNSUPPORTED_SCHEME);
}

TEST(what_is_no_absolute_url_is_invalid) {
    static const char *const urls[] = {"",
                                       "h",
                                       "/x",
                                       "//h/x",
                                       "?q",
                                       "#f",
                                       "http",
                                       "http:",
                                       "http:/h",
                                       "h:80/",
                                       "h.example",
                                       "h.example/x://y",
                                       "://h/",
                                       "1http://h/",
                                       "localhost:80",
                                       "ht tp://h/",
                                       "ht?tp://h",
                                       "http:///h",
                                       "http://",
                                       "http://?q",
                                       "http://#f",
                                       "http:////h/",
                                       "http:/127.0.0.1"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        assert_refused(urls[i], FETCH_INVALID_URL);
}

/* Each is read as another host, or as an address, by some parser. */
static const char *const tricks[] = {
    "http://127.1/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://0X7F.0.0.1/",
    "http://0/",
    "http://0x/",
    "http://1.2.3.0x/",
    "http://127.0.0.1./",
    "http://127.0.0.01/",
    "http://1.2.3/",
    "http://1.2.3.4.5/",
    "http://256.0.0.1/",
    "http://1.2.3.256/",
    "http://example.1/",
    "http://00000000000000000000000000000177.0.0.1/",
    "http://%31%32%37.0.0.1/",
    "http://h%2eexample/",
    "http://[::1%25lo]/",
    "http://[::1%lo]/",
    "http://[fe80::1%eth0]/",
    "http://[127.0.0.1]/",
    "http://[::127.0.0.1.1]/",
    "http://[::1/",
    "http://[]/",
    "http://[:::]/",
    "http://[::1]x/",
    "http://[::1]x:80/",
    "http://::1/",
    "http://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1/", /* full-width digits */
    "http://\xE2\x91\xA0\xE2\x91\xA1.0.0.1/",             /* circled digits */
    "http://x\xE3\x80\x82y/",                             /* ideographic full stop */
    "http://x\xC3\xBC.example/",
    "http://user@h/",
    "http://user:pw@h/",
    "http://@h/",
    "http://h@/",
    "http://good.example\\@evil.example/",
    "http://good.example\\.evil.example/",
    "http://good.example:80@evil.example/",
    "http://h:80:80/",
    "http:\\\\h/",
    "http:example.com",
};

/* What no host or URL has. */
static const char *const misfits[] = {
    "http://.h/",  "http://h..k/",      "http://./",     "http://h../",   "http://h,k/", "http://h;k/", "http://h!/",
    "http://h*k/", "http://h k/",       "http:// h/",    "http://h /",    " http://h/",  "http://h/ ",  "http://h/a b",
    "http://h/\t", "http://h/\r\nX: y", "http://h/\x7F", "http://h\x01/", "ht\ntp://h/",
};

TEST(spelling_tricks_are_invalid) {
    for (size_t i = 0; i < sizeof tricks / sizeof tricks[0]; i++)
        assert_refused(tricks[i], FETCH_INVALID_URL);
    for (size_t i = 0; i < sizeof misfits / sizeof misfits[0]; i++)
        assert_refused(misfits[i], FETCH_INVALID_URL);
}

TEST(port_is_a_number_that_exists) {
    static const char *const urls[] = {"http://h:0/",        "http://h:65536/", "http://h:99999999999999999999/",
                                       "http://h:-1/",       "http://h:+80/",   "http://h:8x/",
                                       "http://h:0x50/",     "http://h:80.0/",  "http://h: 80",
                                       "http://[::1]:65536/"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        assert_refused(urls[i], FETCH_INVALID_URL);
}

TEST(reason_names_what_is_wrong) {
    assert_reason("", "the URL is empty");
    assert_reason("http://h/ x", "the URL has a blank or a control character");
    assert_reason("h/x", "not an absolute URL: it has to begin with http:// or https://");
    assert_reason("http://u@h/", "user information in a URL is not allowed");
    assert_reason("http://[::1/", "the address in brackets does not end");
    assert_reason("http://[::g]/", "the address in brackets is not an IPv6 address");
    assert_reason("http://[::1]8/", "the host is followed by what is not a port");
    assert_reason("http:///x", "the host is missing");
    assert_reason("http://a..b/", "the host has an empty label");
    assert_reason("http://a,b/", "the host has a character that host names cannot have");
    assert_reason("http://\xC3\xBC/", "the host has letters beyond ASCII: write it in its xn-- form");
    assert_reason("http://127.1/", "the host looks like an IPv4 address but is not one in its canonical form");
    assert_reason("http://h:x/", "the port is not a number");
    assert_reason("http://h:0/", "the port is not between 1 and 65535");
}

/* "http://", the host, ":65535", and in brackets where it is one of digits and colons. */
static void check_host_of(size_t len, enum fetch_error expected) {
    char url[400] = "http://";
    memset(url + 7, 'a', len);
    for (size_t i = 60; i < len; i += 60)
        url[7 + i] = '.';
    memcpy(url + 7 + len, ":65535", 7);
    struct url_origin o;
    const char *reason = NULL;
    assert_int_equal(url_check(url, &o, &reason), expected);
    if (!expected)
        assert_string_equal(o.text, url);
    else
        assert_string_equal(reason, "the host is longer than 253 bytes");
}

TEST(longest_host_fits) {
    check_host_of(URL_HOST_MAX_BYTES, FETCH_OK);
    check_host_of(URL_HOST_MAX_BYTES + 1, FETCH_INVALID_URL);
    check_host_of(300, FETCH_INVALID_URL);
}

static void assert_host(const char *text, const char *expected) {
    char host[URL_HOST_MAX_BYTES + 1];
    const char *reason = NULL;
    assert_int_equal(url_check_host(text, host, &reason), expected ? FETCH_OK : FETCH_INVALID_URL);
    if (expected)
        assert_string_equal(host, expected);
    else
        assert_true(reason && *reason);
}

TEST(host_by_itself_is_read_as_in_a_url) {
    static const char *const bad[] = {
        "",        ".",        "a..b", "a b",         "a/b",  "a%62",     "a@b",
        "[::1",    "::1]",     "[]",   "[a.example]", "a:80", "[::1]:80", ":",
        "127.0.1", "0x7f.0.0", "1",    "\xC3\xBC",    "a\nb", "[::1%lo]", "fe80::1%lo",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_host(bad[i], NULL);
    assert_host("Example.COM", "example.com");
    assert_host("example.com.", "example.com");
    assert_host("_a-b", "_a-b");
    assert_host("127.0.0.1", "127.0.0.1");
    assert_host("[2001:DB8::A]", "2001:db8::a");
    assert_host("2001:DB8::A", "2001:db8::a");
    assert_host("[2001:0DB8:0:0::000a]", "2001:db8::a");
}

TEST(longest_url_fits) {
    char *url = malloc(URL_MAX_BYTES + 2);
    assert_non_null(url);
    memset(url, 'x', URL_MAX_BYTES + 1);
    memcpy(url, "http://h/", 9);
    url[URL_MAX_BYTES] = '\0';
    assert_origin(url, "http://h:80");
    url[URL_MAX_BYTES] = 'x';
    url[URL_MAX_BYTES + 1] = '\0';
    assert_reason(url, "the URL is longer than 65536 bytes");
    free(url);
}

/* What is accepted must mean the same host and port to libcurl, which fetches it. */
TEST(libcurl_reads_the_same_host) {
    static const char *const urls[] = {"http://Example.com:00080/",
                                       "https://h:/x",
                                       "http://[2001:DB8::A]:1/",
                                       "http://h?u@k:1/",
                                       "http://h#@k/",
                                       "http://a_b./",
                                       "http://h/\\@k/",
                                       "http://1.2.3.4?x",
                                       "http://h/?http://k/"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct url_origin o;
        const char *reason = NULL;
        char *host = NULL, *port = NULL;
        CURLU *u = curl_url();
        assert_int_equal(url_check(urls[i], &o, &reason), FETCH_OK);
        assert_int_equal(curl_url_set(u, CURLUPART_URL, urls[i], 0), CURLUE_OK);
        assert_int_equal(curl_url_get(u, CURLUPART_HOST, &host, 0), CURLUE_OK);
        assert_int_equal(curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT), CURLUE_OK);
        assert_int_equal(strncasecmp(host + (*host == '['), o.text + o.host_start, o.host_len), 0);
        assert_string_equal(strrchr(o.text, ':') + 1, port);
        curl_free(host);
        curl_free(port);
        curl_url_cleanup(u);
    }
}

static void assert_joined(const char *base, const char *location, const char *expected) {
    char *url = NULL;
    enum err err = url_join(base, location, &url);
    if (err || strcmp(url, expected) != 0)
        fail_msg("%s + '%s': %s", base, location, err ? err_text(err) : url);
    free(url);
}

/* The examples of RFC 3986, section 5.4, that begin with the scheme http. */
TEST(references_are_resolved_as_the_rfc_has_it) {
    static const char *const cases[][2] = {
        {"g", "http://a/b/c/g"},      {"./g", "http://a/b/c/g"},      {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},         {"//g", "http://g/"},           {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},  {"g#s", "http://a/b/c/g#s"},    {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},  {".", "http://a/b/c/"},         {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},        {"../", "http://a/b/"},         {"../g", "http://a/b/g"},
        {"../..", "http://a/"},       {"../../g", "http://a/g"},      {"../../../g", "http://a/g"},
        {"/./g", "http://a/g"},       {"/../g", "http://a/g"},        {"g.", "http://a/b/c/g."},
        {"..g", "http://a/b/c/..g"},  {"./../g", "http://a/b/g"},     {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"}, {"https://k/x", "https://k/x"}, {"http://k", "http://k/"},
        {"ftp://k/x", "ftp://k/x"},   {"/a b", "http://a/a%20b"},     {"/\xC3\xBC", "http://a/%c3%bc"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_joined("http://a/b/c/d;p?q", cases[i][0], cases[i][1]);
}

TEST(reference_without_a_path_keeps_the_base) {
    assert_joined("http://a/b/c/d;p?q", "", "http://a/b/c/d;p?q");
    assert_joined("http://a/b/c/d;p?q", "#s", "http://a/b/c/d;p?q#s");
    assert_joined("http://a/b/c/d;p?q#old", "#s", "http://a/b/c/d;p?q#s");
}

TEST(base_keeps_its_port_and_scheme) {
    assert_joined("https://h:8443/x", "/y", "https://h:8443/y");
    assert_joined("https://h:8443/x", "//k/y", "https://k/y");
    assert_joined("http://[::1]:81/x", "y", "http://[::1]:81/y");
}

TEST(what_cannot_be_joined_is_invalid) {
    static const char *const locations[] = {
        "http://",      "http://h:99999/", "http://[::1/", "mailto:a@b",     "http://010.0.0.1/",
        "//010.0.0.1/", "http://0x7f.1",   "//127.1?x",    "https://u:p@h/", "//u@h/",
        "http:/h/",     "http:h",          "http:///h/",   "///h/",          "http:\\\\h/",
        "\\\\h/",       "/\\h/",           "\\/h/",        "http://h\\@k/",  "//%68/",
        "//\xC3\xBC/",  "//h k/"};
    for (size_t i = 0; i < sizeof locations / sizeof locations[0]; i++) {
        char *url = NULL;
        if (url_join("http://a/", locations[i], &url) != ERR_INVALID)
            fail_msg("'%s' became %s", locations[i], url);
        assert_null(url);
    }
}

static void join_one(void) {
    char *url = NULL;
    enum err err = url_join("http://a/b", "c", &url);
    assert_true(err == ERR_NONE || err == ERR_NOMEM);
    assert_int_equal(url != NULL, err == ERR_NONE);
    free(url);
}

TEST(join_without_memory_fails) {
    unit_fail_each_allocation(join_one);
}

TEST(dot_at_the_end_makes_no_other_host) {
    struct url_origin origin;
    const char *reason;
    assert_int_equal(url_check("http://Example.com./", &origin, &reason), FETCH_OK);
    assert_int_equal(url_host_name_len(&origin), strlen("example.com"));
    assert_int_equal(url_check("http://example.com/", &origin, &reason), FETCH_OK);
    assert_int_equal(url_host_name_len(&origin), strlen("example.com"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origin_has_scheme_host_and_port),
        cmocka_unit_test(host_stands_in_the_origin),
        cmocka_unit_test(other_schemes_are_unsupported),
        cmocka_unit_test(what_is_no_absolute_url_is_invalid),
        cmocka_unit_test(spelling_tricks_are_invalid),
        cmocka_unit_test(port_is_a_number_that_exists),
        cmocka_unit_test(reason_names_what_is_wrong),
        cmocka_unit_test(longest_host_fits),
        cmocka_unit_test(host_by_itself_is_read_as_in_a_url),
        cmocka_unit_test(longest_url_fits),
        cmocka_unit_test(libcurl_reads_the_same_host),
        cmocka_unit_test(references_are_resolved_as_the_rfc_has_it),
        cmocka_unit_test(reference_without_a_path_keeps_the_base),
        cmocka_unit_test(base_keeps_its_port_and_scheme),
        cmocka_unit_test(what_cannot_be_joined_is_invalid),
        cmocka_unit_test(join_without_memory_fails),
        cmocka_unit_test(dot_at_the_end_makes_no_other_host),
    };
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
