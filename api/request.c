#include "api/request.h"

#include "api/connection.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

/* From then on it checks all of this itself, and its texts may stand elsewhere. */
enum { REQUEST_STRICT_LIBRARY = 0x00097700 };

const char *request_header(const struct request *r, const char *name) {
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

struct value_walk {
    void (*each)(void *arg, const char *name, const char *value);
    void *arg;
};

static enum MHD_Result walk_value(void *arg, enum MHD_ValueKind kind, const char *name, const char *value) {
    struct value_walk *walk = arg;
    (void)kind;
    walk->each(walk->arg, name, value ? value : "");
    return MHD_YES;
}

void request_headers(const struct request *r, void (*each)(void *arg, const char *name, const char *value), void *arg) {
    struct value_walk walk = {.each = each, .arg = arg};
    (void)MHD_get_connection_values(r->connection, MHD_HEADER_KIND, walk_value, &walk); /* a count */
}

void request_trailers(const struct request *r, void (*each)(void *arg, const char *name, const char *value),
                      void *arg) {
    struct value_walk walk = {.each = each, .arg = arg};
    (void)MHD_get_connection_values(r->connection, MHD_FOOTER_KIND, walk_value, &walk); /* a count */
}

/* Where the next text of the header must begin. */
struct layout {
    const char *at;
    bool is_plain;
};

static void expect(struct layout *l, const char *text, size_t len, size_t gap) {
    l->is_plain = l->is_plain && text == l->at;
    l->at = text + len + gap;
}

static void expect_field(void *arg, const char *name, const char *value) {
    struct layout *l = arg;
    l->is_plain = l->is_plain && name == l->at;
    l->at = value + strlen(value) + 2;
}

bool request_is_plain(const struct request *r) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (MHD_VERSION >= REQUEST_STRICT_LIBRARY)
        return true;
    struct layout l = {.at = r->method, .is_plain = info != NULL};
    expect(&l, r->method, strlen(r->method), 1);
    expect(&l, r->path, r->target_bytes, 1);
    expect(&l, r->version, strlen(r->version), 2);
    request_headers(r, expect_field, &l);
    return l.is_plain && l.at + 2 == r->method + info->header_size;
}

void request_query(const struct request *r, void (*each)(void *arg, const char *name, const char *value), void *arg) {
    struct value_walk walk = {.each = each, .arg = arg};
    (void)MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, walk_value, &walk); /* a count */
}

void request_address(const struct request *r, char ret_address[REQUEST_CALLER_BYTES]) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    (void)snprintf(ret_address, REQUEST_CALLER_BYTES, "unix");
    if (address && address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        (void)inet_ntop(AF_INET, &v4->sin_addr, ret_address, REQUEST_CALLER_BYTES);
    } else if (address && address->sa_family == AF_INET6) {
        struct in6_addr network = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        if (!IN6_IS_ADDR_V4MAPPED(&network))
            memset(&network.s6_addr[8], 0, 8);
        (void)inet_ntop(AF_INET6, &network, ret_address, REQUEST_CALLER_BYTES);
    }
}

bool request_is_local(const struct request *r) {
    return connection_is_local(r->client);
}

void request_caller(const struct request *r, char ret_caller[REQUEST_CALLER_BYTES]) {
    const char *name = auth_pass_name(&r->pass);
    if (name)
        (void)snprintf(ret_caller, REQUEST_CALLER_BYTES, "token:%s", name);
    else
        request_address(r, ret_caller);
}

int request_fd(const struct request *r) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

void request_suspend(struct request *r) {
    r->suspended = true;
    atomic_fetch_add(r->all_suspended, 1);
    MHD_suspend_connection(r->connection);
}

void request_resume(struct request *r) {
    _Atomic size_t *all_suspended = r->all_suspended; /* the request may end as soon as it is resumed */
    MHD_resume_connection(r->connection);
    atomic_fetch_sub(all_suspended, 1);
}
