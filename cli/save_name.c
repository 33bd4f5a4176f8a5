#include "cli/save_name.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MAX_EXTENSION_BYTES = 8, HASH_TEXT_BYTES = 1 + 16 };

/* FNV-1a: the same in each run, so that a file is found again. */
static uint64_t hash(const char *text) {
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return h;
}

static bool stays(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
}

/* Behind the scheme and the user information. */
static const char *skip_to_host(const char *url) {
    const char *start = strstr(url, "://");
    start = start ? start + 3 : url;
    const char *end = start + strcspn(start, "/?#\\");
    for (const char *at = end; at > start; at--)
        if (at[-1] == '@')
            return at;
    return start;
}

static bool is_cut(const char *at, const char *end) {
    for (; at < end; at++)
        if (stays(*at))
            return true;
    return false;
}

void save_name_make(const char *url, char ret_name[SAVE_NAME_BYTES]) {
    const char *at = skip_to_host(url);
    const char *end = at + strcspn(at, "#");
    size_t n = 0, max = SAVE_NAME_BYTES - 2 - HASH_TEXT_BYTES;
    for (; at < end && n < max; at++)
        if (stays(*at) && !(n == 0 && (*at == '.' || *at == '-')))
            ret_name[n++] = *at;
        else if (n == 0 || ret_name[n - 1] != '_')
            ret_name[n++] = '_';
    while (n > 1 && ret_name[n - 1] == '_')
        n--;
    ret_name[n] = '\0';
    if (n == 0)
        (void)snprintf(ret_name, SAVE_NAME_BYTES, "_");
    else if (is_cut(at, end))
        (void)snprintf(ret_name + n, SAVE_NAME_BYTES - n, "-%016" PRIx64, hash(url));
}

void save_name_number(const char *name, size_t number, char ret_name[SAVE_NAME_NUMBERED_BYTES]) {
    const char *dot = strrchr(name, '.');
    if (!dot || strlen(dot) > MAX_EXTENSION_BYTES || strchr(dot, '_'))
        dot = name + strlen(name);
    (void)snprintf(ret_name, SAVE_NAME_NUMBERED_BYTES, "%.*s-%zu%s", (int)(dot - name), name, number, dot);
}
