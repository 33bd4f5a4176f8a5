#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

char *fuzz_copy(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    assert(text);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

char *fuzz_next(char **rest, char end) {
    char *text = *rest;
    if (!text)
        return NULL;
    char *at = strchr(text, end);
    *rest = at ? at + 1 : NULL;
    if (at)
        *at = '\0';
    return text;
}
