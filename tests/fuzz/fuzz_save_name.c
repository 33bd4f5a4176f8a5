/* The names of files that bodies are saved to: whatever a URL is, a name is one component of a path, plain, of bounded
 * length, and the same each time. */
#include "cli/save_name.h"
#include "fuzz.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void check_plain(const char *name, size_t size) {
    size_t len = strnlen(name, size);
    assert(len >= 1 && len < size && len <= NAME_MAX);
    assert(*name != '.' && *name != '-');
    assert(strspn(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-") == len);
}

static void check_numbered(const char *name, size_t number) {
    char numbered[SAVE_NAME_NUMBERED_BYTES];
    char next[SAVE_NAME_NUMBERED_BYTES];
    save_name_number(name, number, numbered);
    check_plain(numbered, sizeof numbered);
    assert(strcmp(numbered, name) != 0);
    save_name_number(name, number - 1, next);
    assert(strcmp(numbered, next) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char name[SAVE_NAME_BYTES], again[SAVE_NAME_BYTES];
    char *url = fuzz_copy(data, size);
    memset(again, '/', sizeof again);
    save_name_make(url, name);
    save_name_make(url, again);
    check_plain(name, sizeof name);
    assert(strcmp(name, again) == 0);
    check_numbered(name, 2);
    check_numbered(name, SIZE_MAX);
    free(url);
    return 0;
}
