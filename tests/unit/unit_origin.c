#include "unit_origin.h"

#include "base/thread.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Nothing is allocated here: allocations may be made to fail. In these threads a check that fails ends the program. */

enum { HEAD_BYTES = 16 * 1024 };

static const char not_found[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

static const struct unit_route *find_route(const struct unit_origin *o, const char *path, size_t len) {
    static const struct unit_route none = {.answer = not_found};
    for (const struct unit_route *r = o->routes; r->path; r++)
        if (strlen(r->path) == len && memcmp(r->path, path, len) == 0)
            return r;
    return &none;
}

/* ---- one connection ---- */

/* Reads up to the end of the header; what came behind it stands there too. 0: the client has left, or it is no HTTP. */
static size_t read_head(int fd, char head[HEAD_BYTES], size_t *ret_body_start) {
    size_t len = 0;
    for (;;) {
        ssize_t n = recv(fd, head + len, HEAD_BYTES - 1 - len, 0);
        if (n <= 0 || !isupper((unsigned char)head[0]))
            return 0;
        len += (size_t)n;
        head[len] = '\0';
        const char *end = strstr(head, "\r\n\r\n");
        if (end) {
            *ret_body_start = (size_t)(end - head) + 4;
            return len;
        }
        assert(len < HEAD_BYTES - 1);
    }
}

/* What does not fit is read and dropped. */
static bool read_body(int fd, char head[HEAD_BYTES], size_t *len, size_t body_start) {
    char dropped[HEAD_BYTES];
    const char *field = strcasestr(head, "\r\nContent-Length:");
    size_t body_bytes = field && field < head + body_start ? (size_t)strtoul(field + 17, NULL, 10) : 0;
    size_t got = *len - body_start;
    while (got < body_bytes) {
        size_t room = HEAD_BYTES - 1 - *len;
        ssize_t n = recv(fd, room ? head + *len : dropped, room ? room : sizeof dropped, 0);
        if (n <= 0)
            return false;
        got += (size_t)n;
        *len += room ? (size_t)n : 0;
    }
    head[*len] = '\0';
    assert(got == body_bytes); /* no client sends ahead */
    return true;
}

static void note_request(struct unit_origin *o, const char *head) {
    pthread_mutex_lock(&o->lock);
    assert(o->request_count < UNIT_ORIGIN_REQUESTS);
    memcpy(o->requests[o->request_count++], head, strnlen(head, UNIT_ORIGIN_REQUEST_BYTES - 1)); /* zeroed before */
    if (++o->answering > o->most_answering)
        o->most_answering = o->answering;
    pthread_mutex_unlock(&o->lock);
    sem_post(&o->arrived);
}

static void note_answer(struct unit_origin *o) {
    pthread_mutex_lock(&o->lock);
    o->answering--;
    pthread_mutex_unlock(&o->lock);
}

/* A client that leaves in the middle is no fault. */
static void send_all(int fd, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        bytes += n;
        len -= (size_t)n;
    }
}

static void wait_until_left(struct unit_origin *o, int fd) {
    char byte;
    while (recv(fd, &byte, 1, 0) > 0)
        continue;
    sem_post(&o->left);
}

/* False: nothing more comes. The count goes down before the answer goes out, since the next request may come at once.
 */
static bool answer(struct unit_origin *o, int fd, const char *head, bool is_first) {
    const char *path = strchr(head, ' ') + 1;
    const struct unit_route *route = find_route(o, path, strcspn(path, " ?"));
    if (route->waits)
        thread_wait(&o->go);
    note_answer(o);
    if (route->fresh && !is_first)
        return false;
    if (route->answer)
        send_all(fd, route->answer, route->answer_bytes ? route->answer_bytes : strlen(route->answer));
    if (route->opens)
        sem_post(&o->go);
    if (route->then == UNIT_THEN_HOLD)
        wait_until_left(o, fd);
    return route->then == UNIT_THEN_KEEP;
}

static void *serve(void *arg) {
    const struct unit_connection *c = arg;
    char head[HEAD_BYTES];
    size_t body_start = 0;
    bool goes_on = true;
    for (size_t count = 0; goes_on; count++) {
        size_t len = read_head(c->fd, head, &body_start);
        goes_on = len > 0 && read_body(c->fd, head, &len, body_start);
        if (goes_on) {
            note_request(c->origin, head);
            goes_on = answer(c->origin, c->fd, head, count == 0);
        }
    }
    (void)shutdown(c->fd, SHUT_RDWR); /* the client may have left; its number stays taken until the end */
    return NULL;
}

/* ---- the origin ---- */

static void add_connection(struct unit_origin *o, int fd) {
    pthread_mutex_lock(&o->lock);
    assert(o->connection_count < UNIT_ORIGIN_CONNECTIONS);
    struct unit_connection *c = &o->connections[o->connection_count++];
    *c = (struct unit_connection){.origin = o, .fd = fd};
    int failed = pthread_create(&c->thread, NULL, serve, c);
    assert(!failed);
    (void)failed;
    pthread_mutex_unlock(&o->lock);
}

static void *accept_all(void *arg) {
    struct unit_origin *o = arg;
    int on = 1;
    for (int fd = accept4(o->fd, NULL, NULL, SOCK_CLOEXEC); fd >= 0; fd = accept4(o->fd, NULL, NULL, SOCK_CLOEXEC)) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        add_connection(o, fd);
    }
    return NULL;
}

static int listen_on_loopback(int *ret_port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed = bind(fd, (struct sockaddr *)&address, len) || listen(fd, UNIT_ORIGIN_CONNECTIONS) ||
                 getsockname(fd, (struct sockaddr *)&address, &len);
    assert(!failed);
    (void)failed;
    *ret_port = ntohs(address.sin_port);
    return fd;
}

void unit_origin_start(struct unit_origin *o, const struct unit_route *routes) {
    memset(o, 0, sizeof *o);
    o->routes = routes;
    sem_init(&o->arrived, 0, 0);
    sem_init(&o->left, 0, 0);
    sem_init(&o->go, 0, 0);
    pthread_mutex_init(&o->lock, NULL);
    o->requests = calloc(UNIT_ORIGIN_REQUESTS, sizeof *o->requests);
    assert(o->requests);
    o->fd = listen_on_loopback(&o->port);
    int failed = pthread_create(&o->thread, NULL, accept_all, o);
    assert(!failed);
    (void)failed;
}

void unit_origin_stop(struct unit_origin *o) {
    (void)shutdown(o->fd, SHUT_RDWR); /* ends accept4 */
    (void)pthread_join(o->thread, NULL);
    for (size_t i = 0; i < o->connection_count; i++) {
        (void)shutdown(o->connections[i].fd, SHUT_RDWR);
        sem_post(&o->go);
    }
    for (size_t i = 0; i < o->connection_count; i++) {
        (void)pthread_join(o->connections[i].thread, NULL);
        (void)close(o->connections[i].fd);
    }
    (void)close(o->fd);
    free(o->requests);
    pthread_mutex_destroy(&o->lock);
    sem_destroy(&o->arrived);
    sem_destroy(&o->left);
    sem_destroy(&o->go);
}

const char *unit_origin_url(const struct unit_origin *o, const char *path) {
    static char urls[16][256];
    static size_t made;
    char *url = urls[made++ % 16];
    (void)snprintf(url, sizeof urls[0], "http://127.0.0.1:%d%s", o->port, path);
    return url;
}

size_t unit_origin_requests(struct unit_origin *o) {
    pthread_mutex_lock(&o->lock);
    size_t count = o->request_count;
    pthread_mutex_unlock(&o->lock);
    return count;
}

const char *unit_origin_request(struct unit_origin *o, size_t index) {
    assert(index < unit_origin_requests(o));
    return o->requests[index]; /* is not written any more */
}

size_t unit_origin_connections(struct unit_origin *o) {
    pthread_mutex_lock(&o->lock);
    size_t count = o->connection_count;
    pthread_mutex_unlock(&o->lock);
    return count;
}

size_t unit_origin_most_answering(struct unit_origin *o) {
    pthread_mutex_lock(&o->lock);
    size_t most = o->most_answering;
    pthread_mutex_unlock(&o->lock);
    return most;
}
