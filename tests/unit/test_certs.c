#include "pool/certs.h"

#include "unit.h"
#include "unit_file.h"
#include "unit_pem.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int end(void **state) {
    (void)state;
    unit_file_remove();
    return 0;
}

static int count_in(SSL_CTX *ctx) {
    return sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(ctx)));
}

static void assert_not_read(const char *path) {
    struct certs *certs = NULL;
    assert_int_equal(certs_create(path, &certs), ERR_IO);
    assert_null(certs);
}

TEST(default_bundle_is_that_of_libcurl) {
    struct certs *certs;
    CURL *easy = curl_easy_init();
    const char *path = NULL;
    assert_int_equal(curl_easy_getinfo(easy, CURLINFO_CAINFO, &path), CURLE_OK);
    bool exists = path && access(path, R_OK) == 0;
    assert_int_equal(certs_create("", &certs), ERR_NONE);
    assert_int_equal(certs_are_empty(certs), !exists);
    certs_destroy(certs);
    curl_easy_cleanup(easy);
}

TEST(default_bundle_is_there_when_a_connection_needs_it_first) {
    struct certs *certs;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    assert_int_equal(certs_create("", &certs), ERR_NONE);
    certs_apply(certs, ctx);
    assert_int_equal(count_in(ctx) > 0, !certs_are_empty(certs));
    certs_destroy(certs);
    SSL_CTX_free(ctx);
}

static void *apply(void *arg) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    certs_apply(arg, ctx);
    bool any = count_in(ctx) > 0;
    SSL_CTX_free(ctx);
    return any ? arg : NULL;
}

TEST(default_bundle_is_whole_for_whoever_needs_it_meanwhile) {
    enum { THREADS = 4 };
    struct certs *certs;
    pthread_t threads[THREADS];
    assert_int_equal(certs_create("", &certs), ERR_NONE);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, apply, certs), 0);
    for (int i = 0; i < THREADS; i++) {
        void *any = NULL;
        assert_int_equal(pthread_join(threads[i], &any), 0);
        assert_int_equal(any == NULL, certs_are_empty(certs));
    }
    certs_destroy(certs);
}

TEST(named_bundle_is_read) {
    struct certs *certs;
    assert_int_equal(certs_create(unit_file_write_text(UNIT_PEM), &certs), ERR_NONE);
    assert_false(certs_are_empty(certs));
    certs_destroy(certs);
}

TEST(bundle_may_hold_text_between_certificates) {
    struct certs *certs;
    assert_int_equal(certs_create(unit_file_write_text("# ours\n" UNIT_PEM "\n# end\n"), &certs), ERR_NONE);
    assert_false(certs_are_empty(certs));
    certs_destroy(certs);
}

TEST(missing_file_is_told) {
    assert_not_read("/nonexistent/authorities.pem");
}

TEST(folder_is_no_bundle) {
    assert_not_read("/");
}

TEST(file_without_a_certificate_is_refused) {
    assert_not_read(unit_file_write_text(""));
    assert_not_read(unit_file_write_text("not a certificate\n"));
    assert_not_read(unit_file_write("\x30\x82\x01\x0A\xFF", 5));
}

TEST(broken_certificate_is_refused) {
    char text[sizeof UNIT_PEM];
    memcpy(text, UNIT_PEM, sizeof text);
    memset(strstr(text, "-----\n") + 6, 'A', 20);
    assert_not_read(unit_file_write_text(text));
    text[sizeof text / 2] = '\0';
    assert_not_read(unit_file_write_text(text));
}

TEST(contexts_get_the_certificates_and_keep_them) {
    struct certs *certs;
    SSL_CTX *contexts[2];
    assert_int_equal(certs_create(unit_file_write_text(UNIT_PEM), &certs), ERR_NONE);
    for (int i = 0; i < 2; i++) {
        contexts[i] = SSL_CTX_new(TLS_client_method());
        assert_non_null(contexts[i]);
        assert_int_equal(count_in(contexts[i]), 0);
        certs_apply(certs, contexts[i]);
    }
    assert_ptr_equal(SSL_CTX_get_cert_store(contexts[0]), SSL_CTX_get_cert_store(contexts[1]));
    certs_destroy(certs);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(count_in(contexts[i]), 1);
        SSL_CTX_free(contexts[i]);
    }
}

/* For OpenSSL's own allocations, which unit_fail_allocation does not count: the nth one fails, and all after it if
 * `goes_on` is set; 0: none. */
void *__real_malloc(size_t size);           /* NOLINT: the linker's name */
void *__real_realloc(void *p, size_t size); /* NOLINT */

static struct {
    unsigned nth, counted;
    bool goes_on;
} openssl;

static bool openssl_fails(void) {
    return openssl.nth > 0 && (++openssl.counted == openssl.nth || (openssl.goes_on && openssl.counted > openssl.nth));
}

static void *openssl_malloc(size_t size, const char *file, int line) {
    (void)file, (void)line;
    return openssl_fails() ? NULL : __real_malloc(size);
}

static void *openssl_realloc(void *p, size_t size, const char *file, int line) {
    (void)file, (void)line;
    return openssl_fails() ? NULL : __real_realloc(p, size);
}

static void openssl_free(void *p, const char *file, int line) {
    (void)file, (void)line;
    free(p);
}

static void assert_sound(struct certs *certs, int count) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    certs_apply(certs, ctx);
    assert_int_equal(count_in(ctx), count);
    for (int i = 0; i < count; i++) {
        X509 *certificate =
            X509_OBJECT_get0_X509(sk_X509_OBJECT_value(X509_STORE_get0_objects(SSL_CTX_get_cert_store(ctx)), i));
        assert_int_equal(X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 1), 1);
        assert_non_null(X509_get0_pubkey(certificate));
    }
    SSL_CTX_free(ctx);
}

TEST(certificate_that_is_first_used_without_memory_stays_valid) {
    struct certs *certs;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    assert_int_equal(certs_create(unit_file_write_text(UNIT_PEM), &certs), ERR_NONE);
    certs_apply(certs, ctx);
    X509 *certificate =
        X509_OBJECT_get0_X509(sk_X509_OBJECT_value(X509_STORE_get0_objects(SSL_CTX_get_cert_store(ctx)), 0));
    openssl.nth = 1;
    openssl.goes_on = true;
    (void)X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 1);
    openssl.nth = 0;
    assert_sound(certs, 1);
    certs_destroy(certs);
    SSL_CTX_free(ctx);
}

/* The second one has the first one looked at, as they have the same name. */
TEST(certificates_are_read_whole_or_not_at_all_when_memory_runs_out) {
    const char *path = unit_file_write_text(UNIT_PEM UNIT_PEM);
    for (int goes_on = 0; goes_on < 2; goes_on++) {
        enum err err;
        unsigned nth = 0, failed = 0;
        do {
            struct certs *certs = NULL;
            openssl.goes_on = goes_on;
            openssl.counted = 0;
            openssl.nth = ++nth;
            err = certs_create(path, &certs);
            openssl.nth = 0;
            if (err)
                failed++;
            else
                assert_sound(certs, 1);
            certs_destroy(certs);
        } while (openssl.counted >= nth);
        assert_int_equal(err, ERR_NONE);
        assert_true(failed > 100);
    }
}

TEST(nothing_can_be_destroyed) {
    certs_destroy(NULL);
}

static void create_named(void) {
    struct certs *certs = NULL;
    enum err err = certs_create(unit_file_write_text(UNIT_PEM), &certs);
    assert_int_equal(err, unit_failed_allocations() > 0 ? ERR_NOMEM : ERR_NONE);
    certs_destroy(certs);
}

TEST(memory_that_runs_out_is_told) {
    unit_fail_each_allocation(create_named);
}

int main(void) {
    if (!CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free))
        return 1; /* it has allocated something before */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_bundle_is_that_of_libcurl),
        cmocka_unit_test(default_bundle_is_there_when_a_connection_needs_it_first),
        cmocka_unit_test(default_bundle_is_whole_for_whoever_needs_it_meanwhile),
        cmocka_unit_test(named_bundle_is_read),
        cmocka_unit_test(bundle_may_hold_text_between_certificates),
        cmocka_unit_test(missing_file_is_told),
        cmocka_unit_test(folder_is_no_bundle),
        cmocka_unit_test(file_without_a_certificate_is_refused),
        cmocka_unit_test(broken_certificate_is_refused),
        cmocka_unit_test(contexts_get_the_certificates_and_keep_them),
        cmocka_unit_test(certificate_that_is_first_used_without_memory_stays_valid),
        cmocka_unit_test(certificates_are_read_whole_or_not_at_all_when_memory_runs_out),
        cmocka_unit_test(nothing_can_be_destroyed),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests_name("certs", tests, NULL, end);
}
