/* Addresses of listening sockets as text, for daemon/listen.c. */
#ifndef FETCHPOOL_DAEMON_LISTEN_ADDRESS_H
#define FETCHPOOL_DAEMON_LISTEN_ADDRESS_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/socket.h>

struct listen_address {
    struct sockaddr_storage storage;
    socklen_t len;
};

/* host:port, [v6]:port or unix:/path; nothing is looked up. */
bool listen_address_is_valid(const char *text);

/* The path of a Unix socket's address, within `text`; NULL for another one. */
const char *listen_address_path(const char *text);

/* Looks the name up, getaddrinfo(3); may block. ERR_INVALID for a text that is not valid; ERR_IO when the name has no
 * address, with the reason (static). */
enum err listen_address_resolve(const char *text, struct listen_address *ret_address,
                                const char **ret_reason) ERR_MUST_CHECK;

/* The address that a socket is bound to; the caller owns the text and calls free(). ERR_IO, ERR_NOMEM. */
enum err listen_address_of(int fd, char **ret_text) ERR_MUST_CHECK;

#endif
