/* The file of tokens: it is taken whole and within its limits, or refused with one line that names a line of it. */
#include "config/token_file.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_error(const char *error, const char *text, size_t len) {
    int line = 0, lines = 1;
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    assert(strncmp(error, "tokens:", 7) == 0);
    if (sscanf(error, "tokens:%d", &line) == 1)
        assert(line >= 1 && line <= lines);
    for (; *error; error++)
        assert((unsigned char)*error >= 0x20 && *error != 0x7F);
}

static void check_token(const struct token *t) {
    size_t len = strlen(t->name);
    assert(len >= 1 && len < TOKEN_NAME_BYTES && t->scopes < 2 * TOKEN_SCOPE_METRICS);
    assert(t->limits.max_urls >= 0 && t->limits.max_in_flight >= 0 && t->limits.urls_per_minute >= 0);
}

static void check_file(const struct token_file *f) {
    assert(f->count <= TOKEN_FILE_MAX_TOKENS);
    for (size_t i = 0; i < f->count; i++) {
        check_token(&f->tokens[i]);
        assert(!token_is_anonymous(&f->tokens[i]));
        for (size_t j = 0; j < i; j++) {
            assert(strcmp(f->tokens[i].name, f->tokens[j].name) != 0);
            assert(memcmp(f->tokens[i].digest, f->tokens[j].digest, TOKEN_DIGEST_BYTES) != 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct token_file file;
    char error[TOKEN_FILE_ERROR_BYTES];
    char *text = fuzz_copy(data, size);
    enum err err = token_file_parse("tokens", text, size, &file, error);
    if (err) {
        assert(err == ERR_INVALID);
        check_error(error, text, size);
    } else {
        check_file(&file);
        token_file_fini(&file);
    }
    free(text);
    return 0;
}
