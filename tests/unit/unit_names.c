#include "unit_names.h"

#include "pool/names.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28, HEAD_BYTES = 12, MESSAGE_BYTES = 4096, DATAGRAM_BYTES = 512 };

struct message {
    uint8_t bytes[MESSAGE_BYTES];
    size_t len;
};

static void put(struct message *m, const void *bytes, size_t n) {
    assert_true(m->len + n <= sizeof m->bytes);
    memcpy(m->bytes + m->len, bytes, n);
    m->len += n;
}

static void put_16(struct message *m, unsigned value) {
    uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    put(m, bytes, sizeof bytes);
}

static void put_name(struct message *m, const char *name) {
    while (*name) {
        size_t len = strcspn(name, ".");
        uint8_t label = (uint8_t)len;
        put(m, &label, 1);
        put(m, name, len);
        name += len + (name[len] == '.');
    }
    put(m, "", 1);
}

/* Without an owner it is that of the question. */
static void put_record(struct message *m, const char *owner, unsigned type, uint32_t ttl, const struct message *data) {
    if (owner)
        put_name(m, owner);
    else
        put_16(m, 0xC000 | HEAD_BYTES);
    put_16(m, type);
    put_16(m, 1);
    put_16(m, ttl >> 16);
    put_16(m, ttl & 0xFFFF);
    put_16(m, (unsigned)data->len);
    put(m, data->bytes, data->len);
    m->bytes[7]++; /* the number of answers, below 256 */
}

static void put_address(struct message *m, const char *owner, uint32_t ttl, const char *text, unsigned add) {
    struct message data = {.len = 0};
    bool is_v6 = strchr(text, ':') != NULL;
    assert_int_equal(inet_pton(is_v6 ? AF_INET6 : AF_INET, text, data.bytes), 1);
    data.len = is_v6 ? 16 : 4;
    data.bytes[data.len - 1] = (uint8_t)(data.bytes[data.len - 1] + add);
    put_record(m, owner, is_v6 ? TYPE_AAAA : TYPE_A, ttl, &data);
}

static void put_answers(struct message *m, const struct unit_record *r, unsigned type) {
    const char *owner = NULL;
    if (r->alias) {
        struct message data = {.len = 0};
        put_name(&data, r->alias);
        put_record(m, NULL, TYPE_CNAME, r->alias_ttl, &data);
        owner = r->alias;
    }
    for (size_t i = 0; i < 4 && type == TYPE_A && r->v4[i]; i++)
        for (unsigned k = 0; k == 0 || k < r->copies; k++)
            put_address(m, owner, r->ttl, r->v4[i], k);
    for (size_t i = 0; i < 4 && type == TYPE_AAAA && r->v6[i]; i++)
        put_address(m, owner, r->ttl, r->v6[i], 0);
}

static const struct unit_record *find_record(const struct unit_names *n, const char *name) {
    for (const struct unit_record *r = n->records; r->name; r++) {
        size_t len = strlen(name), end = strlen(r->name);
        if (strcmp(r->name, name) == 0 || (r->is_wildcard && len > end && strcmp(name + len - end, r->name) == 0))
            return r;
    }
    return NULL;
}

/* The name as text, in lower case; the length of what follows the header up to the end of the question. */
static size_t read_question(const uint8_t *bytes, char ret_name[256], unsigned *ret_type) {
    size_t at = HEAD_BYTES, len = 0;
    for (; bytes[at]; at += bytes[at] + 1U) {
        if (len)
            ret_name[len++] = '.';
        memcpy(ret_name + len, bytes + at + 1, bytes[at]);
        len += bytes[at];
    }
    ret_name[len] = '\0';
    *ret_type = (unsigned)(bytes[at + 1] << 8 | bytes[at + 2]);
    return at + 5 - HEAD_BYTES;
}

static void note(struct unit_names *n, const char *name) {
    pthread_mutex_lock(&n->lock);
    assert_true(n->query_count < UNIT_NAMES_QUERIES);
    (void)snprintf(n->queries[n->query_count++], sizeof n->queries[0], "%s", name);
    pthread_mutex_unlock(&n->lock);
    sem_post(&n->asked);
}

/* False: there is no answer. */
static bool make_answer(struct unit_names *n, const uint8_t *query, size_t max_bytes, struct message *ret) {
    char name[256];
    unsigned type;
    size_t question_len = read_question(query, name, &type);
    const struct unit_record *r = find_record(n, name);
    note(n, name);
    while (r && r->waits && sem_wait(&n->go) != 0)
        continue;
    ret->len = 0;
    put(ret, query, 2);
    put_16(ret, 0x8180 | (r ? r->code : UNIT_NAMES_NO_SUCH_NAME));
    put_16(ret, 1);
    put(ret, "\0\0\0\0\0", 6);
    put(ret, query + HEAD_BYTES, question_len);
    if (r && !r->code)
        put_answers(ret, r, type);
    if (ret->len > max_bytes) {
        ret->bytes[2] |= 0x02; /* truncated, RFC 1035, section 4.1.1 */
        ret->bytes[7] = 0;
        ret->len = HEAD_BYTES + question_len;
    }
    return !r || !r->is_silent;
}

static void serve_datagram(struct unit_names *n, const uint8_t *query, const struct sockaddr_in *client) {
    struct message m;
    if (make_answer(n, query, DATAGRAM_BYTES, &m))
        (void)sendto(n->fd, m.bytes, m.len, 0, (const struct sockaddr *)client, sizeof *client);
}

/* One question. */
static void serve_stream(struct unit_names *n) {
    struct message m, out = {.len = 0};
    uint8_t query[2 + DATAGRAM_BYTES];
    int fd = accept(n->listen_fd, NULL, NULL);
    size_t len = 0;
    for (ssize_t got = 1; got > 0 && (len < 2 || len < 2U + (size_t)(query[0] << 8 | query[1])); len += (size_t)got)
        got = recv(fd, query + len, sizeof query - len, 0);
    if (make_answer(n, query + 2, MESSAGE_BYTES, &m)) {
        put_16(&out, (unsigned)m.len);
        put(&out, m.bytes, m.len);
        (void)send(fd, out.bytes, out.len, MSG_NOSIGNAL);
    }
    close(fd);
}

/* An empty datagram is the end. */
static void *serve(void *arg) {
    struct unit_names *n = arg;
    for (;;) {
        uint8_t query[MESSAGE_BYTES];
        struct sockaddr_in client;
        socklen_t len = sizeof client;
        struct pollfd fds[] = {{.fd = n->fd, .events = POLLIN}, {.fd = n->listen_fd, .events = POLLIN}};
        (void)poll(fds, 2, -1);
        if (fds[1].revents)
            serve_stream(n);
        if (!fds[0].revents)
            continue;
        ssize_t got = recvfrom(n->fd, query, sizeof query, 0, (struct sockaddr *)&client, &len);
        if (got == 0)
            return NULL;
        if (got > HEAD_BYTES)
            serve_datagram(n, query, &client);
    }
}

/* The port that the stream socket got may be taken for datagrams. */
static void bind_both(struct unit_names *n, struct sockaddr_in *address) {
    for (;;) {
        socklen_t len = sizeof *address;
        address->sin_port = 0;
        n->listen_fd = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(bind(n->listen_fd, (const struct sockaddr *)address, len), 0);
        assert_int_equal(listen(n->listen_fd, 8), 0);
        assert_int_equal(getsockname(n->listen_fd, (struct sockaddr *)address, &len), 0);
        n->fd = socket(AF_INET, SOCK_DGRAM, 0);
        if (bind(n->fd, (const struct sockaddr *)address, len) == 0)
            return;
        close(n->fd);
        close(n->listen_fd);
    }
}

void unit_names_start(struct unit_names *n, const struct unit_record *records) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    memset(n, 0, sizeof *n);
    n->records = records;
    sem_init(&n->asked, 0, 0);
    sem_init(&n->go, 0, 0);
    pthread_mutex_init(&n->lock, NULL);
    bind_both(n, &address);
    (void)snprintf(n->servers, sizeof n->servers, "127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&n->thread, NULL, serve, n), 0);
}

void unit_names_stop(struct unit_names *n) {
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    for (int i = 0; i < 64; i++)
        sem_post(&n->go); /* for whatever still waits */
    assert_int_equal(getsockname(n->fd, (struct sockaddr *)&address, &len), 0);
    (void)sendto(n->fd, "", 0, 0, (const struct sockaddr *)&address, sizeof address);
    assert_int_equal(pthread_join(n->thread, NULL), 0);
    close(n->fd);
    close(n->listen_fd);
    sem_destroy(&n->asked);
    sem_destroy(&n->go);
    pthread_mutex_destroy(&n->lock);
}

size_t unit_names_queries(struct unit_names *n, const char *name) {
    size_t count = 0;
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->query_count; i++)
        count += !name || strcmp(n->queries[i], name) == 0;
    pthread_mutex_unlock(&n->lock);
    return count;
}

uint64_t unit_names_cached(const struct names *names) {
    struct names_stats stats;
    names_read_stats(names, &stats);
    return stats.cached;
}
