/* The sockets that clients connect to.
 *
 * An address is host:port, [v6]:port or unix:/path. A name is looked up once and its first address taken; port 0 lets
 * the system choose; [::] does not take IPv4 connections as well. Sockets that systemd hands over, sd_listen_fds(3),
 * stand in for all addresses of the settings. */
#ifndef FETCHPOOL_DAEMON_LISTEN_H
#define FETCHPOOL_DAEMON_LISTEN_H

#include "base/err.h"
#include "config/settings.h"
#include "daemon/unix_access.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* `fd` and `address` may be read, the rest is private. */
struct listen_socket {
    int fd;        /* non-blocking; whoever takes it over sets it to -1 */
    char *address; /* what is really bound: "127.0.0.1:43121", "[::1]:8080", "unix:/run/fetchpool/http" */
    char *path;    /* to be removed at close, or NULL */
    dev_t device;
    ino_t inode;
};

struct listen_sockets {
    struct listen_socket *items;
    size_t count;
    bool handed_over; /* by systemd, which goes on listening when they are closed here */
};

enum { LISTEN_ERROR_BYTES = 384 };

/* One line without a newline: "cannot listen on 127.0.0.1:8080: Address already in use". */
struct listen_error {
    char text[LISTEN_ERROR_BYTES];
};

/* What an address must be, or NULL when it looks right; nothing is looked up. Fits settings_load_check. */
const char *listen_check(const char *address);

/* Opens what systemd handed over, or else all addresses; the caller owns the result and calls listen_close. A Unix
 * socket has mode and owner as `access` says; a socket file that a dead process left is replaced. Blocks on name
 * lookups. ERR_INVALID for an address, ERR_IO, both with the text; ERR_NOMEM. Once, before threads. */
enum err listen_open(const struct settings_list *addresses, const struct unix_access *access,
                     struct listen_sockets *ret_sockets, struct listen_error *ret_error) ERR_MUST_CHECK;

/* Closes what was not taken over and removes the files of Unix sockets that are still ours. */
void listen_close(struct listen_sockets *sockets);

#endif
