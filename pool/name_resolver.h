/* Asks name servers, many names at once in one thread.
 *
 * /etc/hosts, the search list and the order of addresses (RFC 6724) are those of c-ares(3). A changed resolv.conf is
 * noticed within seconds; what was asked before it still gets its answer. One thread at a time, but for
 * name_resolver_wake. For pool/names.c only. */
#ifndef FETCHPOOL_POOL_NAME_RESOLVER_H
#define FETCHPOOL_POOL_NAME_RESOLVER_H

#include "base/err.h"
#include "pool/address.h"
#include "pool/name_answer.h"

#include <stdbool.h>
#include <stdint.h>

struct name_resolver;

struct name_resolver_options {
    const char *servers;     /* as name_server_join gives them, borrowed; empty: those of resolv.conf */
    const char *resolv_conf; /* path, borrowed */
    int64_t timeout_ms;      /* of the first try; the next ones take longer */
    /* Whether an address may be connected to. One that may not makes the answer NAME_BLOCKED. */
    bool (*allows)(void *arg, struct address address);
    /* What is noted with the answer, as it was before the first address was judged. */
    uint64_t (*serial)(void *arg);
    /* Called once for each name_resolver_ask, from within it, name_resolver_wait or name_resolver_destroy. Takes the
     * answer; NULL: memory ran out, or the resolver is destroyed. */
    void (*answered)(void *arg, void *question, struct name_answer *answer);
    void *arg;
};

/* ERR_NOMEM, ERR_IO, ERR_LIBRARY. */
enum err name_resolver_create(const struct name_resolver_options *options,
                              struct name_resolver **ret_resolver) ERR_MUST_CHECK;

/* Answers what was not answered yet. Accepts NULL. */
void name_resolver_destroy(struct name_resolver *r);

/* Asks for the addresses of `host`, which is borrowed during the call. */
void name_resolver_ask(struct name_resolver *r, const char *host, void *question);

/* Sends, receives and answers; returns when something happened or was to be done, or after name_resolver_wake. */
void name_resolver_wait(struct name_resolver *r);

/* Ends name_resolver_wait, or the next one. Any thread. */
void name_resolver_wake(struct name_resolver *r);

#endif
