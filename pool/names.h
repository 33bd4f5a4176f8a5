/* Host names and their addresses: looked up by one thread, cached, and each looked up once however many ask for it.
 *
 * Answers are kept as long as their time to live says, a second at least and an hour at most, failures a few seconds.
 * Nobody is asked for localhost and what ends in .localhost, which is the loopback, nor for what ends in .invalid,
 * which does not exist (RFC 6761, sections 6.3 and 6.4). Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_NAMES_H
#define FETCHPOOL_POOL_NAMES_H

#include "base/err.h"
#include "pool/address.h"
#include "pool/fetch_error.h"
#include "pool/fetcher_stats.h"
#include "pool/name_answer.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct names;

struct names_options {
    const char *servers;     /* as name_server_join gives them, borrowed during the call; empty: those of the system */
    const char *resolv_conf; /* path, borrowed during the call; NULL: /etc/resolv.conf */
    int64_t timeout_ms;      /* how long a name server has for its first try */
    size_t max_cached;
    /* Whether an address may be connected to, by rules whose serial number changes with them: answers that were judged
     * by others are not given any more. Any thread. */
    bool (*allows)(void *arg, struct address address);
    uint64_t (*serial)(void *arg);
    void *arg;
};

/* ERR_NOMEM, ERR_THREAD, ERR_IO, ERR_LIBRARY. */
enum err names_create(const struct names_options *options, struct names **ret_names) ERR_MUST_CHECK;

/* Nobody may be waiting. Accepts NULL. */
void names_destroy(struct names *n);

/* Waits for the answer, whose reference the caller owns.
 * `host` is in lower case and no address. `cancelled` as in fetch_request. Who leaves without an answer leaves the
 * lookup running, for the others and the cache. ERR_LIMIT: `until_ms` came. ERR_CLOSED: cancelled. ERR_NOMEM. Any
 * thread. */
enum err names_lookup(struct names *n, const char *host, int64_t until_ms, const _Atomic(enum fetch_error) *cancelled,
                      struct name_answer **ret_answer) ERR_MUST_CHECK;

/* Without the lock that fetches take. Any thread. */
void names_read_stats(const struct names *n, struct names_stats *ret_stats);

#endif
