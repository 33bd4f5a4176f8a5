#include "cli/problem_read.h"

#include "base/json_names.h"
#include "base/json_scan.h"
#include "base/json_walk.h"

#include <stdio.h>
#include <string.h>

static void add(char *text, const char *more) {
    size_t len = strlen(text);
    (void)snprintf(text + len, CLI_ERROR_BYTES - len, "%s", more);
}

/* A string, as far as there is room. */
static void add_string(char *text, const struct json_part *value) {
    char plain[CLI_ERROR_BYTES];
    if (*value->text != '"' || value->len - 2 >= sizeof plain)
        return;
    plain[json_names_decode(value->text + 1, value->len - 2, plain)] = '\0';
    add(text, plain);
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
    char more[64];
    (void)snprintf(ret_text, CLI_ERROR_BYTES, "refused (%ld): ", status);
    add_problem(ret_text, body);
    (void)snprintf(more, sizeof more, "; try again in %ld s", retry_after_s);
    if (retry_after_s > 0)
        add(ret_text, more);
    for (char *at = ret_text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            *at = '?';
}
