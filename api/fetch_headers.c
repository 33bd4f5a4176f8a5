#include "api/fetch_headers.h"

#include "api/field.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* They frame the message or belong to the connection, and libcurl sets them itself. */
static const char *const refused_headers[] = {"Connection", "Content-Length",    "Expect", "Host", "Keep-Alive", "TE",
                                              "Trailer",    "Transfer-Encoding", "Upgrade"};

static bool is_refused(const char *name) {
    for (size_t i = 0; i < sizeof refused_headers / sizeof refused_headers[0]; i++)
        if (strcasecmp(name, refused_headers[i]) == 0)
            return true;
    return strncasecmp(name, "Proxy-", strlen("Proxy-")) == 0;
}

const char *fetch_headers_check(const char *name, const char *value) {
    if (!field_name_is_valid(name))
        return "this is not a header name";
    if (is_refused(name))
        return "this header cannot be set";
    if (!value)
        return "the value must be a string, or a list of strings";
    return field_value_is_valid(value) ? NULL : "the value has a control character";
}
