#include "base/hash.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

struct sip {
    uint64_t v[4];
};

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static uint64_t key[2];

/* Early in the life of a machine there may be no random bytes yet; the clock is better than a constant then. */
static void draw_key(void) {
    struct timespec now;
    if (getrandom(key, sizeof key, GRND_NONBLOCK) == (ssize_t)sizeof key)
        return;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    key[0] ^= (uint64_t)now.tv_nsec * UINT64_C(0x9e3779b97f4a7c15);
    key[1] ^= (uint64_t)now.tv_sec;
}

static uint64_t rotate(uint64_t x, int bits) {
    return x << bits | x >> (64 - bits);
}

static void mix(struct sip *s) {
    uint64_t *v = s->v;
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void take_word(struct sip *s, uint64_t word) {
    s->v[3] ^= word;
    mix(s);
    s->v[0] ^= word;
}

uint64_t hash_text(const char *text, size_t len) {
    (void)pthread_once(&key_once, draw_key); /* cannot fail */
    struct sip s = {{key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
                     key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)}};
    uint64_t word;
    size_t at = 0;
    for (; len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, text + at, sizeof word);
        take_word(&s, word);
    }
    word = 0;
    memcpy(&word, text + at, len - at);
    take_word(&s, word | (uint64_t)len << 56);
    s.v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        mix(&s);
    return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}
