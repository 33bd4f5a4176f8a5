#include "pool/guard_rules.h"

#include "pool/ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct prefix_list {
    struct prefix *items;
    size_t count;
};

struct guard_rules {
    struct prefix_list allow;
    struct prefix_list deny;
    struct guard_embedding *nat64;
    size_t nat64_count;
    struct port_range *ports;
    size_t port_count;
    bool allows_user_info;
};

/* ---- making ---- */

static bool parse_prefix(const char *text, void *ret_item) {
    return prefix_parse(text, ret_item);
}

static bool parse_nat64(const char *text, void *ret_item) {
    return guard_table_nat64(text, ret_item);
}

static bool parse_ports(const char *text, void *ret_item) {
    return ports_parse(text, ret_item);
}

static enum err parse_list(const struct settings_list *texts, size_t item_bytes,
                           bool (*parse)(const char *text, void *ret_item), void *ret_items, const char **ret_bad) {
    char *items = calloc(texts->count + 1, item_bytes);
    if (!items)
        return ERR_NOMEM;
    for (size_t i = 0; i < texts->count; i++)
        if (!parse(texts->items[i], items + i * item_bytes)) {
            *ret_bad = texts->items[i];
            free(items);
            return ERR_INVALID;
        }
    memcpy(ret_items, &items, sizeof items);
    return ERR_NONE;
}

static enum err fill(struct guard_rules *r, const struct settings *s, const char **ret_bad) {
    enum err err = parse_list(&s->guard.allow, sizeof *r->allow.items, parse_prefix, &r->allow.items, ret_bad);
    if (!err)
        err = parse_list(&s->guard.deny, sizeof *r->deny.items, parse_prefix, &r->deny.items, ret_bad);
    if (!err)
        err = parse_list(&s->guard.nat64, sizeof *r->nat64, parse_nat64, &r->nat64, ret_bad);
    if (!err)
        err = parse_list(&s->guard.ports, sizeof *r->ports, parse_ports, &r->ports, ret_bad);
    r->allow.count = s->guard.allow.count;
    r->deny.count = s->guard.deny.count;
    r->nat64_count = s->guard.nat64.count;
    r->port_count = s->guard.ports.count;
    r->allows_user_info = s->guard.user_info;
    return err;
}

enum err guard_rules_create(const struct settings *settings, struct guard_rules **ret_rules, const char **ret_bad) {
    struct guard_rules *r = calloc(1, sizeof *r);
    enum err err = r ? fill(r, settings, ret_bad) : ERR_NOMEM;
    if (err) {
        guard_rules_destroy(r);
        return err;
    }
    *ret_rules = r;
    return ERR_NONE;
}

void guard_rules_destroy(struct guard_rules *r) {
    if (!r)
        return;
    free(r->allow.items);
    free(r->deny.items);
    free(r->nat64);
    free(r->ports);
    free(r);
}

static bool prefixes_equal(const struct prefix_list *a, const struct prefix_list *b) {
    bool equal = a->count == b->count;
    for (size_t i = 0; i < a->count && equal; i++)
        equal = prefix_equals(&a->items[i], &b->items[i]);
    return equal;
}

static bool translators_equal(const struct guard_rules *a, const struct guard_rules *b) {
    bool equal = a->nat64_count == b->nat64_count;
    for (size_t i = 0; i < a->nat64_count && equal; i++)
        equal = prefix_equals(&a->nat64[i].prefix, &b->nat64[i].prefix);
    return equal;
}

static bool ports_equal(const struct guard_rules *a, const struct guard_rules *b) {
    return a->port_count == b->port_count && memcmp(a->ports, b->ports, a->port_count * sizeof *a->ports) == 0;
}

bool guard_rules_equal(const struct guard_rules *a, const struct guard_rules *b) {
    return prefixes_equal(&a->allow, &b->allow) && prefixes_equal(&a->deny, &b->deny) && translators_equal(a, b) &&
           ports_equal(a, b) && a->allows_user_info == b->allows_user_info;
}

const char *guard_rules_check_prefix(const char *text) {
    struct prefix prefix;
    return prefix_parse(text, &prefix) ? NULL : "must be an address or a prefix such as 10.0.0.0/8 or fd00::/8";
}

/* ---- judging ---- */

static const struct prefix *find(const struct prefix_list *list, struct address a) {
    for (size_t i = 0; i < list->count; i++)
        if (prefix_contains(&list->items[i], a))
            return &list->items[i];
    return NULL;
}

/* The address as it is, without what it embeds. */
static struct guard_verdict judge_plain(const struct guard_rules *r, const struct own_addresses *own,
                                        struct address a) {
    struct guard_verdict v = {.reason = GUARD_ALLOWED, .address = a};
    const struct prefix *denied = find(&r->deny, a);
    if (denied) {
        v.reason = GUARD_DENIED;
        v.rule = *denied;
        return v;
    }
    if (find(&r->allow, a))
        return v;
    const struct guard_row *row = guard_table_find(a);
    if (row) {
        v.reason = GUARD_SPECIAL;
        v.rule = row->prefix;
        v.name = row->name;
        v.why = row->why;
    } else if (own_addresses_contain(own, a)) {
        v.reason = GUARD_OWN;
    }
    return v;
}

/* A translator of a form that can be told in two ways is judged both ways. */
static struct guard_verdict judge_embedded(const struct guard_rules *r, const struct own_addresses *own,
                                           const struct guard_embedding *e, struct address a) {
    struct guard_verdict v = judge_plain(r, own, guard_table_extract(e, a));
    bool is_unclear = ((a.high & e->zero.high) | (a.low & e->zero.low)) != 0;
    if (v.reason == GUARD_ALLOWED && is_unclear)
        v = judge_plain(r, own, address_of_v4((uint32_t)a.low));
    v.inside = e->name;
    return v;
}

static const struct guard_embedding *find_nat64(const struct guard_rules *r, struct address a) {
    for (size_t i = 0; i < r->nat64_count; i++)
        if (prefix_matches(&r->nat64[i].prefix, a))
            return &r->nat64[i];
    return NULL;
}

/* ::1 and :: look like IPv4-compatible addresses and are none. RFC 4291, section 2.5.5.1. */
static bool embeds_nothing(struct address a) {
    return address_is_v4(a) || (a.high == 0 && a.low <= 1);
}

struct guard_verdict guard_rules_judge(const struct guard_rules *r, const struct own_addresses *own, struct address a) {
    struct guard_verdict v;
    const struct guard_embedding *nat64 = embeds_nothing(a) ? NULL : find_nat64(r, a);
    if (nat64 && !find(&r->deny, a))
        return judge_embedded(r, own, nat64, a);
    v = judge_plain(r, own, a);
    if (v.reason != GUARD_ALLOWED || embeds_nothing(a))
        return v;
    for (size_t i = 0; i < guard_table_embedding_count; i++) {
        const struct guard_embedding *e = &guard_table_embeddings[i];
        struct guard_verdict embedded = {.reason = GUARD_ALLOWED};
        if (prefix_matches(&e->prefix, a))
            embedded = judge_embedded(r, own, e, a);
        if (embedded.reason != GUARD_ALLOWED)
            return embedded;
    }
    return v;
}

bool guard_rules_allow_port(const struct guard_rules *r, uint16_t port) {
    for (size_t i = 0; i < r->port_count; i++)
        if (port >= r->ports[i].first && port <= r->ports[i].last)
            return true;
    return false;
}

bool guard_rules_allow_user_info(const struct guard_rules *r) {
    return r->allows_user_info;
}

/* ---- telling ---- */

static bool is_nat64(const struct guard_verdict *v) {
    return v->name && strstr(v->name, "NAT64");
}

void guard_verdict_print(const struct guard_verdict *v, uint16_t port, char ret_rule[GUARD_RULE_BYTES],
                         char ret_setting[GUARD_SETTING_BYTES]) {
    char prefix[PREFIX_TEXT_BYTES], address[ADDRESS_TEXT_BYTES];
    prefix_print(&v->rule, prefix);
    address_print(v->address, address);
    *ret_rule = *ret_setting = '\0';
    switch (v->reason) {
    case GUARD_ALLOWED:
        return;
    case GUARD_PORT:
        (void)snprintf(ret_rule, GUARD_RULE_BYTES, "the port is not in guard.ports");
        (void)snprintf(ret_setting, GUARD_SETTING_BYTES, "guard.ports=%u", port);
        return;
    case GUARD_DENIED:
        (void)snprintf(ret_rule, GUARD_RULE_BYTES, "%s", prefix);
        (void)snprintf(ret_setting, GUARD_SETTING_BYTES, "guard.deny without %s", prefix);
        return;
    case GUARD_SPECIAL:
        (void)snprintf(ret_rule, GUARD_RULE_BYTES, "%s, %s", prefix, v->name);
        (void)snprintf(ret_setting, GUARD_SETTING_BYTES, is_nat64(v) ? "guard.nat64=%s" : "guard.allow=%s",
                       is_nat64(v) ? prefix : address);
        return;
    case GUARD_OWN:
        (void)snprintf(ret_rule, GUARD_RULE_BYTES, "an address of this host");
        (void)snprintf(ret_setting, GUARD_SETTING_BYTES, "guard.allow=%s", address);
        return;
    }
}
