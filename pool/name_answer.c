#include "pool/name_answer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err name_answer_create(enum name_status status, const char *addresses, int64_t expires_at_ms,
                            struct name_answer **ret_answer) {
    static _Atomic uint64_t serials;
    size_t len = strlen(addresses);
    struct name_answer *a = malloc(sizeof *a + len + 1);
    if (!a)
        return ERR_NOMEM;
    atomic_init(&a->refs, 1);
    a->status = status;
    a->expires_at_ms = expires_at_ms;
    a->serial = atomic_fetch_add(&serials, 1) + 1;
    a->judged_by = 0;
    memcpy(a->addresses, addresses, len + 1);
    *ret_answer = a;
    return ERR_NONE;
}

struct name_answer *name_answer_ref(struct name_answer *a) {
    atomic_fetch_add(&a->refs, 1);
    return a;
}

void name_answer_unref(struct name_answer *a) {
    if (a && atomic_fetch_sub(&a->refs, 1) == 1)
        free(a);
}

enum err name_answer_add_address(struct buf *addresses, const struct sockaddr *address) {
    char text[INET6_ADDRSTRLEN + sizeof ",[]"];
    char bare[INET6_ADDRSTRLEN];
    bool is_v6 = address->sa_family == AF_INET6;
    const void *bytes = is_v6 ? (const void *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr
                              : (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
    if ((!is_v6 && address->sa_family != AF_INET) || !inet_ntop(address->sa_family, bytes, bare, sizeof bare))
        return ERR_NONE;
    int len = snprintf(text, sizeof text, is_v6 ? "%s[%s]" : "%s%s", addresses->len ? "," : "", bare);
    return buf_append(addresses, text, (size_t)len);
}

const char *name_answer_reason(enum name_status status) {
    switch (status) {
    case NAME_FOUND:
    case NAME_STATUS_COUNT:
        break;
    case NAME_BLOCKED:
        return "an address of it is refused";
    case NAME_NOT_FOUND:
        return "it does not exist";
    case NAME_NO_ADDRESS:
        return "it has no address";
    case NAME_MALFORMED:
        return "it is no host name";
    case NAME_SILENT:
        return "no name server answered";
    case NAME_BROKEN:
        return "no name server could tell";
    }
    return "";
}
