#include "api/pulse.h"

#include "api/tls.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char pulse_request[] = "GET /pulse HTTP/1.1\r\nHost: localhost\r\n\r\n";

/* What the library takes for the address of its client. */
struct pulse_address {
    sa_family_t family;  /* AF_UNSPEC, which no client's is */
    struct pulse *pulse; /* NULL: of a touch */
};

struct pulse {
    struct api *api;
    struct MHD_Daemon *daemon;
    int fd;                           /* our end of the connection */
    pthread_mutex_t lock;             /* guards all below */
    struct MHD_Connection *suspended; /* while it is */
    bool has_begun;
    bool ends;
    bool quiesces;
    bool is_quiet;
    void (*quiet)(void *arg);
    void *arg;
    uint64_t asked;
    uint64_t beaten;
};

/* ---- life ---- */

static bool open_ends(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0;
}

/* The daemon closes its end, also when it cannot take it. */
static bool give_end(struct MHD_Daemon *daemon, struct pulse *p, int far_end) {
    const struct pulse_address address = {.family = AF_UNSPEC, .pulse = p};
    return MHD_add_connection(daemon, far_end, (const struct sockaddr *)&address, sizeof address) == MHD_YES;
}

static enum err connect_to(struct pulse *p, bool speaks_tls, int far_end) {
    if (!give_end(p->daemon, p, far_end))
        return ERR_LIBRARY;
    if (speaks_tls)
        return tls_send_as_client(p->fd, pulse_request, sizeof pulse_request - 1);
    bool sent = send(p->fd, pulse_request, sizeof pulse_request - 1, MSG_NOSIGNAL) == sizeof pulse_request - 1;
    return sent ? ERR_NONE : ERR_IO;
}

enum err pulse_start(struct api *api, struct MHD_Daemon *daemon, bool speaks_tls, struct pulse **ret_pulse) {
    int ends[2];
    struct pulse *p = *ret_pulse = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    if (!open_ends(ends)) {
        free(p);
        *ret_pulse = NULL;
        return ERR_IO;
    }
    pthread_mutex_init(&p->lock, NULL);
    p->api = api;
    p->daemon = daemon;
    p->fd = ends[0];
    return connect_to(p, speaks_tls, ends[1]);
}

static void resume_locked(struct pulse *p) {
    struct MHD_Connection *connection = p->suspended;
    p->suspended = NULL;
    if (connection)
        MHD_resume_connection(connection);
}

void pulse_end(struct pulse *p) {
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->ends = true;
    resume_locked(p);
    pthread_mutex_unlock(&p->lock);
}

void pulse_destroy(struct pulse *p) {
    if (!p)
        return;
    (void)close(p->fd); /* nothing is left to be sent */
    pthread_mutex_destroy(&p->lock);
    free(p);
}

enum err pulse_touch(struct MHD_Daemon *daemon) {
    int ends[2];
    if (!open_ends(ends))
        return ERR_IO;
    bool given = give_end(daemon, NULL, ends[1]);
    (void)close(ends[0]); /* nothing was to be sent */
    return given ? ERR_NONE : ERR_LIBRARY;
}

/* ---- beats ---- */

void pulse_ask(struct pulse *p) {
    pthread_mutex_lock(&p->lock);
    p->asked++;
    resume_locked(p);
    pthread_mutex_unlock(&p->lock);
}

bool pulse_has_beaten(struct pulse *p) {
    pthread_mutex_lock(&p->lock);
    bool beaten = p->beaten == p->asked;
    pthread_mutex_unlock(&p->lock);
    return beaten;
}

void pulse_quiesce(struct pulse *p, void (*quiet)(void *arg), void *arg) {
    pthread_mutex_lock(&p->lock);
    p->quiet = quiet;
    p->arg = arg;
    p->quiesces = true;
    resume_locked(p);
    pthread_mutex_unlock(&p->lock);
}

bool pulse_is_quiet(struct pulse *p) {
    pthread_mutex_lock(&p->lock);
    bool is_quiet = p->is_quiet;
    pthread_mutex_unlock(&p->lock);
    return is_quiet;
}

bool pulse_is_address(const struct sockaddr *address) {
    return address && address->sa_family == AF_UNSPEC;
}

struct pulse *pulse_of(struct MHD_Connection *connection) {
    struct pulse_address address;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !pulse_is_address(info->client_addr))
        return NULL;
    memcpy(&address, info->client_addr, sizeof address);
    return address.pulse;
}

struct api *pulse_api(const struct pulse *p) {
    return p->api;
}

static void become_quiet(struct pulse *p) {
    (void)MHD_quiesce_daemon(p->daemon); /* gives the socket back */
    pthread_mutex_lock(&p->lock);
    p->is_quiet = true;
    pthread_mutex_unlock(&p->lock);
    p->quiet(p->arg);
}

/* The first call is about the header alone, at which it cannot be suspended. */
bool pulse_beat(struct pulse *p, struct MHD_Connection *connection) {
    pthread_mutex_lock(&p->lock);
    bool first = !p->has_begun, goes_on = !p->ends, quiesces = p->quiesces;
    p->has_begun = true;
    p->beaten = p->asked;
    if (!first && goes_on) {
        p->quiesces = false;
        p->suspended = connection;
        MHD_suspend_connection(connection);
    }
    pthread_mutex_unlock(&p->lock);
    if (!first && goes_on && quiesces)
        become_quiet(p);
    return goes_on;
}
