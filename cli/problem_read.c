#include "cli/problem_read.h"

#include "base/json_names.h"
#include "base/json_scan.h"
#include "base/json_walk.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The server's name comes before it, and when to come back behind it. */
enum { TEXT_BYTES = CLI_ERROR_BYTES - 192, STRING_BYTES = 1024, AGAIN_BYTES = 64 };

static void add_bytes(char *text, const char *more, size_t len) {
    size_t old = strlen(text);
    (void)snprintf(text + old, TEXT_BYTES - old, "%.*s", (int)len, more);
}

static void add(char *text, const char *more) {
    add_bytes(text, more, strlen(more));
}

/* As much of it as there is room for, in whole characters. */
static size_t fit(const char *plain, size_t len, size_t room) {
    size_t fitting = 0, n;
    while (fitting < len && (n = utf8_sequence(plain + fitting, len - fitting)) > 0 && fitting + n <= room)
        fitting += n;
    return fitting;
}

/* A string; of a long one the beginning. */
static void add_string(char *text, const struct json_part *value) {
    size_t room = TEXT_BYTES - 1 - strlen(text);
    char *plain = *value->text == '"' ? malloc(value->len) : NULL;
    if (!plain)
        return;
    size_t len = json_names_decode(value->text + 1, value->len - 2, plain);
    add_bytes(text, plain, fit(plain, len, room < STRING_BYTES ? room : STRING_BYTES));
    free(plain);
}

/* The member of that name; false: there is none. `text` begins with '{'. */
static bool find(const char *text, const char *name, struct json_part *ret_value) {
    struct json_walk walk;
    struct json_part raw;
    json_walk_begin(&walk, text);
    while (json_walk_next(&walk, &raw, ret_value))
        if (raw.len == strlen(name) + 2 && memcmp(raw.text + 1, name, raw.len - 2) == 0)
            return true;
    return false;
}

static void add_errors(char *text, const struct json_part *errors) {
    struct json_walk walk;
    struct json_part none, one, part;
    if (*errors->text != '[')
        return;
    json_walk_begin(&walk, errors->text);
    while (json_walk_next(&walk, &none, &one)) {
        add(text, "; ");
        if (*one.text == '{' && find(one.text, "pointer", &part))
            add_string(text, &part);
        add(text, ": ");
        if (*one.text == '{' && find(one.text, "detail", &part))
            add_string(text, &part);
    }
}

static void add_problem(char *text, const char *body) {
    struct json_scan_fault fault;
    struct json_part part;
    const char *start = body + strspn(body, " \t\r\n");
    if (*start != '{' || json_scan_grammar(body, strlen(body), &fault)) {
        add(text, "this is not an answer of fetchpoold");
        return;
    }
    if (find(start, "detail", &part) || find(start, "title", &part))
        add_string(text, &part);
    if (find(start, "errors", &part))
        add_errors(text, &part);
}

void problem_read(const char *body, long status, long retry_after_s, char ret_text[CLI_ERROR_BYTES]) {
    (void)snprintf(ret_text, CLI_ERROR_BYTES, "refused (%ld): ", status);
    add_problem(ret_text, body);
    if (retry_after_s > 0)
        (void)snprintf(ret_text + strlen(ret_text), AGAIN_BYTES, "; try again in %ld s", retry_after_s);
    for (char *at = ret_text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            *at = '?';
}
