#include "daemon/listen_address.h"

#include <errno.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define UNIX_PREFIX "unix:"

enum { PORT_DIGITS = 5, PORT_MAX = 65535, HOST_BYTES = 256, PATH_BYTES = sizeof((struct sockaddr_un *)NULL)->sun_path };

struct host_port {
    char host[HOST_BYTES];
    const char *port;
};

const char *listen_address_path(const char *text) {
    size_t prefix_len = strlen(UNIX_PREFIX);
    return strncmp(text, UNIX_PREFIX, prefix_len) == 0 ? text + prefix_len : NULL;
}

static bool is_port(const char *text) {
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= PORT_DIGITS && text[digits] == '\0' && strtol(text, NULL, 10) <= PORT_MAX;
}

/* A name or an IPv4 address holds no colon, an IPv6 address stands in brackets. */
static bool split(const char *text, struct host_port *ret_parts) {
    const char *host = text[0] == '[' ? text + 1 : text;
    size_t len = strcspn(host, text[0] == '[' ? "]" : ":");
    const char *colon = host + len + (text[0] == '[' && host[len] == ']');
    if (len == 0 || len >= HOST_BYTES || *colon != ':' || !is_port(colon + 1))
        return false;
    if (text[0] == '[' && !memchr(host, ':', len))
        return false;
    memcpy(ret_parts->host, host, len);
    ret_parts->host[len] = '\0';
    ret_parts->port = colon + 1;
    return true;
}

bool listen_address_is_valid(const char *text) {
    struct host_port parts;
    const char *path = listen_address_path(text);
    if (path)
        return path[0] == '/' && strlen(path) < PATH_BYTES;
    return split(text, &parts);
}

static void resolve_unix(const char *path, struct listen_address *ret_address) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    memcpy(address.sun_path, path, len + 1);
    memcpy(&ret_address->storage, &address, sizeof address);
    ret_address->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
}

static enum err resolve_host(const struct host_port *parts, struct listen_address *ret_address,
                             const char **ret_reason) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found;
    int failed = getaddrinfo(parts->host, parts->port, &hints, &found);
    if (failed) {
        *ret_reason = failed == EAI_SYSTEM ? strerror(errno) : gai_strerror(failed);
        return ERR_IO;
    }
    memcpy(&ret_address->storage, found->ai_addr, found->ai_addrlen);
    ret_address->len = found->ai_addrlen;
    freeaddrinfo(found);
    return ERR_NONE;
}

enum err listen_address_resolve(const char *text, struct listen_address *ret_address, const char **ret_reason) {
    struct host_port parts;
    if (!listen_address_is_valid(text))
        return ERR_INVALID;
    const char *path = listen_address_path(text);
    if (path) {
        resolve_unix(path, ret_address);
        return ERR_NONE;
    }
    return split(text, &parts) ? resolve_host(&parts, ret_address, ret_reason) : ERR_INVALID;
}

/* A name in the abstract namespace, unix(7), has a NUL in front and is shown with '@'. */
static enum err text_of_unix(const struct listen_address *a, char **ret_text) {
    struct sockaddr_un address;
    memcpy(&address, &a->storage, sizeof address);
    bool abstract = address.sun_path[0] == '\0';
    int len = (int)a->len - (int)offsetof(struct sockaddr_un, sun_path) - abstract;
    if (len < 0)
        len = 0;
    int n = asprintf(ret_text, UNIX_PREFIX "%s%.*s", abstract ? "@" : "", len, address.sun_path + abstract);
    return n < 0 ? ERR_NOMEM : ERR_NONE;
}

static enum err text_of_host(const struct listen_address *a, char **ret_text) {
    char host[HOST_BYTES], port[PORT_DIGITS + 1];
    int failed = getnameinfo((const struct sockaddr *)&a->storage, a->len, host, sizeof host, port, sizeof port,
                             NI_NUMERICHOST | NI_NUMERICSERV);
    if (failed)
        return ERR_IO;
    bool v6 = a->storage.ss_family == AF_INET6;
    return asprintf(ret_text, v6 ? "[%s]:%s" : "%s:%s", host, port) < 0 ? ERR_NOMEM : ERR_NONE;
}

enum err listen_address_of(int fd, char **ret_text) {
    struct listen_address a = {.len = sizeof a.storage};
    if (getsockname(fd, (struct sockaddr *)&a.storage, &a.len) != 0)
        return ERR_IO;
    return a.storage.ss_family == AF_UNIX ? text_of_unix(&a, ret_text) : text_of_host(&a, ret_text);
}
