#include "pool/ports.h"

#include <stddef.h>

enum { PORTS_MAX = 65535, PORTS_MAX_DIGITS = 5 };

static bool parse_port(const char **at, uint16_t *ret_port) {
    const char *p = *at;
    unsigned port = 0;
    for (; *p >= '0' && *p <= '9' && p - *at < PORTS_MAX_DIGITS; p++)
        port = port * 10 + (unsigned)(*p - '0');
    if (port == 0 || port > PORTS_MAX)
        return false;
    *at = p;
    *ret_port = (uint16_t)port;
    return true;
}

bool ports_parse(const char *text, struct port_range *ret_range) {
    struct port_range range;
    if (!parse_port(&text, &range.first))
        return false;
    range.last = range.first;
    if (*text == '-') {
        text++;
        if (!parse_port(&text, &range.last))
            return false;
    }
    if (*text != '\0' || range.last < range.first)
        return false;
    *ret_range = range;
    return true;
}

const char *ports_check(const char *text) {
    struct port_range range;
    return ports_parse(text, &range) ? NULL : "must be a port or a range of them such as 443 or 8000-8099";
}
