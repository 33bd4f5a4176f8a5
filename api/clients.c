#include "api/clients.h"

#include "base/counter.h"
#include "base/list.h"
#include "base/table.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS_KEY_BYTES = 8, CLIENTS_NETWORK_BYTES = 8, CLIENTS_TELL_AGAIN_MS = 60 * 1000 };

/* What stands for an address in the table. */
struct key {
    char bytes[CLIENTS_KEY_BYTES];
    size_t len; /* 0: it is not counted */
};

struct clients_address {
    struct table_node node;
    struct key key;
    size_t count;
};

/* As struct clients_stats has it. Changed under the lock, read without. */
struct clients_counts {
    struct counter inside;
    struct counter beyond;
    struct counter entered;
    struct counter full;
    struct counter crowded;
    struct counter shut_out;
};

struct clients {
    struct clients_options options;
    struct clients_counts counts;
    pthread_mutex_t lock; /* guards all below */
    size_t max_per_address;
    struct table addresses;
    bool has_told;
    int64_t told_ms;
};

static struct key key_of(const struct sockaddr *address) {
    struct key key = {.len = 0};
    if (address && address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        key.len = sizeof v4->sin_addr;
        memcpy(key.bytes, &v4->sin_addr, key.len);
    } else if (address && address->sa_family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        bool mapped = IN6_IS_ADDR_V4MAPPED(v6);
        key.len = mapped ? sizeof v6->s6_addr32[3] : CLIENTS_NETWORK_BYTES;
        memcpy(key.bytes, mapped ? &v6->s6_addr[12] : v6->s6_addr, key.len);
    }
    return key;
}

static struct clients_address *find_locked(const struct clients *c, const struct key *key) {
    struct table_node *node = key->len ? table_find(&c->addresses, key->bytes, key->len) : NULL;
    return node ? LIST_ENTRY(node, struct clients_address, node) : NULL;
}

static struct clients_address *take_address_locked(struct clients *c, const struct key *key) {
    struct clients_address *a = find_locked(c, key);
    if (!a && key->len && (a = calloc(1, sizeof *a))) {
        a->key = *key;
        table_add(&c->addresses, &a->node, a->key.bytes, a->key.len);
    }
    if (a)
        a->count++;
    return a;
}

static void leave_address_locked(struct clients *c, struct clients_address *a) {
    if (--a->count > 0)
        return;
    table_remove(&c->addresses, &a->node);
    free(a);
}

static bool is_crowded_locked(const struct clients *c, const struct clients_address *a) {
    return c->max_per_address > 0 && a && a->count >= c->max_per_address;
}

enum err clients_create(const struct clients_options *options, struct clients **ret_clients) {
    struct clients *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    c->options = *options;
    c->max_per_address = options->max_per_address;
    table_init(&c->addresses);
    pthread_mutex_init(&c->lock, NULL);
    *ret_clients = c;
    return ERR_NONE;
}

void clients_destroy(struct clients *c) {
    if (!c)
        return;
    table_fini(&c->addresses);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* Half of the spare places is out of reach of an address that has too many already. */
bool clients_knock(struct clients *c, const struct sockaddr *address) {
    struct key key = key_of(address);
    pthread_mutex_lock(&c->lock);
    bool crowded = is_crowded_locked(c, find_locked(c, &key));
    bool full = counter_read(&c->counts.inside) >= c->options.max;
    bool may =
        (!crowded && !full) || counter_read(&c->counts.beyond) < (crowded ? c->options.spare / 2 : c->options.spare);
    counter_add(&c->counts.shut_out, !may);
    pthread_mutex_unlock(&c->lock);
    return may;
}

struct clients_pass clients_enter(struct clients *c, const struct sockaddr *address) {
    struct key key = key_of(address);
    struct clients_pass pass = {.verdict = CLIENTS_OPEN};
    pthread_mutex_lock(&c->lock);
    if (is_crowded_locked(c, find_locked(c, &key)))
        pass.verdict = CLIENTS_CROWDED;
    else if (counter_read(&c->counts.inside) >= c->options.max)
        pass.verdict = CLIENTS_FULL;
    else
        pass.address = take_address_locked(c, &key);
    counter_add(pass.verdict == CLIENTS_OPEN ? &c->counts.inside : &c->counts.beyond, 1);
    counter_add(pass.verdict == CLIENTS_OPEN   ? &c->counts.entered
                : pass.verdict == CLIENTS_FULL ? &c->counts.full
                                               : &c->counts.crowded,
                1);
    pthread_mutex_unlock(&c->lock);
    return pass;
}

void clients_leave(struct clients *c, struct clients_pass pass) {
    pthread_mutex_lock(&c->lock);
    counter_subtract(pass.verdict == CLIENTS_OPEN ? &c->counts.inside : &c->counts.beyond, 1);
    if (pass.address)
        leave_address_locked(c, pass.address);
    pthread_mutex_unlock(&c->lock);
}

bool clients_are_none(struct clients *c) {
    pthread_mutex_lock(&c->lock);
    bool none = counter_read(&c->counts.inside) + counter_read(&c->counts.beyond) == 0;
    pthread_mutex_unlock(&c->lock);
    return none;
}

void clients_read_stats(const struct clients *c, struct clients_stats *ret_stats) {
    *ret_stats = (struct clients_stats){
        .inside = counter_read(&c->counts.inside),
        .beyond = counter_read(&c->counts.beyond),
        .entered = counter_read(&c->counts.entered),
        .full = counter_read(&c->counts.full),
        .crowded = counter_read(&c->counts.crowded),
        .shut_out = counter_read(&c->counts.shut_out),
    };
}

void clients_limit_addresses(struct clients *c, size_t max_per_address) {
    pthread_mutex_lock(&c->lock);
    c->max_per_address = max_per_address;
    pthread_mutex_unlock(&c->lock);
}

bool clients_should_tell(struct clients *c, int64_t now_ms) {
    pthread_mutex_lock(&c->lock);
    bool tell = !c->has_told || now_ms - c->told_ms >= CLIENTS_TELL_AGAIN_MS;
    if (tell) {
        c->has_told = true;
        c->told_ms = now_ms;
    }
    pthread_mutex_unlock(&c->lock);
    return tell;
}
