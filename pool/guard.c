#include "pool/guard.h"

#include "base/clock.h"
#include "base/counter.h"

#include <pthread.h>
#include <stdlib.h>

enum { GUARD_LOOK_MS = 2000 }; /* between two looks at the host's own addresses */

struct guard {
    struct timers *timers;
    struct timer_event look;
    void (*refused)(const struct fetch_refusal *refusal); /* may be NULL */
    struct counter refusals;
    _Atomic uint64_t serial; /* written under the lock */
    pthread_rwlock_t lock;   /* guards all below */
    struct guard_rules *rules;
    struct own_addresses own; /* without those that the table refuses anyway */
};

static bool is_not_special(struct address a) {
    return guard_table_find(a) == NULL;
}

void guard_look(struct guard *g) {
    struct own_addresses own;
    if (own_addresses_read(is_not_special, &own))
        return;
    pthread_rwlock_wrlock(&g->lock);
    bool changed = !own_addresses_equal(&own, &g->own);
    struct own_addresses left = changed ? g->own : own;
    if (changed) {
        g->own = own;
        atomic_fetch_add(&g->serial, 1);
    }
    pthread_rwlock_unlock(&g->lock);
    own_addresses_fini(&left);
}

static void look_again(void *arg) {
    struct guard *g = arg;
    guard_look(g);
    timers_set(g->timers, &g->look, clock_after_ms(GUARD_LOOK_MS));
}

/* New rules do not wait for a moment without readers, which may never come. */
static void init_lock(pthread_rwlock_t *lock) {
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    (void)pthread_rwlockattr_setkind_np(&attributes,
                                        PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP); /* fits by its type */
    pthread_rwlock_init(lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

enum err guard_create(struct guard_rules *rules, struct timers *timers, struct guard **ret_guard) {
    struct guard *g = calloc(1, sizeof *g);
    if (!g)
        return ERR_NOMEM;
    enum err err = own_addresses_read(is_not_special, &g->own);
    if (err) {
        free(g);
        return err;
    }
    g->rules = rules;
    g->timers = timers;
    init_lock(&g->lock);
    timer_event_init(&g->look, look_again, g);
    if (timers)
        timers_set(timers, &g->look, clock_after_ms(GUARD_LOOK_MS));
    *ret_guard = g;
    return ERR_NONE;
}

void guard_destroy(struct guard *g) {
    if (!g)
        return;
    if (g->timers)
        timers_cancel(g->timers, &g->look);
    pthread_rwlock_destroy(&g->lock);
    guard_rules_destroy(g->rules);
    own_addresses_fini(&g->own);
    free(g);
}

bool guard_replace(struct guard *g, struct guard_rules *rules) {
    pthread_rwlock_wrlock(&g->lock);
    bool changed = !guard_rules_equal(rules, g->rules);
    struct guard_rules *left = changed ? g->rules : rules;
    if (changed) {
        g->rules = rules;
        atomic_fetch_add(&g->serial, 1);
    }
    pthread_rwlock_unlock(&g->lock);
    guard_rules_destroy(left);
    return changed;
}

uint64_t guard_serial(const struct guard *g) {
    return atomic_load(&g->serial);
}

void guard_on_refusal(struct guard *g, void (*refused)(const struct fetch_refusal *refusal)) {
    g->refused = refused;
}

bool guard_allows(struct guard *g, struct address a) {
    pthread_rwlock_rdlock(&g->lock);
    struct guard_verdict v = guard_rules_judge(g->rules, &g->own, a);
    pthread_rwlock_unlock(&g->lock);
    return v.reason == GUARD_ALLOWED;
}

/* For the operator only: whoever asked for the fetch learns that it was refused, and no more. */
static void tell(struct guard *g, const struct guard_verdict *v, const struct endpoint *endpoint, const char *host) {
    char rule[GUARD_RULE_BYTES], setting[GUARD_SETTING_BYTES], address[ADDRESS_TEXT_BYTES];
    counter_add_shared(&g->refusals, 1);
    if (!g->refused)
        return;
    guard_verdict_print(v, endpoint->port, rule, setting);
    address_print(endpoint->address, address);
    const struct fetch_refusal refusal = {
        .host = host,
        .address = address,
        .port = endpoint->port,
        .rule = rule,
        .why = v->why ? v->why : "",
        .inside = v->inside ? v->inside : "",
        .setting = setting,
    };
    g->refused(&refusal);
}

static struct guard_verdict judge(struct guard *g, const struct endpoint *endpoint) {
    pthread_rwlock_rdlock(&g->lock);
    struct guard_verdict v = guard_rules_judge(g->rules, &g->own, endpoint->address);
    if (v.reason == GUARD_ALLOWED && !guard_rules_allow_port(g->rules, endpoint->port))
        v.reason = GUARD_PORT;
    pthread_rwlock_unlock(&g->lock);
    return v;
}

void guard_explain(struct guard *g, const struct endpoint *endpoint, char ret_rule[GUARD_RULE_BYTES]) {
    char setting[GUARD_SETTING_BYTES];
    const struct guard_verdict v = judge(g, endpoint);
    ret_rule[0] = '\0';
    if (v.reason != GUARD_ALLOWED)
        guard_verdict_print(&v, endpoint->port, ret_rule, setting);
}

bool guard_admits(struct guard *g, const struct endpoint *endpoint, const char *host) {
    const struct guard_verdict v = judge(g, endpoint);
    if (v.reason == GUARD_ALLOWED)
        return true;
    tell(g, &v, endpoint, host);
    return false;
}

void guard_tell(struct guard *g, struct address a, const char *host) {
    const struct endpoint endpoint = {.address = a};
    pthread_rwlock_rdlock(&g->lock);
    const struct guard_verdict v = guard_rules_judge(g->rules, &g->own, a);
    pthread_rwlock_unlock(&g->lock);
    if (v.reason != GUARD_ALLOWED)
        tell(g, &v, &endpoint, host);
}

uint64_t guard_refusals(const struct guard *g) {
    return counter_read(&g->refusals);
}

bool guard_allows_user_info(struct guard *g) {
    pthread_rwlock_rdlock(&g->lock);
    bool allows = guard_rules_allow_user_info(g->rules);
    pthread_rwlock_unlock(&g->lock);
    return allows;
}
