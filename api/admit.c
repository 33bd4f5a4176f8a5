#include "api/admit.h"

#include "api/context.h"
#include "api/router.h"
#include "base/clock.h"
#include "base/log.h"

#include <string.h>

static void read_header(void *arg, const char *name, const char *value) {
    struct auth_claim *claim = arg;
    if (strcasecmp(name, "Authorization") != 0)
        return;
    if (claim->count++ == 0)
        claim->value = value;
}

/* Whoever guesses is told of, but does not fill the log. */
static void log_wrong_token(const struct request *r) {
    uint64_t wrong = auth_count_wrong(api_options(r->api)->auth, clock_now_ms());
    char caller[REQUEST_CALLER_BYTES];
    request_caller(r, caller);
    if (wrong > 0)
        log_warning("wrong token", log_text("caller", caller), log_int("requests", (int64_t)wrong));
}

void admit_request(struct request *r) {
    struct auth_claim claim = {0};
    struct auth *auth = api_options(r->api)->auth;
    if (!auth_asks(auth, r->route->scopes))
        return;
    request_headers(r, read_header, &claim);
    if (auth_admit(auth, &claim, r->route->scopes, &r->pass, &r->refusal) == AUTH_WRONG_TOKEN)
        log_wrong_token(r);
}
