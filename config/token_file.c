#include "config/token_file.h"

#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LINE_BYTES = 1024, FILE_MAX_BYTES = TOKEN_FILE_MAX_TOKENS * LINE_BYTES };

#define BLANKS " \t\r"

/* ---- one line ----
 *
 * No word of a line that is wrong is shown: somebody may have put the token itself there, and reasons are logged. */

static const struct {
    const char *name;
    enum token_scope scope;
} scopes[] = {
    {"fetch", TOKEN_SCOPE_FETCH}, {"drill", TOKEN_SCOPE_DRILL},     {"jobs", TOKEN_SCOPE_JOBS},
    {"hosts", TOKEN_SCOPE_HOSTS}, {"metrics", TOKEN_SCOPE_METRICS},
};

static const struct {
    const char *key;
    size_t offset; /* of an int64_t in struct token_limits */
    int64_t max;
} limits[] = {
    {"max_urls", offsetof(struct token_limits, max_urls), 1000000},
    {"max_in_flight", offsetof(struct token_limits, max_in_flight), 1000000000},
    {"urls_per_minute", offsetof(struct token_limits, urls_per_minute), 1000000000},
};

enum { SCOPE_COUNT = sizeof scopes / sizeof scopes[0], LIMIT_COUNT = sizeof limits / sizeof limits[0] };

const char *token_scope_name(enum token_scope scope) {
    for (size_t i = 0; i < SCOPE_COUNT; i++)
        if (scopes[i].scope == scope)
            return scopes[i].name;
    return "";
}

__attribute__((format(printf, 2, 3))) static enum err refuse(char ret_reason[TOKEN_FILE_REASON_BYTES],
                                                             const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(ret_reason, TOKEN_FILE_REASON_BYTES, format, args); /* a long reason may be cut */
    va_end(args);
    return ERR_INVALID;
}

static bool name_is_valid(const char *name) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len = strlen(name);
    return len > 0 && len < TOKEN_NAME_BYTES && strspn(name, allowed) == len;
}

bool token_is_anonymous(const struct token *t) {
    return strcmp(t->name, TOKEN_FILE_ANONYMOUS) == 0;
}

/* In digits alone, without a zero in front. */
static bool read_number(const char *text, int64_t max, int64_t *ret_number) {
    size_t len = strlen(text);
    if (len == 0 || len > 10 || text[0] == '0' || strspn(text, "0123456789") != len)
        return false;
    int64_t number = strtoll(text, NULL, 10);
    *ret_number = number;
    return number <= max;
}

static bool read_scopes(const char *text, unsigned *ret_scopes) {
    unsigned found = 0;
    for (;; text++) {
        size_t len = strcspn(text, ",");
        unsigned scope = 0;
        for (size_t i = 0; i < SCOPE_COUNT; i++)
            if (strlen(scopes[i].name) == len && memcmp(scopes[i].name, text, len) == 0)
                scope = scopes[i].scope;
        if (scope == 0 || found & scope)
            return false;
        found |= scope;
        text += len;
        if (*text == '\0')
            break;
    }
    *ret_scopes = found;
    return true;
}

static enum err read_limit(struct token *t, const char *word, size_t key_len,
                           char ret_reason[TOKEN_FILE_REASON_BYTES]) {
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        if (strlen(limits[i].key) != key_len || memcmp(limits[i].key, word, key_len) != 0)
            continue;
        int64_t *limit = (int64_t *)(void *)((char *)&t->limits + limits[i].offset);
        if (*limit)
            return refuse(ret_reason, "%s is given twice", limits[i].key);
        if (!read_number(word + key_len + 1, limits[i].max, limit))
            return refuse(ret_reason, "%s must be a whole number from 1 to %lld", limits[i].key,
                          (long long)limits[i].max);
        return ERR_NONE;
    }
    return refuse(ret_reason, "an unknown key: there are max_urls, max_in_flight, urls_per_minute and scopes");
}

static enum err read_pair(struct token *t, const char *word, char ret_reason[TOKEN_FILE_REASON_BYTES]) {
    size_t key_len = strcspn(word, "=");
    if (word[key_len] != '=')
        return refuse(ret_reason, "what follows the digest must be key=value");
    if (key_len != strlen("scopes") || memcmp(word, "scopes", key_len) != 0)
        return read_limit(t, word, key_len, ret_reason);
    if (t->scopes)
        return refuse(ret_reason, "scopes are given twice");
    if (!read_scopes(word + key_len + 1, &t->scopes))
        return refuse(ret_reason, "scopes must be some of fetch,drill,jobs,hosts,metrics, each once");
    return ERR_NONE;
}

static enum err read_name(struct token *t, const char *name, const char *digest,
                          char ret_reason[TOKEN_FILE_REASON_BYTES]) {
    if (strncmp(name, TOKEN_PREFIX, strlen(TOKEN_PREFIX)) == 0)
        return refuse(ret_reason, "this looks like a token: a line begins with a name and its token's digest");
    if (!name_is_valid(name))
        return refuse(ret_reason, "the name must be up to %d letters, digits, '.', '_' and '-'", TOKEN_NAME_BYTES - 1);
    (void)snprintf(t->name, sizeof t->name, "%s", name);
    if (!digest)
        return refuse(ret_reason, "there is no digest behind the name");
    if (token_is_anonymous(t))
        return strcmp(digest, "-") == 0
                   ? ERR_NONE
                   : refuse(ret_reason, "anonymous has no token: put '-' in the place of a digest");
    if (!token_digest_read(digest, t->digest))
        return refuse(ret_reason, "the digest must be 64 hex digits");
    return ERR_NONE;
}

enum err token_file_parse_line(const char *line, size_t len, struct token *ret_token,
                               char ret_reason[TOKEN_FILE_REASON_BYTES]) {
    char copy[LINE_BYTES];
    char *rest = copy;
    struct token t = {0};
    if (len >= sizeof copy)
        return refuse(ret_reason, "the line is longer than %d bytes", LINE_BYTES - 1);
    if (memchr(line, '\0', len))
        return refuse(ret_reason, "the line has a NUL byte");
    memcpy(copy, line, len);
    copy[len] = '\0';
    const char *name = strtok_r(rest, BLANKS, &rest);
    enum err err = read_name(&t, name ? name : "", strtok_r(NULL, BLANKS, &rest), ret_reason);
    for (const char *word; !err && (word = strtok_r(NULL, BLANKS, &rest));)
        err = read_pair(&t, word, ret_reason);
    if (err)
        return err;
    if (!t.scopes)
        t.scopes = TOKEN_SCOPE_FETCH;
    *ret_token = t;
    return ERR_NONE;
}

/* ---- the file ---- */

static enum err add(struct token_file *f, const struct token *t, char ret_reason[TOKEN_FILE_REASON_BYTES]) {
    if (token_is_anonymous(t)) {
        if (f->anonymous_is_given)
            return refuse(ret_reason, "anonymous is there twice");
        f->anonymous = *t;
        f->anonymous_is_given = true;
        return ERR_NONE;
    }
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->tokens[i].name, t->name) == 0)
            return refuse(ret_reason, "the name %s is there twice", t->name);
        if (memcmp(f->tokens[i].digest, t->digest, sizeof t->digest) == 0)
            return refuse(ret_reason, "%s has the digest of %s", t->name, f->tokens[i].name);
    }
    if (f->count == TOKEN_FILE_MAX_TOKENS)
        return refuse(ret_reason, "more than %d tokens", TOKEN_FILE_MAX_TOKENS);
    struct token *tokens = realloc(f->tokens, (f->count + 1) * sizeof *tokens);
    if (!tokens)
        return ERR_NOMEM;
    f->tokens = tokens;
    f->tokens[f->count++] = *t;
    return ERR_NONE;
}

static enum err take_line(struct token_file *f, const char *line, size_t len,
                          char ret_reason[TOKEN_FILE_REASON_BYTES]) {
    struct token t;
    while (len > 0 && line[0] != '\0' && strchr(BLANKS, line[0])) {
        line++;
        len--;
    }
    if (len == 0 || line[0] == '#')
        return ERR_NONE;
    enum err err = token_file_parse_line(line, len, &t, ret_reason);
    return err ? err : add(f, &t, ret_reason);
}

enum err token_file_parse(const char *path, const char *text, size_t len, struct token_file *ret_file,
                          char ret_error[TOKEN_FILE_ERROR_BYTES]) {
    struct token_file f = {.anonymous = {.name = TOKEN_FILE_ANONYMOUS, .scopes = TOKEN_SCOPE_FETCH}};
    char reason[TOKEN_FILE_REASON_BYTES];
    enum err err = ERR_NONE;
    size_t start = 0, line = 0;
    while (start < len && !err) {
        const char *end = memchr(text + start, '\n', len - start);
        size_t n = end ? (size_t)(end - text) - start : len - start;
        err = take_line(&f, text + start, n, reason);
        start += n + 1;
        line++;
    }
    if (!err) {
        *ret_file = f;
        return ERR_NONE;
    }
    token_file_fini(&f);
    if (err == ERR_INVALID)
        (void)snprintf(ret_error, TOKEN_FILE_ERROR_BYTES, "%s:%zu: %s", path, line, reason);
    return err;
}

static enum err read_all(FILE *file, struct buf *text) {
    char block[4096];
    size_t n;
    while ((n = fread(block, 1, sizeof block, file)) > 0) {
        enum err err = buf_append(text, block, n);
        if (err)
            return err;
    }
    return ferror(file) ? ERR_IO : ERR_NONE;
}

static enum err read_open(const char *path, FILE *file, struct token_file *ret_file,
                          char ret_error[TOKEN_FILE_ERROR_BYTES]) {
    struct buf text;
    struct stat status;
    buf_init(&text, FILE_MAX_BYTES);
    enum err err = fstat(fileno(file), &status) == 0 ? read_all(file, &text) : ERR_IO;
    if (err == ERR_IO)
        (void)snprintf(ret_error, TOKEN_FILE_ERROR_BYTES, "%s: %s", path, strerror(errno));
    else if (err == ERR_LIMIT)
        (void)snprintf(ret_error, TOKEN_FILE_ERROR_BYTES, "%s: larger than %d bytes", path, FILE_MAX_BYTES);
    else if (!err)
        err = token_file_parse(path, text.data, text.len, ret_file, ret_error);
    if (!err)
        ret_file->writable_by_all = S_ISREG(status.st_mode) && status.st_mode & S_IWOTH;
    buf_fini(&text);
    return err == ERR_LIMIT ? ERR_INVALID : err;
}

enum err token_file_read(const char *path, struct token_file *ret_file, char ret_error[TOKEN_FILE_ERROR_BYTES]) {
    FILE *file = fopen(path, "re");
    if (!file) {
        (void)snprintf(ret_error, TOKEN_FILE_ERROR_BYTES, "%s: %s", path, strerror(errno));
        return errno == ENOMEM ? ERR_NOMEM : ERR_IO;
    }
    enum err err = read_open(path, file, ret_file, ret_error);
    (void)fclose(file); /* only read from */
    return err;
}

void token_file_fini(struct token_file *f) {
    free(f->tokens);
    *f = (struct token_file){0};
}
