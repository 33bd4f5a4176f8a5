#include "pool/decode.h"

#include "base/buf.h"
#include "unit.h"
#include "unit_pack.h"

#include <stdlib.h>
#include <string.h>

enum { LONG_BYTES = 200 * 1024, PLENTY = 1 << 30 };

static char long_text[LONG_BYTES];
static struct buf packed, decoded;
static enum err sink_answer;
static int64_t max_size;

static enum err sink(void *arg, const char *bytes, size_t n) {
    assert_ptr_equal(arg, &decoded);
    return sink_answer ? sink_answer : buf_append(&decoded, bytes, n);
}

static int begin(void **state) {
    (void)state;
    for (size_t i = 0; i < LONG_BYTES; i++) /* neither random nor all alike */
        long_text[i] = (char)((i * i / 7 + i % 31) % 97);
    buf_init(&packed, PLENTY);
    buf_init(&decoded, PLENTY);
    sink_answer = ERR_NONE;
    max_size = PLENTY;
    return 0;
}

static int end(void **state) {
    (void)state;
    buf_fini(&packed);
    buf_fini(&decoded);
    return 0;
}

static struct decode_codings named(const char *value) {
    struct decode_codings codings = {0};
    decode_codings_add(&codings, value, strlen(value));
    return codings;
}

/* Decodes in pieces of `step` bytes; the first error, be it at the end. */
static enum err decode(const char *value, const char *bytes, size_t n, size_t step, int64_t max_read_bytes) {
    const struct decode_codings codings = named(value);
    const struct decode_options options = {.codings = &codings,
                                           .max_read_bytes = max_read_bytes,
                                           .max_size_bytes = max_size,
                                           .sink = sink,
                                           .arg = &decoded};
    struct decode *d = NULL;
    buf_clear(&decoded);
    assert_int_equal(decode_create(&options, &d), ERR_NONE);
    enum err err = ERR_NONE;
    for (size_t at = 0; at < n && !err; at += step) {
        char *piece = malloc(step); /* of its own, so that a sanitizer sees what is read beyond it */
        size_t len = n - at < step ? n - at : step;
        assert_non_null(piece);
        memcpy(piece, bytes + at, len);
        err = decode_write(d, piece, len);
        free(piece);
    }
    if (!err)
        err = decode_end(d);
    decode_destroy(d);
    return err;
}

static enum err decode_packed(const char *value) {
    return decode(value, packed.data, packed.len, 16 * 1024, PLENTY);
}

static void pack(enum unit_pack how, const char *bytes, size_t n) {
    buf_clear(&packed);
    unit_pack(how, bytes, n, &packed);
}

static void assert_decoded(const char *bytes, size_t n) {
    assert_int_equal(decoded.len, n);
    assert_true(n == 0 || memcmp(decoded.data, bytes, n) == 0);
}

/* ---- whole bodies ---- */

TEST(what_was_packed_comes_back_however_it_is_cut) {
    static const size_t sizes[] = {0, 1, 100, 16 * 1024, LONG_BYTES};
    static const size_t steps[] = {1, 2, 3, 1000, 16 * 1024, SIZE_MAX / 2};
    for (enum unit_pack how = 0; how < UNIT_PACKS; how++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
                pack(how, long_text, sizes[i]);
                size_t step = steps[s] < packed.len ? steps[s] : packed.len;
                assert_int_equal(decode(unit_pack_name(how), packed.data, packed.len, step, PLENTY), ERR_NONE);
                assert_decoded(long_text, sizes[i]);
            }
}

TEST(nothing_at_all_is_whole) {
    for (enum unit_pack how = 0; how < UNIT_PACKS; how++) {
        assert_int_equal(decode(unit_pack_name(how), "", 0, 1, PLENTY), ERR_NONE);
        assert_decoded("", 0);
    }
}

TEST(members_and_frames_may_follow_each_other) {
    static const enum unit_pack chained[] = {UNIT_PACK_GZIP, UNIT_PACK_ZSTD};
    for (size_t i = 0; i < sizeof chained / sizeof chained[0]; i++) {
        pack(chained[i], long_text, 1000);
        unit_pack(chained[i], "", 0, &packed);
        unit_pack(chained[i], long_text + 1000, LONG_BYTES - 1000, &packed);
        for (size_t step = 1; step < 2 * packed.len; step *= 7) {
            assert_int_equal(decode(unit_pack_name(chained[i]), packed.data, packed.len, step, PLENTY), ERR_NONE);
            assert_decoded(long_text, LONG_BYTES);
        }
    }
}

TEST(codings_are_taken_off_from_the_last_to_the_first) {
    struct buf inner;
    buf_init(&inner, PLENTY);
    unit_pack(UNIT_PACK_GZIP, long_text, LONG_BYTES, &inner);
    pack(UNIT_PACK_BROTLI, inner.data, inner.len);
    assert_int_equal(decode_packed("gzip, br"), ERR_NONE);
    assert_decoded(long_text, LONG_BYTES);
    assert_int_equal(decode_packed("br, gzip"), ERR_INVALID);
    pack(UNIT_PACK_ZSTD, inner.data, inner.len - 1); /* whole outside, cut inside */
    assert_int_equal(decode_packed("gzip, zstd"), ERR_INVALID);
    buf_fini(&inner);
}

/* ---- bodies that are not whole ---- */

TEST(no_beginning_of_a_body_is_taken_for_it) {
    for (enum unit_pack how = 0; how < UNIT_PACKS; how++) {
        pack(how, long_text, 300);
        for (size_t n = 1; n < packed.len; n++)
            assert_int_equal(decode(unit_pack_name(how), packed.data, n, 100, PLENTY), ERR_INVALID);
        pack(how, long_text, LONG_BYTES);
        for (size_t n = packed.len - 20; n < packed.len; n++)
            assert_int_equal(decode(unit_pack_name(how), packed.data, n, 1000, PLENTY), ERR_INVALID);
    }
}

/* Among them the first bytes of another member, that does not come. */
TEST(nothing_may_follow_the_end) {
    for (enum unit_pack how = 0; how < UNIT_PACKS; how++)
        for (int c = 0; c <= UINT8_MAX; c++)
            for (size_t step = 1; step <= 1000; step *= 1000) {
                pack(how, "hello", 5);
                assert_int_equal(buf_append_char(&packed, (char)c), ERR_NONE);
                assert_int_equal(decode(unit_pack_name(how), packed.data, packed.len, step, PLENTY), ERR_INVALID);
            }
}

/* Those with a checksum. In a gzip header there are bits that say nothing about the content. */
TEST(no_flipped_bit_changes_what_comes_out) {
    static const enum unit_pack checked[] = {UNIT_PACK_GZIP, UNIT_PACK_ZLIB, UNIT_PACK_ZSTD};
    for (size_t i = 0; i < sizeof checked / sizeof checked[0]; i++) {
        pack(checked[i], long_text, 300);
        for (size_t bit = 0; bit < packed.len * 8; bit++) {
            packed.data[bit / 8] = (char)(packed.data[bit / 8] ^ 1 << bit % 8);
            if (decode_packed(unit_pack_name(checked[i])) == ERR_NONE)
                assert_decoded(long_text, 300);
            packed.data[bit / 8] = (char)(packed.data[bit / 8] ^ 1 << bit % 8);
        }
        assert_int_equal(decode_packed(unit_pack_name(checked[i])), ERR_NONE);
    }
}

TEST(text_is_no_coding) {
    static const char text[] = "<!doctype html><html><body>It is not compressed at all.</body></html>";
    for (enum unit_pack how = 0; how < UNIT_PACKS; how++)
        assert_int_equal(decode(unit_pack_name(how), text, sizeof text - 1, 100, PLENTY), ERR_INVALID);
}

TEST(zlib_stream_that_wants_a_dictionary_is_refused) {
    assert_int_equal(decode("deflate", "\x78\xbb\x11\x22\x33\x44\x03\x00", 8, 8, PLENTY), ERR_INVALID);
}

/* ---- limits ---- */

TEST(reading_stops_at_the_limit) {
    for (enum unit_pack how = 0; how < UNIT_PACKS; how++) {
        pack(how, long_text, LONG_BYTES);
        int64_t bytes = (int64_t)packed.len;
        assert_int_equal(decode(unit_pack_name(how), packed.data, packed.len, 1000, bytes), ERR_NONE);
        assert_int_equal(decode(unit_pack_name(how), packed.data, packed.len, 1000, bytes - 1), ERR_LIMIT);
    }
}

/* The outer coding makes of a few bytes very many, of which the inner one makes nothing. */
TEST(limit_holds_between_the_codings) {
    struct buf nothing;
    buf_init(&nothing, PLENTY);
    for (int i = 0; i < 100 * 1000; i++)
        unit_pack(UNIT_PACK_GZIP, "", 0, &nothing);
    pack(UNIT_PACK_GZIP, nothing.data, nothing.len);
    assert_true(nothing.len > 50 * packed.len);
    assert_int_equal(decode_packed("gzip, gzip"), ERR_NONE);
    assert_decoded("", 0);
    assert_int_equal(decode("gzip, gzip", packed.data, packed.len, 1000, 2 * (int64_t)packed.len), ERR_LIMIT);
    buf_fini(&nothing);
}

TEST(error_of_the_sink_ends_it) {
    static const enum err errors[] = {ERR_LIMIT, ERR_NOMEM};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        pack(UNIT_PACK_GZIP, long_text, LONG_BYTES);
        sink_answer = errors[i];
        assert_int_equal(decode_packed("gzip"), errors[i]);
        assert_decoded("", 0);
    }
}

TEST(windows_beyond_the_standard_are_refused) {
    unit_pack_zstd_window(23, long_text, 1000, &packed);
    assert_int_equal(decode_packed("zstd"), ERR_NONE);
    assert_decoded(long_text, 1000);
    buf_clear(&packed);
    unit_pack_zstd_window(24, long_text, 1000, &packed);
    assert_int_equal(decode_packed("zstd"), ERR_INVALID);
    buf_clear(&packed);
    unit_pack_brotli_window(24, long_text, 1000, &packed);
    assert_int_equal(decode_packed("br"), ERR_NONE);
    assert_decoded(long_text, 1000);
    buf_clear(&packed);
    unit_pack_brotli_window(25, long_text, 1000, &packed);
    assert_int_equal(decode_packed("br"), ERR_INVALID);
}

/* libbrotli fills its window before it gives any of it out. */
TEST(brotli_is_not_unpacked_far_beyond_what_may_come_of_it) {
    enum { BOMB_BYTES = 16 * 1024 * 1024 };
    char *zeros = calloc(1, BOMB_BYTES);
    assert_non_null(zeros);
    unit_pack_brotli_window(24, zeros, BOMB_BYTES, &packed);
    free(zeros);
    max_size = BOMB_BYTES;
    assert_int_equal(decode_packed("br"), ERR_NONE);
    assert_int_equal(decoded.len, BOMB_BYTES);
    max_size = BOMB_BYTES / 16;
    assert_int_equal(decode_packed("br"), ERR_LIMIT);
    assert_true(decoded.len <= BOMB_BYTES / 4);
}

/* For no body that is as long as it may be there is too little room. */
TEST(brotli_has_room_for_what_may_come_of_it) {
    static const size_t sizes[] = {1, 1000, 100 * 1000, LONG_BYTES};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (unsigned bits = 10; bits <= 24; bits++) {
            buf_clear(&packed);
            unit_pack_brotli_window(bits, long_text, sizes[i], &packed);
            max_size = (int64_t)sizes[i];
            assert_int_equal(decode_packed("br"), ERR_NONE);
            assert_decoded(long_text, sizes[i]);
        }
}

TEST(decoder_without_memory_is_not_made) {
    const struct decode_codings codings = named("zstd, gzip");
    const struct decode_options options = {.codings = &codings, .sink = sink};
    struct decode *d;
    enum err err = ERR_NOMEM;
    for (unsigned n = 1; err == ERR_NOMEM; n++) {
        assert_true(n < 10);
        unit_fail_allocation(n);
        err = decode_create(&options, &d);
        unit_fail_allocation(0);
    }
    assert_int_equal(err, ERR_NONE);
    decode_destroy(d);
    decode_destroy(NULL);
}

/* ---- names ---- */

TEST(names_are_read_as_a_list) {
    static const struct {
        const char *value;
        size_t count;
        enum err err;
    } rows[] = {
        {"", 0, ERR_NONE},
        {"gzip", 1, ERR_NONE},
        {"GZip", 1, ERR_NONE},
        {"x-gzip", 1, ERR_NONE},
        {"deflate", 1, ERR_NONE},
        {"br", 1, ERR_NONE},
        {"zstd", 1, ERR_NONE},
        {"identity", 0, ERR_NONE},
        {"none", 0, ERR_NONE},
        {"identity, gzip", 1, ERR_NONE},
        {"gzip,br", 2, ERR_NONE},
        {" , gzip\t,, br ,", 2, ERR_NONE},
        {"gzip, gzip, gzip", 2, ERR_LIMIT},
        {"gzip, identity, identity, br", 2, ERR_NONE},
        {"gzip;q=1", 0, ERR_INVALID},
        {"gzip br", 0, ERR_INVALID},
        {"gz", 0, ERR_INVALID},
        {"gzipp", 0, ERR_INVALID},
        {"compress", 0, ERR_INVALID},
        {"utf-8", 0, ERR_INVALID},
        {"gzip, utf-8", 1, ERR_INVALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct decode_codings codings = named(rows[i].value);
        assert_int_equal(codings.count, rows[i].count);
        assert_int_equal(codings.err, rows[i].err);
    }
}

TEST(fields_add_up) {
    struct decode_codings codings = named("gzip");
    decode_codings_add(&codings, "brotli", 2);
    assert_int_equal(codings.err, ERR_NONE);
    assert_int_equal(codings.count, 2);
    decode_codings_add(&codings, "zstd", 4);
    assert_int_equal(codings.err, ERR_LIMIT);
    struct decode *d;
    const struct decode_options options = {.codings = &codings, .sink = sink};
    assert_int_equal(decode_create(&options, &d), ERR_LIMIT);
}

TEST(all_that_is_accepted_is_known) {
    const char *names = DECODE_ACCEPTED;
    size_t count = 0;
    for (const char *name = names; *name; count++) {
        struct decode_codings codings = {0};
        size_t len = strcspn(name, ",");
        decode_codings_add(&codings, name, len);
        assert_int_equal(codings.err, ERR_NONE);
        assert_int_equal(codings.count, 1);
        name += len + strspn(name + len, ", ");
    }
    assert_int_equal(count, 4);
}

#define DECODE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        DECODE_TEST(what_was_packed_comes_back_however_it_is_cut),
        DECODE_TEST(nothing_at_all_is_whole),
        DECODE_TEST(members_and_frames_may_follow_each_other),
        DECODE_TEST(codings_are_taken_off_from_the_last_to_the_first),
        DECODE_TEST(no_beginning_of_a_body_is_taken_for_it),
        DECODE_TEST(nothing_may_follow_the_end),
        DECODE_TEST(no_flipped_bit_changes_what_comes_out),
        DECODE_TEST(text_is_no_coding),
        DECODE_TEST(zlib_stream_that_wants_a_dictionary_is_refused),
        DECODE_TEST(reading_stops_at_the_limit),
        DECODE_TEST(limit_holds_between_the_codings),
        DECODE_TEST(error_of_the_sink_ends_it),
        DECODE_TEST(windows_beyond_the_standard_are_refused),
        DECODE_TEST(brotli_is_not_unpacked_far_beyond_what_may_come_of_it),
        DECODE_TEST(brotli_has_room_for_what_may_come_of_it),
        DECODE_TEST(decoder_without_memory_is_not_made),
        DECODE_TEST(names_are_read_as_a_list),
        DECODE_TEST(fields_add_up),
        DECODE_TEST(all_that_is_accepted_is_known),
    };
    return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
