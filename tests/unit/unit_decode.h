/* What the body and the query of a request are read into, for tests of the decoders. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_DECODE_H
#define FETCHPOOL_TESTS_UNIT_UNIT_DECODE_H

#include "api/fetch_options.h"

struct unit_decode {
    struct settings settings; /* those that limit a request have their defaults */
    struct fetch_batch batch;
    struct delivery delivery; /* of an array */
    struct problem problem;
    struct fetch_options_target target; /* the batch's options */
};

void unit_decode_init(struct unit_decode *d);
void unit_decode_fini(struct unit_decode *d);

/* The request was refused for this one place in it; `what` is for the message. */
void unit_decode_assert_wrong(const struct unit_decode *d, const char *what, const char *pointer, const char *detail);

/* Nothing was refused. */
void unit_decode_assert_taken(const struct unit_decode *d, const char *what);

/* Calls `each` for each of the texts, which are separated by bars. */
void unit_decode_each_text(const char *texts, void (*each)(const char *name, const char *text, const char *detail),
                           const char *name, const char *detail);

#endif
