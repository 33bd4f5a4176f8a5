#include "api/request.h"

#include <microhttpd.h>

const char *request_header(const struct request *r, const char *name) {
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

struct query_walk {
    void (*each)(void *arg, const char *name, const char *value);
    void *arg;
};

static enum MHD_Result walk_query(void *arg, enum MHD_ValueKind kind, const char *name, const char *value) {
    struct query_walk *walk = arg;
    (void)kind;
    walk->each(walk->arg, name, value ? value : "");
    return MHD_YES;
}

void request_query(const struct request *r, void (*each)(void *arg, const char *name, const char *value), void *arg) {
    struct query_walk walk = {.each = each, .arg = arg};
    (void)MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, walk_query, &walk); /* a count */
}

void request_suspend(struct request *r) {
    r->suspended = true;
    MHD_suspend_connection(r->connection);
}

void request_resume(struct request *r) {
    MHD_resume_connection(r->connection);
}
