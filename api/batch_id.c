#include "api/batch_id.h"

#include <errno.h>
#include <stddef.h>
#include <sys/random.h>
#include <sys/types.h>

enum { BITS = 5 };

/* So few bytes come at once or not at all, getrandom(2): not while a machine has just begun to run. */
void batch_id_draw(char ret_id[BATCH_ID_BYTES]) {
    uint8_t random[BATCH_ID_RANDOM_BYTES] = {0};
    ssize_t n;
    do
        n = getrandom(random, sizeof random, 0);
    while (n < 0 && errno == EINTR);
    batch_id_text(random, ret_id);
}

void batch_id_text(const uint8_t random[BATCH_ID_RANDOM_BYTES], char ret_id[BATCH_ID_BYTES]) {
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned bits = 0, count = 0;
    char *c = ret_id;
    for (size_t i = 0; i < BATCH_ID_RANDOM_BYTES; i++) {
        bits = bits << 8 | random[i];
        for (count += 8; count >= BITS; count -= BITS)
            *c++ = alphabet[bits >> (count - BITS) & 0x1F];
    }
    *c = '\0';
}
