/* The rules of the address guard, made of what the operator says and of guard_table.h. They do not change once made, so
 * any thread may judge by them. Used inside pool/; guard_rules_check_prefix also to check settings. */
#ifndef FETCHPOOL_POOL_GUARD_RULES_H
#define FETCHPOOL_POOL_GUARD_RULES_H

#include "base/err.h"
#include "config/settings.h"
#include "pool/guard_table.h"
#include "pool/own_addresses.h"

#include <stdbool.h>
#include <stddef.h>

struct guard_rules;

enum guard_reason {
    GUARD_ALLOWED,
    GUARD_PORT,    /* guard.ports has not got it */
    GUARD_DENIED,  /* guard.deny has it */
    GUARD_SPECIAL, /* guard_table.h has it */
    GUARD_OWN,     /* this host has it */
};

/* What was decided, and by which rule. `name`, `why` and `inside` are static. */
struct guard_verdict {
    enum guard_reason reason;
    struct address address; /* that was decided about: the embedded one, if `inside` says so */
    struct prefix rule;     /* of GUARD_DENIED and GUARD_SPECIAL */
    const char *name;       /* of GUARD_SPECIAL */
    const char *why;
    const char *inside; /* the kind of IPv6 address that carries `address`, or NULL */
};

enum { GUARD_SETTING_BYTES = 128, GUARD_RULE_BYTES = 96 };

/* The `guard` section of the settings, borrowed during the call. ERR_INVALID: `*ret_bad` is the text of a list that
 * cannot be read, borrowed from the settings. ERR_NOMEM. */
enum err guard_rules_create(const struct settings *settings, struct guard_rules **ret_rules,
                            const char **ret_bad) ERR_MUST_CHECK;

/* Accepts NULL. */
void guard_rules_destroy(struct guard_rules *r);

bool guard_rules_equal(const struct guard_rules *a, const struct guard_rules *b);

/* NULL when the text is an address or a prefix, else what it must be; static. Fits settings_load_check. */
const char *guard_rules_check_prefix(const char *text);

/* Whether an address may be connected to, on whatever port. guard.deny wins over guard.allow, and that over `own` and
 * the table. An IPv4 address inside an IPv6 one is judged as IPv4, whoever allows the rest of it; under a prefix of
 * guard.nat64 it alone decides. */
struct guard_verdict guard_rules_judge(const struct guard_rules *r, const struct own_addresses *own, struct address a);

/* The same for a port. */
bool guard_rules_allow_port(const struct guard_rules *r, uint16_t port);

bool guard_rules_allow_user_info(const struct guard_rules *r);

/* The rule of a refusal and the setting that would open it, for the operator: "10.0.0.0/8, private use", and
 * "guard.allow=10.1.2.3". */
void guard_verdict_print(const struct guard_verdict *v, uint16_t port, char ret_rule[GUARD_RULE_BYTES],
                         char ret_setting[GUARD_SETTING_BYTES]);

#endif
