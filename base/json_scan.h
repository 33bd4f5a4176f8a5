/* Checks that a text is JSON as RFC 8259 has it, and of bounded shape, before a parser builds a tree from it.
 *
 * cJSON takes more than the RFC allows (trailing text, leading zeros, raw control characters, invalid UTF-8, NUL) and
 * spends forty times the size of the text on an array of small numbers. Beyond the grammar this refuses what programs
 * read differently: a name that stands twice in an object, NUL as a character of a string, half of a surrogate pair,
 * numbers that a double cannot hold. Not recursive; allocates nothing; time grows with the length alone. */
#ifndef FETCHPOOL_BASE_JSON_SCAN_H
#define FETCHPOOL_BASE_JSON_SCAN_H

#include <stddef.h>

enum {
    JSON_SCAN_MAX_DEPTH = 32,
    JSON_SCAN_MAX_EXPONENT = 307, /* numbers are below 1e308 */
};

enum json_scan_verdict {
    JSON_SCAN_OK,
    JSON_SCAN_MALFORMED,
    JSON_SCAN_BEYOND,   /* it may be JSON, but of a shape that is not taken: depth, names (json_names.h), numbers */
    JSON_SCAN_TOO_MANY, /* more values than `max_values` */
};

struct json_scan_fault {
    size_t offset;      /* of the byte that cannot stand there */
    const char *reason; /* a phrase for people, static */
};

/* `ret_fault` is set when the verdict is not JSON_SCAN_OK. Names do not count as values. */
enum json_scan_verdict json_scan(const char *text, size_t len, size_t max_values, struct json_scan_fault *ret_fault);

/* Whether it is JSON and not too deep: names are not compared, strings may hold NUL, and there may be any number of
 * values. For what a program of ours has written. */
enum json_scan_verdict json_scan_grammar(const char *text, size_t len, struct json_scan_fault *ret_fault);

#endif
