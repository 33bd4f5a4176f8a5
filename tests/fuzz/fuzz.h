/* What every fuzz target includes. A target is one function; an assertion that fails, a sanitizer's report or a hang is
 * a find. The same function is run by libFuzzer and, over the files in corpus/, by replay.c. */
#ifndef FETCHPOOL_TESTS_FUZZ_FUZZ_H
#define FETCHPOOL_TESTS_FUZZ_FUZZ_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* https://llvm.org/docs/LibFuzzer.html */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy with a NUL behind it and nothing more, so that a read too far is seen. The caller frees it. */
char *fuzz_copy(const uint8_t *data, size_t size);

/* Cuts the text at its first `end`: gives what stands before it and sets `*rest` behind it. NULL when nothing is left.
 */
char *fuzz_next(char **rest, char end);

#endif
