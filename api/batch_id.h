/* The name of a batch: in the log, and in the answer, where its caller finds it to ask about. */
#ifndef FETCHPOOL_API_BATCH_ID_H
#define FETCHPOOL_API_BATCH_ID_H

#include <stdint.h>

/* A NUL included. */
enum { BATCH_ID_BYTES = 17 };

/* 80 random bits, "k3vq7n5xgaz2m4ht": the letters and digits of base32 (RFC 4648, section 6), small. Nobody can guess
 * one, and no two are the same for as long as logs are kept, also across restarts and machines. Any thread. */
void batch_id_draw(char ret_id[BATCH_ID_BYTES]);

/* The same of bytes that are given. */
enum { BATCH_ID_RANDOM_BYTES = 10 };
void batch_id_text(const uint8_t random[BATCH_ID_RANDOM_BYTES], char ret_id[BATCH_ID_BYTES]);

#endif
