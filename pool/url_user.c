#include "pool/url_user.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const char authorization_name[] = "Authorization: Basic ";

static unsigned hex_value(char c) {
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

/* Undoes the escapes, which are known to be sound, and adds the colon if there is none. `to` has room for one byte more
 * than the user information. */
static size_t decode(const struct url_user *user, char *to) {
    size_t n = 0;
    for (size_t i = 0; i < user->len; i++) {
        bool escaped = user->text[i] == '%';
        to[n++] = escaped ? (char)(hex_value(user->text[i + 1]) << 4 | hex_value(user->text[i + 2])) : user->text[i];
        i += escaped ? 2 : 0;
    }
    if (!memchr(user->text, ':', user->len))
        to[n++] = ':';
    return n;
}

static char *make_authorization(const struct url_user *user) {
    size_t name_len = strlen(authorization_name);
    char *plain = malloc(user->len + 1);
    char *line = malloc(name_len + (user->len + 3) / 3 * 4 + 1);
    if (plain && line) {
        memcpy(line, authorization_name, name_len);
        (void)EVP_EncodeBlock((unsigned char *)line + name_len, (unsigned char *)plain, (int)decode(user, plain));
    } else {
        free(line);
        line = NULL;
    }
    free(plain);
    return line;
}

enum err url_user_take(const char *url, const struct url_user *user, char **ret_url, char **ret_authorization) {
    char *authorization = make_authorization(user);
    char *bare = strdup(url);
    if (!bare || !authorization) {
        free(bare);
        free(authorization);
        return ERR_NOMEM;
    }
    const char *rest = user->text + user->len + 1;
    memmove(bare + (user->text - url), rest, strlen(rest) + 1);
    *ret_url = bare;
    *ret_authorization = authorization;
    return ERR_NONE;
}
