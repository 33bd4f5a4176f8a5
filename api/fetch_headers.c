#include "api/fetch_headers.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* They frame the message or belong to the connection, and libcurl sets them itself. */
static const char *const refused_headers[] = {"Connection",
                                              "Content-Length",
                                              "Expect",
                                              "Host",
                                              "Keep-Alive",
                                              "TE",
                                              "Trailer",
                                              "Transfer-Encoding",
                                              "Upgrade",
                                              "Proxy-Connection",
                                              "Proxy-Authorization",
                                              "Proxy-Authenticate"};

/* RFC 9110, section 5.6.2. */
static bool is_token(const char *text) {
    static const char extra[] = "!#$%&'*+-.^_`|~";
    if (*text == '\0')
        return false;
    for (; *text; text++) {
        bool alnum = (*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
        if (!alnum && !strchr(extra, *text))
            return false;
    }
    return true;
}

static bool is_field_value(const char *text) {
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7F)
            return false;
    return true;
}

static bool is_refused(const char *name) {
    for (size_t i = 0; i < sizeof refused_headers / sizeof refused_headers[0]; i++)
        if (strcasecmp(name, refused_headers[i]) == 0)
            return true;
    return false;
}

const char *fetch_headers_check(const char *name, const char *value) {
    if (!is_token(name))
        return "this is not a header name";
    if (is_refused(name))
        return "this header cannot be set";
    if (!value)
        return "the value must be a string, or a list of strings";
    return is_field_value(value) ? NULL : "the value has a control character";
}
