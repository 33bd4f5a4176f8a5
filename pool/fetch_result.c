#include "pool/fetch_result.h"

#include "pool/fetch_plan.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FETCH_HEADERS_MAX_BYTES = 512 * 1024 }; /* libcurl stops at 300 KiB of them */

void fetch_result_init(struct fetch_result *r) {
    *r = (struct fetch_result){.connection.http_version = ""};
    buf_init(&r->headers, FETCH_HEADERS_MAX_BYTES);
    buf_init(&r->body, SIZE_MAX); /* bounded by max_size while it is counted */
}

void fetch_result_fini(struct fetch_result *r) {
    for (size_t i = 0; i < r->redirect_count; i++) {
        free(r->redirects[i].url);
        free(r->redirects[i].location);
    }
    free(r->redirects);
    free(r->final_url);
    free(r->attempts);
    fetch_tls_clear(&r->tls);
    fetch_hops_fini(&r->hops);
    fetch_plan_destroy(r->plan);
    buf_fini(&r->headers);
    buf_fini(&r->body);
    fetch_result_init(r);
}

void fetch_tls_clear(struct fetch_tls *tls) {
    free(tls->subject);
    free(tls->issuer);
    *tls = (struct fetch_tls){0};
}

void fetch_result_fail(struct fetch_result *r, enum fetch_error error, const char *text) {
    r->error = error;
    r->status = 0;
    r->size_bytes = 0;
    (void)snprintf(r->error_text, sizeof r->error_text, "%s", text && *text ? text : fetch_error_phrase(error));
}

enum err fetch_result_add_redirect(struct fetch_result *r, const char *url, int status, const char *location) {
    struct fetch_redirect *redirects = realloc(r->redirects, (r->redirect_count + 1) * sizeof *redirects);
    if (!redirects)
        return ERR_NOMEM;
    r->redirects = redirects;
    struct fetch_redirect *last = &redirects[r->redirect_count];
    *last = (struct fetch_redirect){.url = strdup(url), .location = strdup(location), .status = status};
    if (!last->url || !last->location) {
        free(last->url);
        free(last->location);
        return ERR_NOMEM;
    }
    r->redirect_count++;
    return ERR_NONE;
}
