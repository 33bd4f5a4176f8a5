/* What the check of URLs accepts, every parser must read as the same host: the WHATWG URL standard's, which browsers
 * have, and libcurl's, which fetches. The table says what the standard's host parser makes of each URL. */
#include "pool/url.h"

#include "unit.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

enum verdict {
    FETCHED, /* must be accepted, and as that host */
    REFUSED, /* the standard has a host, but others have another one or none */
};

static const struct row {
    const char *url;
    const char *host; /* of the standard; NULL: it fails */
    enum verdict verdict;
} rows[] = {
    /* names */
    {"http://example.com", "example.com", FETCHED},
    {"http://example.com/", "example.com", FETCHED},
    {"HTTP://EXAMPLE.COM/", "example.com", FETCHED},
    {"https://Example.Com:443/x", "example.com", FETCHED},
    {"http://example.com:8080", "example.com", FETCHED},
    {"http://example.com:", "example.com", FETCHED},
    {"http://example.com:/x", "example.com", FETCHED},
    {"http://example.com:00080/", "example.com", FETCHED},
    {"http://example.com.", "example.com.", FETCHED},
    {"http://example.com./x", "example.com.", FETCHED},
    {"http://a_b.example/", "a_b.example", FETCHED},
    {"http://-a-.example/", "-a-.example", FETCHED},
    {"http://xn--bcher-kva.example/", "xn--bcher-kva.example", FETCHED},
    {"http://1and1.com/", "1and1.com", FETCHED},
    {"http://127.0.0.1.example/", "127.0.0.1.example", FETCHED},
    {"http://0x7f.example/", "0x7f.example", FETCHED},
    {"http://1.2.3.4a/", "1.2.3.4a", FETCHED},
    {"http://a.b.c.d.e.f/", "a.b.c.d.e.f", FETCHED},
    {"http://localhost/", "localhost", FETCHED},
    {"http://x0x7f/", "x0x7f", FETCHED},
    {"http://example.com?q", "example.com", FETCHED},
    {"http://example.com#f", "example.com", FETCHED},
    {"http://example.com?@evil.example", "example.com", FETCHED},
    {"http://example.com#@evil.example", "example.com", FETCHED},
    {"http://example.com/@evil.example", "example.com", FETCHED},
    {"http://example.com/\\@evil.example", "example.com", FETCHED},
    {"http://example.com?\\@evil.example", "example.com", FETCHED},
    {"http://example.com/http://evil.example/", "example.com", FETCHED},
    {"http://example.com?http://evil.example/", "example.com", FETCHED},
    {"http://example.com//evil.example/", "example.com", FETCHED},
    {"http://example.com/..//evil.example/", "example.com", FETCHED},
    {"http://example.com/%2f%2fevil.example/", "example.com", FETCHED},
    {"http://example.com/;@evil.example", "example.com", FETCHED},
    {"http://example.com/:80@evil.example", "example.com", FETCHED},
    {"http://example.com/\xC3\xBC", "example.com", FETCHED},
    {"http://example.com?\xFF", "example.com", FETCHED},
    {"http://example.com/%00", "example.com", FETCHED},
    {"http://example.com/%0d%0aHost:%20evil.example", "example.com", FETCHED},
    {"http://example.com/[::1]", "example.com", FETCHED},
    {"http://example.com:65535/", "example.com", FETCHED},
    /* IPv4 */
    {"http://127.0.0.1/", "127.0.0.1", FETCHED},
    {"http://192.0.2.1:81/", "192.0.2.1", FETCHED},
    {"http://255.255.255.255/", "255.255.255.255", FETCHED},
    {"http://0.0.0.0/", "0.0.0.0", FETCHED},
    {"http://127.0.0.1./", "127.0.0.1", REFUSED},
    {"http://127.1/", "127.0.0.1", REFUSED},
    {"http://127.0.1/", "127.0.0.1", REFUSED},
    {"http://2130706433/", "127.0.0.1", REFUSED},
    {"http://2130706433./", "127.0.0.1", REFUSED},
    {"http://0x7f000001/", "127.0.0.1", REFUSED},
    {"http://0X7F000001/", "127.0.0.1", REFUSED},
    {"http://0x7f.1/", "127.0.0.1", REFUSED},
    {"http://0x7f.0x0.0x0.0x1/", "127.0.0.1", REFUSED},
    {"http://0177.0.0.1/", "127.0.0.1", REFUSED},
    {"http://0177.1/", "127.0.0.1", REFUSED},
    {"http://017700000001/", "127.0.0.1", REFUSED},
    {"http://127.0.0.01/", "127.0.0.1", REFUSED},
    {"http://127.0.0.001/", "127.0.0.1", REFUSED},
    {"http://127.0.0.0x1/", "127.0.0.1", REFUSED},
    {"http://010.1.2.3/", "8.1.2.3", REFUSED},
    {"http://192.168.010.1/", "192.168.8.1", REFUSED},
    {"http://0/", "0.0.0.0", REFUSED},
    {"http://0x/", "0.0.0.0", REFUSED},
    {"http://0x0/", "0.0.0.0", REFUSED},
    {"http://00/", "0.0.0.0", REFUSED},
    {"http://1/", "0.0.0.1", REFUSED},
    {"http://256/", "0.0.1.0", REFUSED},
    {"http://1.2/", "1.0.0.2", REFUSED},
    {"http://1.2.3/", "1.2.0.3", REFUSED},
    {"http://1.2.65535/", "1.2.255.255", REFUSED},
    {"http://4294967295/", "255.255.255.255", REFUSED},
    {"http://0xffffffff/", "255.255.255.255", REFUSED},
    {"http://4294967296/", NULL, REFUSED},
    {"http://256.0.0.1/", NULL, REFUSED},
    {"http://1.2.3.256/", NULL, REFUSED},
    {"http://1.2.3.4.5/", NULL, REFUSED},
    {"http://1.2.3.08/", NULL, REFUSED},
    {"http://1.2.3.0x/", "1.2.3.0", REFUSED},
    {"http://1.2.3.0xg/", "1.2.3.0xg", REFUSED},
    {"http://example.1/", NULL, REFUSED},
    {"http://example.0x1/", NULL, REFUSED},
    {"http://example.0/", NULL, REFUSED},
    {"http://1.2..3/", NULL, REFUSED},
    {"http://99999999999999999999/", NULL, REFUSED},
    {"http://00000000000000000000000000000177.0.0.1/", "127.0.0.1", REFUSED},
    /* IPv6; the host is in brackets */
    {"http://[::1]/", "[::1]", FETCHED},
    {"http://[::1]:80/", "[::1]", FETCHED},
    {"http://[0:0:0:0:0:0:0:1]/", "[::1]", FETCHED},
    {"http://[0000:0000:0000:0000:0000:0000:0000:0001]/", "[::1]", FETCHED},
    {"http://[::]/", "[::]", FETCHED},
    {"http://[2001:DB8::A]/", "[2001:db8::a]", FETCHED},
    {"http://[2001:db8:0:0:1:0:0:1]/", "[2001:db8::1:0:0:1]", FETCHED},
    {"http://[1:2:3:4:5:6:7:8]/", "[1:2:3:4:5:6:7:8]", FETCHED},
    {"http://[fe80::1]/", "[fe80::1]", FETCHED},
    {"http://[::1%25lo]/", NULL, REFUSED},
    {"http://[::1%lo]/", NULL, REFUSED},
    {"http://[fe80::1%25eth0]/", NULL, REFUSED},
    {"http://[::1/", NULL, REFUSED},
    {"http://[::1", NULL, REFUSED},
    {"http://::1/", NULL, REFUSED},
    {"http://::1]/", NULL, REFUSED},
    {"http://[]/", NULL, REFUSED},
    {"http://[:]/", NULL, REFUSED},
    {"http://[:::]/", NULL, REFUSED},
    {"http://[::1::]/", NULL, REFUSED},
    {"http://[1:2:3]/", NULL, REFUSED},
    {"http://[1:2:3:4:5:6:7:8:9]/", NULL, REFUSED},
    {"http://[12345::]/", NULL, REFUSED},
    {"http://[::g]/", NULL, REFUSED},
    {"http://[127.0.0.1]/", NULL, REFUSED},
    {"http://[::127.0.0.1.1]/", NULL, REFUSED},
    {"http://[::127.0.0.256]/", NULL, REFUSED},
    {"http://[::127.0.0.01]/", NULL, REFUSED},
    {"http://[::127.1]/", NULL, REFUSED},
    {"http://[::1]x/", NULL, REFUSED},
    {"http://[::1]x:80/", NULL, REFUSED},
    {"http://x[::1]/", NULL, REFUSED},
    {"http://[[::1]]/", NULL, REFUSED},
    {"http://[example.com]/", NULL, REFUSED},
    {"http://[v1.x]/", NULL, REFUSED},
    /* escapes and letters that become a host only in some parsers */
    {"http://%31%32%37.0.0.1/", "127.0.0.1", REFUSED},
    {"http://127%2e0.0.1/", "127.0.0.1", REFUSED},
    {"http://ex%61mple.com/", "example.com", REFUSED},
    {"http://example%2ecom/", "example.com", REFUSED},
    {"http://%6c%6f%63%61%6c%68%6f%73%74/", "localhost", REFUSED},
    {"http://example.com%2f@evil.example/", "evil.example", REFUSED},
    {"http://example.com%00.evil.example/", NULL, REFUSED},
    {"http://example%zz/", NULL, REFUSED},
    {"http://%/", NULL, REFUSED},
    {"http://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1/", "127.0.0.1", REFUSED},
    {"http://\xE2\x91\xA0\xE2\x91\xA1\xE2\x91\xA6.0.0.1/", "127.0.0.1", REFUSED},
    {"http://127\xE3\x80\x82"
     "0\xE3\x80\x82"
     "0\xE3\x80\x82"
     "1/",
     "127.0.0.1", REFUSED},
    {"http://example\xEF\xBC\x8E"
     "com/",
     "example.com", REFUSED},
    {"http://ex\xC2\xAD"
     "ample.com/",
     "example.com", REFUSED},
    {"http://b\xC3\xBC"
     "cher.example/",
     "xn--bcher-kva.example", REFUSED},
    {"http://fa\xC3\x9F.example/", "xn--fa-hia.example", REFUSED},
    {"http://\xE2\x84\xAA"
     "elvin.example/",
     "kelvin.example", REFUSED},
    {"http://\xFF/", NULL, REFUSED},
    /* user information, which the plain check has none of */
    {"http://user@example.com/", "example.com", REFUSED},
    {"http://user:pw@example.com/", "example.com", REFUSED},
    {"http://@example.com/", "example.com", REFUSED},
    {"http://:@example.com/", "example.com", REFUSED},
    {"http://example.com@evil.example/", "evil.example", REFUSED},
    {"http://example.com:80@evil.example/", "evil.example", REFUSED},
    {"http://a@b@c/", "c", REFUSED},
    {"http://a:b@c:d@e/", "e", REFUSED},
    {"http://[::1]@evil.example/", "evil.example", REFUSED},
    {"http://evil.example@[::1]/", "[::1]", REFUSED},
    {"http://user@/", NULL, REFUSED},
    {"http://user:pw@:80/", NULL, REFUSED},
    /* slashes and backslashes */
    {"http:\\\\example.com\\x", "example.com", REFUSED},
    {"http:/\\example.com/", "example.com", REFUSED},
    {"http:\\/example.com/", "example.com", REFUSED},
    {"http://example.com\\@evil.example/", "example.com", REFUSED},
    {"http://example.com\\.evil.example/", "example.com", REFUSED},
    {"http://example.com\\x", "example.com", REFUSED},
    {"http:///example.com/", "example.com", REFUSED},
    {"http:////example.com/", "example.com", REFUSED},
    {"http:/example.com/", "example.com", REFUSED},
    {"http:example.com/", "example.com", REFUSED},
    {"http://\\example.com/", "example.com", REFUSED},
    {"http://", NULL, REFUSED},
    {"http:", NULL, REFUSED},
    {"http://?x", NULL, REFUSED},
    {"http://#x", NULL, REFUSED},
    {"//example.com/", NULL, REFUSED},
    {"example.com", NULL, REFUSED},
    /* blanks and control characters */
    {" http://example.com/", "example.com", REFUSED},
    {"http://example.com/ ", "example.com", REFUSED},
    {"\nhttp://example.com/", "example.com", REFUSED},
    {"http://exam\nple.com/", "example.com", REFUSED},
    {"http://exam\tple.com/", "example.com", REFUSED},
    {"ht\ntp://example.com/", "example.com", REFUSED},
    {"http:/\n/example.com/", "example.com", REFUSED},
    {"http://example.com/\r\nHost: evil.example", "example.com", REFUSED},
    {"http://example.com\n@evil.example/", "evil.example", REFUSED},
    {"http://exam ple.com/", NULL, REFUSED},
    {"http://example.com /", NULL, REFUSED},
    {"http:// example.com/", NULL, REFUSED},
    {"http://example.com\x01/", NULL, REFUSED},
    {"http://example.com\x7F/", NULL, REFUSED},
    {"http://example.com/a b", "example.com", REFUSED},
    /* ports */
    {"http://example.com:0/", "example.com", REFUSED},
    {"http://example.com:65536/", NULL, REFUSED},
    {"http://example.com:-80/", NULL, REFUSED},
    {"http://example.com:+80/", NULL, REFUSED},
    {"http://example.com:80x/", NULL, REFUSED},
    {"http://example.com:0x50/", NULL, REFUSED},
    {"http://example.com:80:81/", NULL, REFUSED},
    {"http://example.com: 80/", NULL, REFUSED},
    {"http://example.com:80 /", NULL, REFUSED},
    {"http://:80/", NULL, REFUSED},
    /* labels and characters that no host name has */
    {"http://./", ".", REFUSED},
    {"http://../", "..", REFUSED},
    {"http://.example.com/", ".example.com", REFUSED},
    {"http://example..com/", "example..com", REFUSED},
    {"http://example.com../", "example.com..", REFUSED},
    {"http://a,b/", "a,b", REFUSED},
    {"http://a;b/", "a;b", REFUSED},
    {"http://a!b/", "a!b", REFUSED},
    {"http://a$b/", "a$b", REFUSED},
    {"http://a&b/", "a&b", REFUSED},
    {"http://a'b/", "a'b", REFUSED},
    {"http://a(b)/", "a(b)", REFUSED},
    {"http://a*b/", "a*b", REFUSED},
    {"http://a+b/", "a+b", REFUSED},
    {"http://a=b/", "a=b", REFUSED},
    {"http://a~b/", "a~b", REFUSED},
    {"http://a\"b/", "a\"b", REFUSED},
    {"http://a`b/", "a`b", REFUSED},
    {"http://a{b}/", "a{b}", REFUSED},
    {"http://a<b/", NULL, REFUSED},
    {"http://a>b/", NULL, REFUSED},
    {"http://a^b/", NULL, REFUSED},
    {"http://a|b/", NULL, REFUSED},
    {"http://a[b/", NULL, REFUSED},
    {"http://a]b/", NULL, REFUSED},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* The host as the standard writes it: an IPv6 address in brackets. */
static void copy_host(const struct url_origin *o, char to[URL_HOST_MAX_BYTES + 3]) {
    const char *host = o->text + o->host_start;
    bool is_v6 = memchr(host, ':', o->host_len) != NULL;
    (void)snprintf(to, URL_HOST_MAX_BYTES + 3, is_v6 ? "[%.*s]" : "%.*s", (int)o->host_len, host);
}

static void assert_row(const struct row *row) {
    struct url_origin o;
    const char *reason = NULL;
    char host[URL_HOST_MAX_BYTES + 3];
    enum fetch_error error = url_check(row->url, &o, &reason);
    if ((error == FETCH_OK) != (row->verdict == FETCHED))
        fail_msg("'%s' is %s", row->url, error ? reason : "accepted");
    if (error)
        return;
    copy_host(&o, host);
    assert_non_null(row->host);
    assert_string_equal(host, row->host);
}

TEST(accepted_url_has_the_host_of_the_standard) {
    assert_in_range(ROWS, 150, 1000);
    for (size_t i = 0; i < ROWS; i++)
        assert_row(&rows[i]);
}

TEST(accepted_url_has_the_host_of_libcurl) {
    for (size_t i = 0; i < ROWS; i++) {
        char *host = NULL;
        CURLU *u = rows[i].verdict == FETCHED ? curl_url() : NULL;
        if (!u)
            continue;
        assert_int_equal(curl_url_set(u, CURLUPART_URL, rows[i].url, 0), CURLUE_OK);
        assert_int_equal(curl_url_get(u, CURLUPART_HOST, &host, 0), CURLUE_OK);
        struct url_origin o;
        const char *reason = NULL;
        char of_url[512];
        (void)snprintf(of_url, sizeof of_url, "http://%s/", host);
        assert_int_equal(url_check(of_url, &o, &reason), FETCH_OK);
        char ours[URL_HOST_MAX_BYTES + 3];
        copy_host(&o, ours);
        assert_string_equal(ours, rows[i].host);
        curl_free(host);
        curl_url_cleanup(u);
    }
}

/* With user information allowed, the host is the one behind it, or the URL is refused. */
TEST(user_information_moves_no_host) {
    for (size_t i = 0; i < ROWS; i++) {
        struct url_origin o;
        struct url_user user;
        const char *reason = NULL;
        char host[URL_HOST_MAX_BYTES + 3];
        if (url_check_with_user(rows[i].url, &o, &user, &reason))
            continue;
        copy_host(&o, host);
        if (!rows[i].host || strcmp(host, rows[i].host) != 0)
            fail_msg("'%s' leads to %s", rows[i].url, host);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted_url_has_the_host_of_the_standard),
        cmocka_unit_test(accepted_url_has_the_host_of_libcurl),
        cmocka_unit_test(user_information_moves_no_host),
    };
    return cmocka_run_group_tests_name("url_parsers", tests, NULL, NULL);
}
