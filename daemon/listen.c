#include "daemon/listen.h"

#include "daemon/listen_address.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static const char *const address_must = "must be host:port, [v6]:port or unix:/path";

const char *listen_check(const char *address) {
    return listen_address_is_valid(address) ? NULL : address_must;
}

static enum err refuse(struct listen_error *ret_error, const char *address, const char *reason, enum err err) {
    (void)snprintf(ret_error->text, sizeof ret_error->text, "cannot listen on %s: %s", address, reason);
    return err;
}

static enum err add_socket(struct listen_sockets *sockets, struct listen_socket **ret_socket) {
    struct listen_socket *items = realloc(sockets->items, (sockets->count + 1) * sizeof *items);
    if (!items)
        return ERR_NOMEM;
    sockets->items = items;
    *ret_socket = &items[sockets->count++];
    **ret_socket = (struct listen_socket){.fd = -1};
    return ERR_NONE;
}

/* Nobody accepts behind a socket file that refuses connections. */
static bool is_stale(const struct listen_address *a) {
    struct sockaddr_un address;
    struct stat file;
    memcpy(&address, &a->storage, sizeof address);
    if (lstat(address.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool refused = connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED;
    (void)close(fd); /* was never used */
    return refused;
}

static bool bind_to(int fd, const struct listen_address *a) {
    return bind(fd, (const struct sockaddr *)&a->storage, a->len) == 0;
}

static bool bind_unix_path(int fd, const struct listen_address *a, const char *path) {
    if (bind_to(fd, a))
        return true;
    if (errno != EADDRINUSE)
        return false;
    bool stale = is_stale(a);
    errno = EADDRINUSE;
    return stale && unlink(path) == 0 && bind_to(fd, a);
}

/* The mode set before bind(2) keeps the file from being open to all for a moment; the umask narrows it, hence the
 * second. */
static bool bind_unix(struct listen_socket *s, const struct listen_address *a, const struct unix_access *access) {
    struct sockaddr_un address;
    struct stat file;
    memcpy(&address, &a->storage, sizeof address);
    s->path = strdup(address.sun_path);
    if (!s->path || fchmod(s->fd, access->mode) != 0 || !bind_unix_path(s->fd, a, s->path))
        return false;
    if (lstat(s->path, &file) != 0)
        return false;
    s->device = file.st_dev;
    s->inode = file.st_ino;
    bool has_owner = access->uid != (uid_t)-1 || access->gid != (gid_t)-1;
    return (!has_owner || chown(s->path, access->uid, access->gid) == 0) && chmod(s->path, access->mode) == 0;
}

static bool bind_host(int fd, const struct listen_address *a) {
    int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return false;
    if (a->storage.ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        return false;
    return bind_to(fd, a);
}

/* False with errno. */
static bool open_socket(struct listen_socket *s, const struct listen_address *a, const struct unix_access *access) {
    int family = a->storage.ss_family;
    s->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0)
        return false;
    bool bound = family == AF_UNIX ? bind_unix(s, a, access) : bind_host(s->fd, a);
    return bound && listen(s->fd, SOMAXCONN) == 0;
}

static enum err open_address(struct listen_sockets *sockets, const char *text, const struct unix_access *access,
                             struct listen_error *ret_error) {
    struct listen_address address;
    struct listen_socket *s;
    const char *reason = address_must;
    enum err err = listen_address_resolve(text, &address, &reason);
    if (err)
        return refuse(ret_error, text, reason, err);
    err = add_socket(sockets, &s);
    if (err)
        return err;
    if (!open_socket(s, &address, access))
        return refuse(ret_error, text, strerror(errno), ERR_IO);
    err = listen_address_of(s->fd, &s->address);
    return err == ERR_IO ? refuse(ret_error, text, strerror(errno), ERR_IO) : err;
}

static enum err take_from_systemd(struct listen_sockets *sockets, int fd, struct listen_error *ret_error) {
    struct listen_socket *s;
    char name[48];
    (void)snprintf(name, sizeof name, "descriptor %d from systemd", fd);
    if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
        return refuse(ret_error, name, "it is no listening stream socket", ERR_IO);
    enum err err = add_socket(sockets, &s);
    if (err)
        return err;
    s->fd = fd;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return refuse(ret_error, name, strerror(errno), ERR_IO);
    err = listen_address_of(fd, &s->address);
    return err == ERR_IO ? refuse(ret_error, name, strerror(errno), ERR_IO) : err;
}

static enum err open_all(const struct settings_list *addresses, const struct unix_access *access,
                         struct listen_sockets *sockets, struct listen_error *ret_error) {
    enum err err = ERR_NONE;
    int handed = sd_listen_fds(1);
    if (handed < 0)
        return refuse(ret_error, "the sockets from systemd", strerror(-handed), ERR_IO);
    sockets->handed_over = handed > 0;
    for (int i = 0; i < handed && !err; i++)
        err = take_from_systemd(sockets, SD_LISTEN_FDS_START + i, ret_error);
    for (size_t i = 0; handed == 0 && i < addresses->count && !err; i++)
        err = open_address(sockets, addresses->items[i], access, ret_error);
    return err;
}

enum err listen_open(const struct settings_list *addresses, const struct unix_access *access,
                     struct listen_sockets *ret_sockets, struct listen_error *ret_error) {
    struct listen_sockets sockets = {0};
    enum err err = open_all(addresses, access, &sockets, ret_error);
    if (err) {
        listen_close(&sockets);
        return err;
    }
    *ret_sockets = sockets;
    return ERR_NONE;
}

static void remove_file(const struct listen_socket *s) {
    struct stat file;
    if (s->path && lstat(s->path, &file) == 0 && file.st_dev == s->device && file.st_ino == s->inode)
        (void)unlink(s->path); /* a file that stays is replaced at the next start */
}

void listen_close(struct listen_sockets *sockets) {
    for (size_t i = 0; i < sockets->count; i++) {
        struct listen_socket *s = &sockets->items[i];
        remove_file(s);
        if (s->fd >= 0)
            (void)close(s->fd); /* a listening socket has nothing to lose */
        free(s->address);
        free(s->path);
    }
    free(sockets->items);
    *sockets = (struct listen_sockets){0};
}
