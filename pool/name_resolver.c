#include "pool/name_resolver.h"

#include "base/clock.h"
#include "base/list.h"
#include "pool/name_channel.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RESOLVER_CHECK_MS = 2000, /* between two looks at resolv.conf */
    /* Asked by one channel: a new one asks from new ports (RFC 5452, section 9.2), and the answers to so many, A and
     * AAAA, fit into a socket's buffer of usual size while the thread waits for a processor. */
    RESOLVER_CHANNEL_NAMES = 128,
    RESOLVER_EVENTS = 64,
};

struct name_resolver {
    struct name_resolver_options options;
    char *servers;
    char *resolv_conf;
    int epoll_fd;
    int wake_fd;
    struct list channels; /* the one in front is asked, the others only have answers to come */
    struct stat seen;     /* of resolv.conf, when the front channel was opened */
    int64_t check_at_ms;
};

static struct name_channel *channel_at(struct list *node) {
    return LIST_ENTRY(node, struct name_channel, in_resolver);
}

static struct stat look_at(const char *path) {
    struct stat s;
    return stat(path, &s) == 0 ? s : (struct stat){0};
}

static enum err open_channel(struct name_resolver *r) {
    struct name_channel *c;
    struct stat seen = look_at(r->resolv_conf);
    enum err err = name_channel_open(&r->options, r->epoll_fd, &c);
    if (err)
        return err;
    r->seen = seen;
    list_push_front(&r->channels, &c->in_resolver);
    return ERR_NONE;
}

static bool resolv_conf_has_changed(struct name_resolver *r) {
    int64_t now_ms = clock_now_ms();
    if (now_ms < r->check_at_ms)
        return false;
    r->check_at_ms = now_ms + RESOLVER_CHECK_MS;
    const struct stat now = look_at(r->resolv_conf);
    return now.st_mtim.tv_sec != r->seen.st_mtim.tv_sec || now.st_mtim.tv_nsec != r->seen.st_mtim.tv_nsec ||
           now.st_ino != r->seen.st_ino || now.st_dev != r->seen.st_dev;
}

static struct name_channel *front_channel(struct name_resolver *r) {
    struct name_channel *c = channel_at(list_first(&r->channels));
    if (resolv_conf_has_changed(r) || c->is_deaf || c->asked >= RESOLVER_CHANNEL_NAMES)
        err_ignore(open_channel(r)); /* failed: the old one goes on */
    return channel_at(list_first(&r->channels));
}

void name_resolver_ask(struct name_resolver *r, const char *host, void *question) {
    name_channel_ask(front_channel(r), host, question);
}

/* ---- waiting ---- */

static void close_channel(struct name_channel *c) {
    list_remove(&c->in_resolver);
    name_channel_close(c);
}

static void close_idle_channels(struct name_resolver *r) {
    struct list *front = list_first(&r->channels);
    for (struct list *node = front->next, *next; node != &r->channels; node = next) {
        next = node->next;
        if (channel_at(node)->running == 0)
            close_channel(channel_at(node));
    }
}

/* What was asked there would only time out. */
static void give_up_deaf_channels(struct name_resolver *r) {
    LIST_FOR_EACH(node, &r->channels) {
        if (channel_at(node)->is_deaf && channel_at(node)->running > 0)
            name_channel_give_up(channel_at(node));
    }
}

static int next_timeout_ms(const struct name_resolver *r) {
    int shortest_ms = -1;
    LIST_FOR_EACH(node, &r->channels) {
        int ms = name_channel_timeout_ms(channel_at(node));
        if (ms >= 0 && (shortest_ms < 0 || ms < shortest_ms))
            shortest_ms = ms;
    }
    return shortest_ms;
}

static void process_all(struct name_resolver *r, int readable_fd, int writable_fd) {
    LIST_FOR_EACH(node, &r->channels) {
        name_channel_process(channel_at(node), readable_fd, writable_fd);
    }
}

void name_resolver_wait(struct name_resolver *r) {
    struct epoll_event events[RESOLVER_EVENTS];
    uint64_t wakes;
    give_up_deaf_channels(r);
    close_idle_channels(r);
    int count = epoll_wait(r->epoll_fd, events, RESOLVER_EVENTS, next_timeout_ms(r));
    for (int i = 0; i < count; i++) {
        int fd = events[i].data.fd;
        bool failed = events[i].events & (EPOLLERR | EPOLLHUP);
        if (fd == r->wake_fd)
            (void)!read(fd, &wakes, sizeof wakes);
        else
            process_all(r, events[i].events & EPOLLIN || failed ? fd : -1,
                        events[i].events & EPOLLOUT || failed ? fd : -1);
    }
    process_all(r, -1, -1); /* what is late */
}

void name_resolver_wake(struct name_resolver *r) {
    const uint64_t one = 1;
    (void)!write(r->wake_fd, &one, sizeof one); /* fails only when it has not been read for very long: it is awake */
}

/* ---- the whole ---- */

static enum err open_all(struct name_resolver *r) {
    r->servers = strdup(r->options.servers);
    r->resolv_conf = strdup(r->options.resolv_conf);
    r->options.servers = r->servers;
    r->options.resolv_conf = r->resolv_conf;
    if (!r->servers || !r->resolv_conf)
        return ERR_NOMEM;
    r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    r->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = r->wake_fd};
    if (r->epoll_fd < 0 || r->wake_fd < 0 || epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, r->wake_fd, &event) != 0)
        return ERR_IO;
    return open_channel(r);
}

enum err name_resolver_create(const struct name_resolver_options *options, struct name_resolver **ret_resolver) {
    struct name_resolver *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    r->options = *options;
    r->epoll_fd = r->wake_fd = -1;
    list_init(&r->channels);
    enum err err = open_all(r);
    if (err) {
        name_resolver_destroy(r);
        return err;
    }
    *ret_resolver = r;
    return ERR_NONE;
}

void name_resolver_destroy(struct name_resolver *r) {
    if (!r)
        return;
    for (struct list *node; (node = list_first(&r->channels));)
        close_channel(channel_at(node));
    if (r->wake_fd >= 0)
        close(r->wake_fd);
    if (r->epoll_fd >= 0)
        close(r->epoll_fd);
    free(r->servers);
    free(r->resolv_conf);
    free(r);
}
