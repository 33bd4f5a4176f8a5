/* The file that auth.token_file names: who may do what, and how much of it.
 *
 *     # NAME DIGEST [KEY=VALUE]...
 *     crawler 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b urls_per_minute=6000 max_in_flight=500
 *     operator 486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7 scopes=fetch,hosts,metrics
 *     anonymous - urls_per_minute=60
 *
 * NAME is up to 48 letters, digits, '.', '_' and '-', DIGEST the SHA-256 of the token in hex digits. The name anonymous
 * stands for requests without a token and has '-' in the place of a digest. Blank lines and lines that begin with '#'
 * are skipped; an unknown key, a name or digest that is there twice and a bad value are errors. */
#ifndef FETCHPOOL_CONFIG_TOKEN_FILE_H
#define FETCHPOOL_CONFIG_TOKEN_FILE_H

#include "base/err.h"
#include "config/token.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_FILE_ANONYMOUS "anonymous"

enum {
    TOKEN_FILE_MAX_TOKENS = 1000,
    TOKEN_NAME_BYTES = 49,
    TOKEN_FILE_REASON_BYTES = 128,
    TOKEN_FILE_ERROR_BYTES = 400
};

/* What a token is good for. */
enum token_scope {
    TOKEN_SCOPE_FETCH = 1,
    TOKEN_SCOPE_DRILL = 2,
    TOKEN_SCOPE_JOBS = 4,
    TOKEN_SCOPE_HOSTS = 8,
    TOKEN_SCOPE_METRICS = 16,
};

/* 0: no limit. */
struct token_limits {
    int64_t max_urls;      /* in one request */
    int64_t max_in_flight; /* URLs without a result yet, of all requests together */
    int64_t urls_per_minute;
};

struct token {
    char name[TOKEN_NAME_BYTES];
    unsigned char digest[TOKEN_DIGEST_BYTES]; /* none of anonymous */
    unsigned scopes;                          /* enum token_scope; fetch alone where the line does not say */
    struct token_limits limits;
};

struct token_file {
    struct token *tokens; /* without anonymous */
    size_t count;
    struct token anonymous;  /* as its line says, or with the scope fetch and no limits when there is none */
    bool anonymous_is_given; /* there is such a line */
    bool writable_by_all;
};

/* Reads the file; the caller calls token_file_fini. Blocks on the disk. ERR_IO when it cannot be read, ERR_INVALID for
 * its content: `ret_error` is one line with the path, and the number of the line that is wrong. ERR_NOMEM. */
enum err token_file_read(const char *path, struct token_file *ret_file,
                         char ret_error[TOKEN_FILE_ERROR_BYTES]) ERR_MUST_CHECK;

/* The same from a text; `path` is for the error. */
enum err token_file_parse(const char *path, const char *text, size_t len, struct token_file *ret_file,
                          char ret_error[TOKEN_FILE_ERROR_BYTES]) ERR_MUST_CHECK;

void token_file_fini(struct token_file *f);

/* One line that is neither blank nor a comment. ERR_INVALID, with the reason. */
enum err token_file_parse_line(const char *line, size_t len, struct token *ret_token,
                               char ret_reason[TOKEN_FILE_REASON_BYTES]) ERR_MUST_CHECK;

bool token_is_anonymous(const struct token *t);

/* "fetch" for TOKEN_SCOPE_FETCH; static. */
const char *token_scope_name(enum token_scope scope);

#endif
