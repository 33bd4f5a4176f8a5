#include "pool/har_url.h"

#include "pool/url_sent.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HAR_URL_INVALID "about:invalid#"

/* RFC 3986, section 3.3 to 3.5. */
static bool may_stand(const char *p) {
    unsigned char c = (unsigned char)*p;
    if (c == '%')
        return isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2]);
    return c < 0x80 && (isalnum(c) || (c && strchr("-._~!$&'()*+,;=:@/?", c)));
}

static enum err append_escaped(struct buf *out, const char *text) {
    enum err err = ERR_NONE;
    for (const char *p = text; *p && !err; p++)
        err = may_stand(p) ? buf_append_char(out, *p) : buf_printf(out, "%%%02X", (unsigned)(unsigned char)*p);
    return err;
}

static enum err append_invalid(struct buf *out, const char *text) {
    enum err err = buf_append_text(out, HAR_URL_INVALID);
    return err ? err : append_escaped(out, text);
}

static enum err append_sent(struct buf *out, const char *url) {
    const char *host = strstr(url, "://") + 3;
    const char *rest = host + strcspn(host, "/?");
    enum err err = buf_append(out, url, (size_t)(rest - url));
    return err ? err : append_escaped(out, rest);
}

enum err har_url_append(struct buf *out, const char *url) {
    struct url_origin origin;
    struct url_user user;
    const char *reason;
    const char *text = url;
    char *sent = NULL;
    enum err err = ERR_INVALID;
    if (!url_check_with_user(url, &origin, &user, &reason)) {
        err = url_sent_make(url, &user, &sent);
        text = origin.text; /* has no user information */
    }
    if (!err)
        err = append_sent(out, sent);
    else if (err == ERR_INVALID)
        err = append_invalid(out, text);
    free(sent);
    return err ? err : buf_append_char(out, '\0');
}

enum err har_url_append_redirect(struct buf *out, const char *url, const char *location, size_t len) {
    char *text = strndup(location, len);
    char *joined = NULL;
    if (!text)
        return ERR_NOMEM;
    enum err err = url_join(url, text, &joined);
    if (err != ERR_NOMEM)
        err = har_url_append(out, joined ? joined : text);
    free(joined);
    free(text);
    return err;
}
