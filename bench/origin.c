/* An origin that answers each GET after the same time: origin PORT DELAY_MS ORIGINS
 *
 * It listens on 127.0.0.1, where /status tells how many connections it has accepted, in the words of nginx'
 * stub_status, and on the addresses 127.0.1.1 to 127.0.1.250, 127.0.2.1 and so on of as many origins. It is one thread
 * that holds thousands of requests at next to no cost, so that it leaves the processors to what is measured. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 512, PER_NET = 250, BODY_BYTES = 101, WAITING = 1 << 16, END_BYTES = 4 };

struct connection {
    unsigned generation; /* an answer that waits is not for the next connection with this number */
    unsigned end_seen;   /* bytes of the blank line that ends a request */
    bool is_listener;
    bool wants_status;
};

/* All wait for the same time, so that the first to come is the first to go. */
struct answer {
    int64_t due_ms;
    int fd;
    unsigned generation;
};

static struct connection *connections;
static size_t connection_limit;
static struct answer waiting[WAITING];
static size_t first_waiting;
static size_t end_waiting;
static size_t accepted;
static size_t answered;
static int64_t delay_ms;
static int epoll;
static char page[512];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void watch(int fd, bool is_listener) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if ((size_t)fd >= connection_limit || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
        fail("origin: watch");
    connections[fd].generation++;
    connections[fd].end_seen = 0;
    connections[fd].is_listener = is_listener;
}

static void listen_on(uint32_t address, uint16_t port) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
        bind(fd, (struct sockaddr *)&name, sizeof name) || listen(fd, 8192))
        fail("origin: listen");
    watch(fd, true);
}

static void accept_all(int listener) {
    int one = 1;
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        accepted++;
        watch(fd, false);
    }
    if (errno == EMFILE || errno == ENFILE)
        fail("origin: accept");
}

static void send_all(int fd, const char *text, size_t bytes) {
    if (send(fd, text, bytes, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
        fail("origin: send");
    answered++;
}

static void send_status(int fd) {
    char body[256];
    char text[512];
    int bytes =
        snprintf(body, sizeof body, "server accepts handled requests\n %zu %zu %zu \n", accepted, accepted, answered);
    bytes = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", bytes, body);
    send_all(fd, text, (size_t)bytes);
}

static void answer(int fd) {
    struct connection *c = &connections[fd];
    if (c->wants_status) {
        send_status(fd);
    } else if (delay_ms == 0) {
        send_all(fd, page, strlen(page));
    } else {
        if (end_waiting - first_waiting == WAITING) {
            (void)fprintf(stderr, "origin: more than %d requests wait\n", WAITING);
            exit(1);
        }
        waiting[end_waiting++ % WAITING] =
            (struct answer){.due_ms = now_ms() + delay_ms, .fd = fd, .generation = c->generation};
    }
}

static void read_request(int fd) {
    static const char end[] = "\r\n\r\n";
    struct connection *c = &connections[fd];
    char bytes[4096];
    ssize_t count = read(fd, bytes, sizeof bytes);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN) {
            c->generation++;
            (void)close(fd);
        }
        return;
    }
    if (c->end_seen == 0)
        c->wants_status = strncmp(bytes, "GET /status ", (size_t)count < 12 ? (size_t)count : 12) == 0;
    for (ssize_t i = 0; i < count; i++) {
        c->end_seen = bytes[i] == end[c->end_seen] ? c->end_seen + 1 : bytes[i] == end[0];
        if (c->end_seen == END_BYTES) {
            c->end_seen = 0;
            answer(fd);
        }
    }
}

/* Sends what is due. Gives the time to the next, -1 for none. */
static int send_due(void) {
    while (first_waiting < end_waiting) {
        const struct answer *a = &waiting[first_waiting % WAITING];
        int64_t left_ms = a->due_ms - now_ms();
        if (left_ms > 0)
            return (int)left_ms;
        if (connections[a->fd].generation == a->generation)
            send_all(a->fd, page, strlen(page));
        first_waiting++;
    }
    return -1;
}

static void serve(void) {
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(epoll, events, EVENTS, send_due());
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (connections[fd].is_listener)
                accept_all(fd);
            else
                read_request(fd);
        }
    }
}

static void make_room(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files))
        fail("origin: limit");
    connection_limit = (size_t)files.rlim_cur;
    connections = calloc(connection_limit, sizeof *connections);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!connections || epoll < 0)
        fail("origin: room");
}

int main(int argc, char **argv) {
    char body[BODY_BYTES + 1];
    if (argc != 4) {
        (void)fprintf(stderr, "usage: origin PORT DELAY_MS ORIGINS\n");
        return 2;
    }
    uint16_t port = (uint16_t)strtoul(argv[1], NULL, 10);
    delay_ms = strtol(argv[2], NULL, 10);
    memset(body, 'x', BODY_BYTES);
    body[BODY_BYTES] = '\0';
    (void)snprintf(page, sizeof page, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s",
                   BODY_BYTES, body);
    make_room();
    listen_on(INADDR_LOOPBACK, port);
    for (uint32_t i = 0; i < strtoul(argv[3], NULL, 10); i++)
        listen_on(0x7f000000 + ((i / PER_NET + 1) << 8) + i % PER_NET + 1, port);
    serve();
}
