#include "api/tls.h"
#include "unit.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FIRST, SECOND, PAIRS };

static char folder[] = "/tmp/fetchpool-unit-XXXXXX";
static char cert_path[PAIRS][64];
static char key_path[PAIRS][64];
static char error[TLS_ERROR_BYTES];

static void write_file(const char *path, const gnutls_datum_t *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text->data, 1, text->size, file), text->size);
    assert_int_equal(fclose(file), 0);
}

static void make_pair(int n, gnutls_pk_algorithm_t algorithm, unsigned bits) {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
    gnutls_datum_t text;
    gnutls_digest_algorithm_t digest = algorithm == GNUTLS_PK_EDDSA_ED25519 ? GNUTLS_DIG_SHA512 : GNUTLS_DIG_SHA256;
    (void)snprintf(cert_path[n], sizeof cert_path[n], "%s/%d.crt", folder, n);
    (void)snprintf(key_path[n], sizeof key_path[n], "%s/%d.key", folder, n);
    assert_int_equal(gnutls_x509_privkey_init(&key), 0);
    assert_int_equal(gnutls_x509_privkey_generate(key, algorithm, bits, 0), 0);
    assert_int_equal(gnutls_x509_crt_init(&crt), 0);
    assert_int_equal(gnutls_x509_crt_set_version(crt, 3), 0);
    assert_int_equal(gnutls_x509_crt_set_serial(crt, "\1", 1), 0);
    assert_int_equal(gnutls_x509_crt_set_dn(crt, "CN=localhost", NULL), 0);
    assert_int_equal(gnutls_x509_crt_set_activation_time(crt, time(NULL) - 60), 0);
    assert_int_equal(gnutls_x509_crt_set_expiration_time(crt, 2000000000 + n), 0);
    assert_int_equal(gnutls_x509_crt_set_key(crt, key), 0);
    assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, digest, 0), 0);
    assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &text), 0);
    write_file(cert_path[n], &text);
    gnutls_free(text.data);
    assert_int_equal(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &text), 0);
    write_file(key_path[n], &text);
    gnutls_free(text.data);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
}

static void remove_pair(int n) {
    (void)unlink(cert_path[n]); /* may not be there */
    (void)unlink(key_path[n]);
}

static int begin(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    make_pair(FIRST, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
    make_pair(SECOND, GNUTLS_PK_RSA, 2048);
    return 0;
}

static int end(void **state) {
    (void)state;
    remove_pair(FIRST);
    remove_pair(SECOND);
    return rmdir(folder);
}

static struct tls_pair *read_pair(int n) {
    struct tls_pair *pair = NULL;
    if (tls_pair_read(cert_path[n], key_path[n], &pair, error) != ERR_NONE)
        fail_msg("%s", error);
    return pair;
}

static void assert_refused(const char *cert, const char *key, enum err err, const char *start) {
    struct tls_pair *pair = NULL;
    assert_int_equal(tls_pair_read(cert, key, &pair, error), err);
    assert_null(pair);
    assert_memory_equal(error, start, strlen(start));
}

TEST(pairs_of_all_kinds_are_read) {
    for (int n = 0; n < PAIRS; n++) {
        struct tls_pair *pair = read_pair(n);
        assert_int_equal(tls_pair_expires_at(pair), 2000000000 + n);
        tls_pair_destroy(pair);
    }
    remove_pair(SECOND);
    make_pair(SECOND, GNUTLS_PK_EDDSA_ED25519, 256);
    tls_pair_destroy(read_pair(SECOND));
}

TEST(key_of_another_certificate_is_refused) {
    assert_refused(cert_path[FIRST], key_path[SECOND], ERR_INVALID, "server.tls_key: ");
    make_pair(SECOND, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
    assert_refused(cert_path[FIRST], key_path[SECOND], ERR_INVALID, "server.tls_key: ");
    assert_non_null(strstr(error, "is not the key of"));
}

TEST(files_that_are_missing_or_hold_something_else_are_refused) {
    assert_refused("/nonexistent", key_path[FIRST], ERR_IO, "server.tls_cert: /nonexistent: No such file");
    assert_refused(cert_path[FIRST], "/nonexistent", ERR_IO, "server.tls_key: /nonexistent: No such file");
    assert_refused("/", key_path[FIRST], ERR_IO, "server.tls_cert: /: ");
    assert_refused("/dev/null", key_path[FIRST], ERR_INVALID, "server.tls_cert: /dev/null: ");
    assert_refused(cert_path[FIRST], "/dev/null", ERR_INVALID, "server.tls_key: /dev/null: ");
    assert_refused(key_path[FIRST], key_path[FIRST], ERR_INVALID, "server.tls_cert: ");
    assert_refused(cert_path[FIRST], cert_path[FIRST], ERR_INVALID, "server.tls_key: ");
}

TEST(the_last_pair_is_shown_and_those_before_stay) {
    struct tls *t;
    assert_int_equal(tls_create(&t), ERR_NONE);
    tls_use(t, read_pair(FIRST));
    struct tls_shown first = tls_show(t);
    tls_use(t, read_pair(SECOND));
    struct tls_shown second = tls_show(t);
    assert_ptr_not_equal(first.chain, second.chain);
    assert_int_equal(first.count, 1);
    assert_non_null(first.key);
    tls_destroy(t);
    tls_destroy(NULL);
}

static void read_and_show(void) {
    struct tls_pair *pair;
    struct tls *t;
    if (tls_pair_read(cert_path[FIRST], key_path[FIRST], &pair, error))
        return;
    if (tls_create(&t)) {
        tls_pair_destroy(pair);
        return;
    }
    tls_use(t, pair);
    tls_destroy(t);
}

TEST(memory_may_run_out) {
    unit_fail_each_allocation(read_and_show);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_of_all_kinds_are_read),
        cmocka_unit_test(key_of_another_certificate_is_refused),
        cmocka_unit_test(files_that_are_missing_or_hold_something_else_are_refused),
        cmocka_unit_test(the_last_pair_is_shown_and_those_before_stay),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("tls", tests, begin, end);
}
