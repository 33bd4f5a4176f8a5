#include "pool/fetch_include.h"

#include <string.h>

static const struct {
    const char *name;
    unsigned part;
} parts[] = {
    {"headers", FETCH_INCLUDE_HEADERS},       {"body", FETCH_INCLUDE_BODY},
    {"timings", FETCH_INCLUDE_TIMINGS},       {"redirects", FETCH_INCLUDE_REDIRECTS},
    {"connection", FETCH_INCLUDE_CONNECTION}, {"tls", FETCH_INCLUDE_TLS},
    {"sha256", FETCH_INCLUDE_SHA256},         {"attempts", FETCH_INCLUDE_ATTEMPTS},
};

unsigned fetch_include_find(const char *name, size_t len) {
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strlen(parts[i].name) == len && memcmp(parts[i].name, name, len) == 0)
            return parts[i].part;
    return 0;
}

const char *fetch_include_name(unsigned part) {
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i].part == part)
            return parts[i].name;
    return "";
}
