#include "pool/name_server.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { NAME_SERVER_PORT = 53, NAME_SERVER_TEXT_BYTES = INET6_ADDRSTRLEN + 8 };

struct name_server {
    char address[INET6_ADDRSTRLEN];
    bool is_v6;
    unsigned port;
};

/* Up to five digits behind the colon at `text`. */
static bool parse_port(const char *text, unsigned *ret_port) {
    size_t len = strspn(text + 1, "0123456789");
    unsigned port = 0;
    if (*text != ':' || len == 0 || len > 5 || text[len + 1] != '\0')
        return false;
    for (size_t i = 1; i <= len; i++)
        port = port * 10 + (unsigned)(text[i] - '0');
    *ret_port = port;
    return port >= 1 && port <= UINT16_MAX;
}

static bool parse(const char *text, struct name_server *ret) {
    struct in6_addr bytes;
    bool bracketed = *text == '[';
    bool bare_v6 = !bracketed && strchr(text, ':') != strrchr(text, ':');
    const char *start = text + bracketed;
    size_t len = bare_v6 ? strlen(start) : strcspn(start, bracketed ? "]" : ":");
    if (len >= sizeof ret->address || (bracketed && start[len] != ']'))
        return false;
    memcpy(ret->address, start, len);
    ret->address[len] = '\0';
    ret->is_v6 = bracketed || bare_v6;
    ret->port = NAME_SERVER_PORT;
    const char *rest = start + len + bracketed;
    return inet_pton(ret->is_v6 ? AF_INET6 : AF_INET, ret->address, &bytes) == 1 &&
           (*rest == '\0' || parse_port(rest, &ret->port));
}

const char *name_server_check(const char *text) {
    struct name_server server;
    return parse(text, &server) ? NULL
                                : "must be an address, or one with a port such as 192.0.2.53:53 or [fd00::53]:53";
}

enum err name_server_join(char *const *texts, size_t count, char **ret_joined, const char **ret_bad) {
    struct buf joined;
    struct name_server server;
    enum err err = ERR_NONE;
    buf_init(&joined, (count + 1) * NAME_SERVER_TEXT_BYTES);
    for (size_t i = 0; i < count && !err; i++) {
        if (!parse(texts[i], &server)) {
            *ret_bad = texts[i];
            err = ERR_INVALID;
        } else {
            err =
                buf_printf(&joined, server.is_v6 ? "%s[%s]:%u" : "%s%s:%u", i ? "," : "", server.address, server.port);
        }
    }
    if (!err)
        err = buf_append_char(&joined, '\0');
    if (!err) {
        size_t len;
        *ret_joined = buf_take(&joined, &len);
    }
    buf_fini(&joined);
    return err;
}
