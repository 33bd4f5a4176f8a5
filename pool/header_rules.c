#include "pool/header_rules.h"

#include "pool/field.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char is_ours[] = "this header cannot be set";
static const char opens_metadata[] = "this header opens metadata services of clouds, and cannot be set";

/* A name that ends in a dash stands for all that begin with it. */
static const struct {
    const char *name;
    const char *reason;
} refused_headers[] = {
    /* They frame the message or belong to the connection, and libcurl sets them itself. RFC 9110, section 7.6.1. */
    {"Connection", is_ours},
    {"Content-Length", is_ours},
    {"Expect", is_ours},
    {"Host", is_ours},
    {"HTTP2-Settings", is_ours},
    {"Keep-Alive", is_ours},
    {"Proxy-", is_ours},
    {"TE", is_ours},
    {"Trailer", is_ours},
    {"Transfer-Encoding", is_ours},
    {"Upgrade", is_ours},
    /* Metadata services ask for them because a server that fetches for others does not send them. */
    {"Metadata", opens_metadata},               /* Azure */
    {"Metadata-", opens_metadata},              /* Google, IBM, Yandex: -Flavor; Linode, Vultr: -Token */
    {"X-Aws-Ec2-Metadata-", opens_metadata},    /* AWS, and those that speak like it */
    {"X-Aliyun-Ecs-Metadata-", opens_metadata}, /* Alibaba */
    {"X-Google-Metadata-", opens_metadata},     /* Google */
    {"X-Metadata-Token", opens_metadata},       /* Huawei */
    {"X-Metadata-Token-", opens_metadata},
};

/* An underscore counts as a dash: what lies behind CGI cannot tell them apart. RFC 3875, section 4.1.18. */
static bool matches(const char *name, const char *refused) {
    for (; *refused && (*name == '_' ? '-' : tolower((unsigned char)*name)) == tolower((unsigned char)*refused); name++)
        refused++;
    return *refused == '\0' && (*name == '\0' || refused[-1] == '-');
}

/* Oracle has a constant in place of a token. */
static bool opens_oracle(const char *name, const char *value) {
    static const char scheme[] = "Bearer";
    if (strcasecmp(name, "Authorization") != 0 || strncasecmp(value, scheme, strlen(scheme)) != 0)
        return false;
    value += strlen(scheme);
    size_t blanks = strspn(value, " \t");
    size_t len = strcspn(value + blanks, " \t");
    return blanks > 0 && len == strlen("Oracle") && strncasecmp(value + blanks, "Oracle", len) == 0;
}

const char *header_rules_check(const char *name, const char *value) {
    if (!field_name_is_valid(name))
        return "this is not a header name";
    for (size_t i = 0; i < sizeof refused_headers / sizeof refused_headers[0]; i++)
        if (matches(name, refused_headers[i].name))
            return refused_headers[i].reason;
    if (!value)
        return "the value must be a string, or a list of strings";
    if (opens_oracle(name, value + strspn(value, " \t")))
        return opens_metadata;
    return field_value_is_valid(value) ? NULL : "the value has a control character";
}
