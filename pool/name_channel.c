#include "pool/name_channel.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    CHANNEL_TRIES = 3,
    CHANNEL_MIN_MS = 1000, /* bounds of how long an answer is kept */
    CHANNEL_MAX_MS = 3600 * 1000,
    CHANNEL_NONE_MS = 5000,    /* there is no such name, or no address; RFC 2308 would allow longer */
    CHANNEL_FAILURE_MS = 2000, /* nobody could tell */
    CHANNEL_ADDRESSES_BYTES = NAME_ANSWER_MAX_ADDRESSES * 48,
};

/* A name that was asked for. */
struct question {
    struct name_channel *channel;
    void *question;
};

/* ---- sockets ---- */

static ares_socket_t open_socket(int domain, int type, int protocol, void *arg) {
    (void)arg;
    return socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
}

static int close_socket(ares_socket_t fd, void *arg) {
    (void)arg;
    return close(fd);
}

static int connect_socket(ares_socket_t fd, const struct sockaddr *address, ares_socklen_t len, void *arg) {
    (void)arg;
    return connect(fd, address, len);
}

static ares_ssize_t receive(ares_socket_t fd, void *bytes, size_t n, int flags, struct sockaddr *address,
                            ares_socklen_t *len, void *arg) {
    (void)arg;
    return recvfrom(fd, bytes, n, flags, address, len);
}

/* A refusal that is told when a datagram is sent is that of an earlier one. c-ares would put it down to this one, and
 * wait for the other in vain; sent again, both are refused where answers are received. */
static ares_ssize_t send_bytes(ares_socket_t fd, const struct iovec *parts, int count, void *arg) {
    const struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = (size_t)count};
    (void)arg;
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    return sent < 0 && errno == ECONNREFUSED ? sendmsg(fd, &message, MSG_NOSIGNAL) : sent;
}

static const struct ares_socket_functions socket_functions = {
    .asocket = open_socket,
    .aclose = close_socket,
    .aconnect = connect_socket,
    .arecvfrom = receive,
    .asendv = send_bytes,
};

static void on_socket_state(void *arg, ares_socket_t fd, int readable, int writable) {
    struct name_channel *c = arg;
    struct epoll_event event = {.data.fd = fd};
    event.events = (readable ? EPOLLIN : 0U) | (writable ? EPOLLOUT : 0U);
    if (event.events == 0)
        (void)epoll_ctl(c->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    else if (epoll_ctl(c->epoll_fd, EPOLL_CTL_MOD, fd, &event) != 0 &&
             (errno != ENOENT || epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0))
        c->is_deaf = true;
}

/* Where the kernel has no IPv6, addresses of it are of no use. */
static int usable_family(void) {
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno == EAFNOSUPPORT ? AF_INET : AF_UNSPEC;
    close(fd);
    return AF_UNSPEC;
}

/* ---- opening ---- */

static int init_ares(struct name_channel *c) {
    struct ares_options options = {
        .timeout = (int)c->options->timeout_ms,
        .tries = CHANNEL_TRIES,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = c,
        .resolvconf_path = (char *)(uintptr_t)c->options->resolv_conf, /* it is copied */
    };
    int status = ares_init_options(&c->ares, &options,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF);
    if (status != ARES_SUCCESS) {
        c->ares = NULL;
        return status;
    }
    ares_set_socket_functions(c->ares, &socket_functions, NULL);
    return *c->options->servers ? ares_set_servers_ports_csv(c->ares, c->options->servers) : ARES_SUCCESS;
}

enum err name_channel_open(const struct name_resolver_options *options, int epoll_fd,
                           struct name_channel **ret_channel) {
    struct name_channel *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    list_init(&c->in_resolver);
    c->options = options;
    c->epoll_fd = epoll_fd;
    c->family = usable_family();
    int status = init_ares(c);
    if (status != ARES_SUCCESS) {
        name_channel_close(c);
        return status == ARES_ENOMEM ? ERR_NOMEM : ERR_LIBRARY;
    }
    *ret_channel = c;
    return ERR_NONE;
}

void name_channel_close(struct name_channel *c) {
    if (c->ares)
        ares_destroy(c->ares);
    free(c);
}

void name_channel_give_up(struct name_channel *c) {
    ares_cancel(c->ares);
}

/* ---- answers ---- */

static enum name_status status_of(int status) {
    switch (status) {
    case ARES_ENOTFOUND:
        return NAME_NOT_FOUND;
    case ARES_ENODATA:
        return NAME_NO_ADDRESS;
    case ARES_EBADNAME:
        return NAME_MALFORMED;
    case ARES_ETIMEOUT:
        return NAME_SILENT;
    default: /* c-ares before 1.20 says ARES_ECONNREFUSED also for a server's failure */
        return NAME_BROKEN;
    }
}

static struct name_answer *make_failure(int status) {
    struct name_answer *answer = NULL;
    if (status == ARES_ENOMEM || status == ARES_ECANCELLED || status == ARES_EDESTRUCTION)
        return NULL;
    enum name_status name_status = status_of(status);
    bool is_known = name_status == NAME_NOT_FOUND || name_status == NAME_NO_ADDRESS || name_status == NAME_MALFORMED;
    int64_t expires_at_ms = clock_now_ms() + (is_known ? CHANNEL_NONE_MS : CHANNEL_FAILURE_MS);
    return name_answer_create(name_status, "", expires_at_ms, &answer) ? NULL : answer;
}

/* The shortest time to live among the addresses and the aliases that led to them. */
static int64_t shortest_ms(const struct ares_addrinfo *found) {
    int64_t shortest = CHANNEL_MAX_MS;
    for (const struct ares_addrinfo_node *n = found->nodes; n; n = n->ai_next)
        shortest = n->ai_ttl * INT64_C(1000) < shortest ? n->ai_ttl * INT64_C(1000) : shortest;
    for (const struct ares_addrinfo_cname *n = found->cnames; n; n = n->next)
        shortest = n->ttl * INT64_C(1000) < shortest ? n->ttl * INT64_C(1000) : shortest;
    return shortest < CHANNEL_MIN_MS ? CHANNEL_MIN_MS : shortest;
}

/* The first address that may not be connected to, or NULL. All are judged, also those that will not be kept. */
static const struct ares_addrinfo_node *find_refused(const struct name_resolver_options *options,
                                                     const struct ares_addrinfo *found) {
    struct endpoint e;
    for (const struct ares_addrinfo_node *n = found->nodes; n; n = n->ai_next)
        if (!address_read(n->ai_addr, n->ai_addrlen, &e) || !options->allows(options->arg, e.address))
            return n;
    return NULL;
}

/* All addresses, or the one because of which all are refused. */
static enum err list_addresses(const struct ares_addrinfo *found, const struct ares_addrinfo_node *refused,
                               struct buf *addresses) {
    enum err err = refused ? name_answer_add_address(addresses, refused->ai_addr) : ERR_NONE;
    size_t count = 0;
    for (const struct ares_addrinfo_node *n = refused ? NULL : found->nodes; n && !err; n = n->ai_next)
        if (count++ < NAME_ANSWER_MAX_ADDRESSES)
            err = name_answer_add_address(addresses, n->ai_addr);
    return err ? err : buf_terminate(addresses);
}

static struct name_answer *make_answer(const struct name_resolver_options *options, const struct ares_addrinfo *found) {
    struct name_answer *answer = NULL;
    struct buf addresses;
    buf_init(&addresses, CHANNEL_ADDRESSES_BYTES);
    uint64_t serial = options->serial(options->arg);
    const struct ares_addrinfo_node *refused = find_refused(options, found);
    enum err err = list_addresses(found, refused, &addresses);
    if (!err)
        err = name_answer_create(refused ? NAME_BLOCKED : NAME_FOUND, addresses.data,
                                 clock_now_ms() + shortest_ms(found), &answer);
    buf_fini(&addresses);
    if (err)
        return NULL;
    answer->judged_by = serial;
    return answer;
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *found) {
    struct question *q = arg;
    struct name_channel *c = q->channel;
    (void)timeouts;
    bool is_found = status == ARES_SUCCESS && found && found->nodes;
    struct name_answer *answer =
        is_found ? make_answer(c->options, found) : make_failure(status ? status : ARES_ENODATA);
    if (found)
        ares_freeaddrinfo(found);
    c->running--;
    c->options->answered(c->options->arg, q->question, answer);
    free(q);
}

void name_channel_ask(struct name_channel *c, const char *host, void *question) {
    const struct ares_addrinfo_hints hints = {.ai_family = c->family, .ai_socktype = SOCK_STREAM};
    struct question *q = malloc(sizeof *q);
    if (!q) {
        c->options->answered(c->options->arg, question, NULL);
        return;
    }
    *q = (struct question){.channel = c, .question = question};
    c->asked++;
    c->running++;
    ares_getaddrinfo(c->ares, host, NULL, &hints, on_answer, q);
}

/* ---- waiting ---- */

void name_channel_process(struct name_channel *c, int readable_fd, int writable_fd) {
    ares_process_fd(c->ares, readable_fd < 0 ? ARES_SOCKET_BAD : readable_fd,
                    writable_fd < 0 ? ARES_SOCKET_BAD : writable_fd);
}

int name_channel_timeout_ms(struct name_channel *c) {
    struct timeval most = {.tv_sec = CHANNEL_MAX_MS / 1000}, left;
    const struct timeval *next = c->running > 0 ? ares_timeout(c->ares, &most, &left) : NULL;
    return next ? (int)(next->tv_sec * 1000 + next->tv_usec / 1000 + 1) : -1; /* c-ares cuts microseconds off */
}
