/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef FETCHPOOL_BASE_UTF8_H
#define FETCHPOOL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Length of the valid sequence that `text` begins with, 1 to 4; 0 when it begins with none. `len` > 0. */
size_t utf8_sequence(const char *text, size_t len);

/* Length of the byte order mark that `text` begins with, 3; 0 when it begins with none. RFC 3629, section 6. */
size_t utf8_mark(const char *text, size_t len);

bool utf8_is_valid(const char *text, size_t len);

#endif
