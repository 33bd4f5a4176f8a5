#include "base/hash.h"

#include "unit.h"

#include <stdbool.h>
#include <string.h>

enum { TEXTS = 4096, BUCKETS = 64 };

TEST(same_bytes_have_the_same_hash_wherever_they_stand) {
    char room[64];
    const char text[] = "www.example.com/a/longer/text";
    for (size_t len = 0; len < sizeof text; len++)
        for (size_t offset = 0; offset < 8; offset++) {
            memset(room, (int)offset, sizeof room); /* what stands around it does not count */
            memcpy(room + offset, text, len);
            assert_true(hash_text(room + offset, len) == hash_text(text, len));
        }
}

TEST(each_byte_and_the_length_count) {
    char text[40] = {0};
    for (size_t len = 1; len < sizeof text; len++) {
        uint64_t hash = hash_text(text, len);
        assert_false(hash == hash_text(text, len - 1)); /* zeros at the end, too */
        for (size_t i = 0; i < len; i++) {
            text[i] = 1;
            assert_false(hash == hash_text(text, len));
            text[i] = 0;
        }
    }
}

/* The low bits choose the bucket. A hundred to one against a third more than the mean would be a poor hash. */
TEST(texts_that_differ_little_spread_over_the_buckets) {
    unsigned counts[BUCKETS] = {0};
    char text[8] = "host-";
    for (unsigned i = 0; i < TEXTS; i++) {
        text[5] = (char)(i % 64);
        text[6] = (char)(i / 64);
        counts[hash_text(text, 7) % BUCKETS]++;
    }
    for (unsigned i = 0; i < BUCKETS; i++)
        assert_in_range(counts[i], TEXTS / BUCKETS / 4, TEXTS / BUCKETS * 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_have_the_same_hash_wherever_they_stand),
        cmocka_unit_test(each_byte_and_the_length_count),
        cmocka_unit_test(texts_that_differ_little_spread_over_the_buckets),
    };
    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
