/* The address guard: which addresses may be connected to, now.
 *
 * Judged is the address of the connection that is about to be made or used, after any name lookup, for every hop, retry
 * and reused connection, never the text of a URL. The rules (guard_rules.h) are replaced as a whole when the settings
 * are read again, and the host's own addresses when they change. */
#ifndef FETCHPOOL_POOL_GUARD_H
#define FETCHPOOL_POOL_GUARD_H

#include "base/err.h"
#include "base/timers.h"
#include "pool/fetch.h"
#include "pool/guard_rules.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct guard;

/* Takes the rules on success. The host's own addresses are read, and looked at again every few seconds when `timers`,
 * which outlives the guard, is not NULL. ERR_IO: they cannot be read. ERR_NOMEM. */
enum err guard_create(struct guard_rules *rules, struct timers *timers, struct guard **ret_guard) ERR_MUST_CHECK;

/* Accepts NULL. */
void guard_destroy(struct guard *g);

/* Replaces the rules, which it takes. True: they differ from those before, and what was judged by those must be judged
 * again. Any thread. */
bool guard_replace(struct guard *g, struct guard_rules *rules);

/* Changes whenever a judgement might. Any thread. */
uint64_t guard_serial(const struct guard *g);

/* Looks whether the host has other addresses than before. When they cannot be read, those from before hold. Any
 * thread. */
void guard_look(struct guard *g);

/* Has `refused` called with each refusal of guard_admits and guard_tell, in the thread that asked. Before the first
 * fetch. */
void guard_on_refusal(struct guard *g, void (*refused)(const struct fetch_refusal *refusal));

/* Whether the address may be connected to on some port. Nobody is told. Any thread. */
bool guard_allows(struct guard *g, struct address a);

/* Tells of the refusal of an address that guard_allows did not allow. Any thread. */
void guard_tell(struct guard *g, struct address a, const char *host);

/* How often it has refused since the start. Any thread. */
uint64_t guard_refusals(const struct guard *g);

/* Whether a connection to `endpoint` may be made or used; `host` is the name that led there. Any thread. */
bool guard_admits(struct guard *g, const struct endpoint *endpoint, const char *host);

/* The rule by which a connection to `endpoint` is refused; "" when it is not. Nobody is told. Any thread. */
void guard_explain(struct guard *g, const struct endpoint *endpoint, char ret_rule[GUARD_RULE_BYTES]);

/* Any thread. */
bool guard_allows_user_info(struct guard *g);

#endif
