#include "api/batch_id.h"

#include "unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { IDS = 10000 };

TEST(id_is_the_base32_of_its_bytes) {
    char id[BATCH_ID_BYTES];
    batch_id_text((const uint8_t *)"fooba\0\0\0\0\0", id); /* RFC 4648, section 10: "MZXW6YTB" */
    assert_string_equal(id, "mzxw6ytbaaaaaaaa");
    batch_id_text((const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", id);
    assert_string_equal(id, "7777777777777777");
}

static int compare(const void *a, const void *b) {
    return strcmp(a, b);
}

TEST(drawn_ids_differ_in_every_place) {
    static char ids[IDS][BATCH_ID_BYTES];
    bool seen[BATCH_ID_BYTES - 1][128] = {{false}};
    for (size_t i = 0; i < IDS; i++) {
        batch_id_draw(ids[i]);
        assert_int_equal(strspn(ids[i], "abcdefghijklmnopqrstuvwxyz234567"), BATCH_ID_BYTES - 1);
        assert_int_equal(strlen(ids[i]), BATCH_ID_BYTES - 1);
        for (size_t place = 0; place < BATCH_ID_BYTES - 1; place++)
            seen[place][(int)ids[i][place]] = true;
    }
    for (size_t place = 0; place < BATCH_ID_BYTES - 1; place++) {
        unsigned letters = 0;
        for (int c = 0; c < 128; c++)
            letters += seen[place][c];
        assert_int_equal(letters, 32);
    }
    qsort(ids, IDS, sizeof ids[0], compare);
    for (size_t i = 1; i < IDS; i++)
        assert_string_not_equal(ids[i - 1], ids[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(id_is_the_base32_of_its_bytes),
        cmocka_unit_test(drawn_ids_differ_in_every_place),
    };
    return cmocka_run_group_tests_name("batch_id", tests, NULL, NULL);
}
