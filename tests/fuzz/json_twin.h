/* RFC 8259 in its plainest form, to compare the scanner with: recursive, without limits, one function for each rule of
 * the grammar. NUL as a character and halves of surrogate pairs are refused, as the scanner does. */
#ifndef FETCHPOOL_TESTS_FUZZ_JSON_TWIN_H
#define FETCHPOOL_TESTS_FUZZ_JSON_TWIN_H

#include <stdbool.h>
#include <stddef.h>

bool json_twin_accepts(const char *text, size_t len);

#endif
