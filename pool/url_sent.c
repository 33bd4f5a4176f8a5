#include "pool/url_sent.h"

#include "pool/url_user.h"

#include <stdlib.h>
#include <string.h>

static bool is_ascii(char c) {
    return ((unsigned char)c & 0x80) == 0;
}

static size_t count_beyond_ascii(const char *text) {
    size_t count = 0;
    for (; *text; text++)
        count += !is_ascii(*text);
    return count;
}

/* With the digits that url_join takes. */
static char *escape(const char *url, size_t beyond_ascii) {
    static const char digits[] = "0123456789abcdef";
    char *escaped = malloc(strlen(url) + 2 * beyond_ascii + 1);
    char *to = escaped;
    for (; escaped && *url; url++) {
        unsigned char byte = (unsigned char)*url;
        if (is_ascii(*url)) {
            *to++ = *url;
            continue;
        }
        *to++ = '%';
        *to++ = digits[byte >> 4];
        *to++ = digits[byte & 0xF];
    }
    if (escaped)
        *to = '\0';
    return escaped;
}

enum err url_sent_prepare(const char *url, const struct url_user *user, char **ret_url, char **ret_authorization) {
    char *bare = NULL, *authorization = NULL;
    size_t beyond_ascii = count_beyond_ascii(url);
    if (user->len > 0 && url_user_take(url, user, &bare, &authorization))
        return ERR_NOMEM;
    if (beyond_ascii > 0) {
        char *escaped = escape(bare ? bare : url, beyond_ascii);
        free(bare);
        bare = escaped;
        if (!bare) {
            free(authorization);
            return ERR_NOMEM;
        }
    }
    *ret_url = bare;
    *ret_authorization = authorization;
    return ERR_NONE;
}

static bool has_query(const char *url) {
    return url[strcspn(url, "?#")] == '?';
}

enum err url_sent_make(const char *url, const struct url_user *user, char **ret_url) {
    char *prepared = NULL, *authorization = NULL, *sent = NULL;
    enum err err = url_sent_prepare(url, user, &prepared, &authorization);
    if (!err)
        err = url_resolve(prepared ? prepared : url, &sent);
    if (!err)
        sent[strcspn(sent, "#")] = '\0';
    free(prepared);
    free(authorization);
    if (err)
        free(sent);
    else
        *ret_url = sent;
    return err;
}

static const char *find_path(const char *url) {
    const char *authority = strstr(url, "://") + 3;
    return authority + strcspn(authority, "/?#");
}

/* A path without any is sent as it stands. */
static bool may_have_dots(const char *path) {
    const char *end = path + strcspn(path, "?");
    const char *dot = strstr(path, "/.");
    const char *escaped = strstr(path, "%2");
    return (dot && dot < end) || (escaped && escaped < end);
}

static char *copy_target(const char *path) {
    size_t len = strcspn(path, "#");
    char *target = malloc(len + 2);
    if (!target)
        return NULL;
    size_t slash = *path == '/' ? 0 : 1;
    target[0] = '/';
    memcpy(target + slash, path, len);
    target[slash + len] = '\0';
    return target;
}

enum err url_sent_target(const char *url, char **ret_target) {
    char *resolved = NULL;
    *ret_target = NULL;
    if (!has_query(url))
        return ERR_NONE;
    if (may_have_dots(find_path(url))) {
        enum err err = url_resolve(url, &resolved);
        if (err)
            return err;
    }
    *ret_target = copy_target(find_path(resolved ? resolved : url));
    free(resolved);
    return *ret_target ? ERR_NONE : ERR_NOMEM;
}
