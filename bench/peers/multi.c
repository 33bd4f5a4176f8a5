/* One curl multi loop over epoll: what is beyond blocking workers. One thread, so it can use one processor only. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

enum { EVENTS = 256, HANDLES = 10000 };

static CURLM *multi;
static int epoll = -1;
static long timeout_ms = -1;
static CURL *handles[HANDLES];

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known) {
    struct epoll_event event = {.data.fd = fd};
    (void)easy, (void)arg;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    (void)epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    curl_multi_assign(multi, fd, &multi);
    return 0;
}

static int on_timer(CURLM *handle, long ms, void *arg) {
    (void)handle, (void)arg;
    timeout_ms = ms;
    return 0;
}

static void begin(CURL *easy, const char *url) {
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_multi_add_handle(multi, easy);
}

/* Takes what is finished, and begins the next with the same handle. Gives the number of 200s. */
static size_t take_finished(const struct peer_list *list, size_t *next, size_t *done) {
    CURLMsg *message;
    size_t ok = 0;
    int left;
    while ((message = curl_multi_info_read(multi, &left))) {
        CURL *easy = message->easy_handle;
        long status = 0;
        if (message->data.result == CURLE_OK)
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        ok += status == 200;
        ++*done;
        curl_multi_remove_handle(multi, easy);
        if (*next < list->count)
            begin(easy, list->urls[(*next)++]);
    }
    return ok;
}

static void act_on_events(void) {
    struct epoll_event events[EVENTS];
    int running;
    int count = epoll_wait(epoll, events, EVENTS, (int)timeout_ms);
    for (int i = 0; i < count; i++) {
        int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(multi, events[i].data.fd, what, &running);
    }
    if (count <= 0 || timeout_ms == 0)
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static size_t run(const struct peer_list *list, unsigned concurrency) {
    size_t next = 0;
    size_t done = 0;
    size_t ok = 0;
    while (next < list->count && next < concurrency && next < HANDLES) {
        if (!handles[next])
            handles[next] = peer_open_handle(0);
        begin(handles[next], list->urls[next]);
        next++;
    }
    while (done < list->count) {
        act_on_events();
        ok += take_finished(list, &next, &done);
    }
    return ok;
}

int main(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!multi || epoll < 0) {
        (void)fprintf(stderr, "multi: no loop\n");
        return 1;
    }
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)HANDLES);
    return peer_serve(run);
}
