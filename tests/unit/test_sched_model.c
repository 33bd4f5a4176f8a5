/* Random steps against a simple model: whatever comes, no limit is passed, nothing that could start is forgotten, and
 * every item is done exactly once. */
#include "pool/sched.h"

#include "unit.h"
#include "unit_random.h"
#include "unit_sched_wait.h"

#include <stdio.h>
#include <string.h>

enum { BATCHES = 12, ITEMS = 14, HOSTS = 5, CALLERS = 3, HOST_LIMIT = 3, STEPS = 40000, SEEDS = 6 };

enum item_state { ITEM_WAITING, ITEM_RUNNING, ITEM_SLEEPING, ITEM_DONE };

struct item {
    enum item_state state;
    int host; /* HOSTS: none */
    int64_t again_at_ms;
    struct sched_again again;
    struct sched_flow *flow; /* while it runs */
};

struct model {
    struct sched_batch batch;
    struct item items[ITEMS];
    size_t count, permits, running, left; /* to be taken, of a closed batch */
    uint32_t per_host;
    int64_t host_delay_ms, deadline_ms;
    size_t per_host_running[HOSTS + 1], wanted;
    int64_t next_start_ms[HOSTS + 1];
    bool alive, linked, held, closed;
};

struct host_model {
    size_t running;
    int64_t paused_until_ms, next_start_ms;
    int64_t max_concurrent, delay_ms; /* by hand */
};

static struct sched sched;
static struct model models[BATCHES];
static struct host_model hosts[HOSTS];
static int64_t now_ms;
static uint32_t random_state;

static uint32_t below(uint32_t n) {
    return unit_random_below(&random_state, n);
}

static const char *host_name(int host) {
    static const char *const names[] = {"a", "b.example", "c", "127.0.0.1", "::1", ""};
    return names[host];
}

static size_t host_of(void *arg, size_t index, char ret_name[SCHED_HOST_NAME_BYTES]) {
    const struct model *m = arg;
    return (size_t)snprintf(ret_name, SCHED_HOST_NAME_BYTES, "%s", host_name(m->items[index].host));
}

/* ---- the model's own rules ---- */

static size_t flows_of_host(int host) {
    size_t count = 0;
    for (int i = 0; i < BATCHES; i++)
        for (size_t j = 0; models[i].alive && j < models[i].count; j++)
            count += models[i].linked && models[i].items[j].host == host && models[i].items[j].state != ITEM_DONE;
    return count;
}

static int64_t limit_of(int host) {
    int64_t limit = HOST_LIMIT;
    if (hosts[host].max_concurrent != SCHED_HOST_DEFAULT)
        return hosts[host].max_concurrent;
    for (int i = 0; i < BATCHES; i++)
        for (size_t j = 0; models[i].alive && models[i].per_host > limit && j < models[i].count; j++)
            if (models[i].items[j].host == host && models[i].items[j].state != ITEM_DONE)
                limit = models[i].per_host;
    return limit;
}

static bool host_takes_one(int host) {
    const struct host_model *h = &hosts[host];
    return host == HOSTS ||
           (h->paused_until_ms <= now_ms && h->next_start_ms <= now_ms && (int64_t)h->running < limit_of(host));
}

static bool could_start(const struct model *m, size_t index) {
    const struct item *it = &m->items[index];
    if (!m->alive || !m->linked || m->closed || it->state != ITEM_WAITING || m->running >= m->permits)
        return false;
    if (m->held && m->wanted != index)
        return false;
    if (m->next_start_ms[it->host] > now_ms || (m->per_host > 0 && m->per_host_running[it->host] >= m->per_host))
        return false;
    return host_takes_one(it->host);
}

static void assert_nothing_could_start(void) {
    for (int i = 0; i < BATCHES; i++)
        for (size_t j = 0; models[i].alive && j < models[i].count; j++)
            assert_false(could_start(&models[i], j));
    for (int i = 0; i < HOSTS; i++) {
        const struct sched_host *h = sched_find_host(&sched, host_name(i));
        assert_int_equal(h ? h->granted : 0, 0);
    }
}

static void assert_counts(void) {
    size_t waiting = 0, running = 0, sleeping = 0;
    for (int i = 0; i < BATCHES; i++)
        for (size_t j = 0; models[i].alive && j < models[i].count; j++) {
            waiting += models[i].items[j].state == ITEM_WAITING || models[i].items[j].state == ITEM_SLEEPING;
            running += models[i].items[j].state == ITEM_RUNNING;
            sleeping += models[i].items[j].state == ITEM_SLEEPING;
        }
    assert_int_equal(sched.waiting, waiting);
    assert_int_equal(sched.running, running);
    unit_sched_check_waits(&sched, sleeping, now_ms);
    for (int i = 0; i < BATCHES; i++)
        if (models[i].alive)
            unit_sched_check_batch_waits(&models[i].batch, models[i].running < models[i].permits);
    for (int i = 0; i < HOSTS; i++) {
        const struct sched_host *h = sched_find_host(&sched, host_name(i));
        assert_int_equal(h ? h->in_flight : 0, hosts[i].running);
        assert_int_equal(h ? h->flows > 0 : 0, flows_of_host(i) > 0);
    }
}

/* ---- steps ---- */

static void end_if_done(struct model *m) {
    for (size_t i = 0; i < m->count; i++)
        if (m->items[i].state != ITEM_DONE)
            return;
    sched_batch_fini(&m->batch);
    m->alive = false;
}

/* What it was to be run again with is its owner's: it must not be touched any more. */
static void set_done(struct model *m, size_t index) {
    assert_int_not_equal(m->items[index].state, ITEM_DONE);
    m->items[index].state = ITEM_DONE;
    memset(&m->items[index].again, 0xa5, sizeof m->items[index].again);
}

static void add_batch(struct model *m) {
    static const char *const callers[CALLERS] = {"anna", "bert", ""};
    memset(m, 0, sizeof *m);
    m->count = 1 + below(ITEMS);
    m->permits = 1 + below(4);
    m->per_host = below(3) ? 0 : 1 + below(4);
    m->host_delay_ms = below(4) ? 0 : 1 + below(20);
    m->deadline_ms = below(3) ? CLOCK_NEVER : now_ms + below(200);
    int only = below(3) ? -1 : (int)below(HOSTS + 1);
    for (size_t i = 0; i < m->count; i++)
        m->items[i].host = only >= 0 ? only : (int)below(HOSTS + 1);
    const struct sched_batch_options options = {
        .count = m->count,
        .max_concurrent = m->permits,
        .deadline_ms = m->deadline_ms,
        .host_delay_ms = m->host_delay_ms,
        .per_host = m->per_host,
        .host_of = host_of,
        .arg = m,
    };
    assert_int_equal(sched_batch_init(&m->batch, &options), ERR_NONE);
    assert_int_equal(sched_add(&sched, &m->batch, callers[below(CALLERS)]), ERR_NONE);
    while (sched_link(&sched, &m->batch, 1 + below(3), now_ms))
        continue;
    m->alive = m->linked = true;
}

static void note_start(struct model *m, size_t index, struct sched_flow *f) {
    struct item *it = &m->items[index];
    assert_true(could_start(m, index));
    it->state = ITEM_RUNNING;
    it->flow = f;
    m->running++;
    m->per_host_running[it->host]++;
    m->next_start_ms[it->host] = now_ms + m->host_delay_ms + (m->host_delay_ms > 0);
    if (it->host == HOSTS)
        return;
    hosts[it->host].running++;
    if (hosts[it->host].delay_ms > 0)
        hosts[it->host].next_start_ms = now_ms + hosts[it->host].delay_ms + 1;
}

static bool pick(void) {
    size_t index;
    struct sched_again *again;
    struct sched_flow *f = sched_pick(&sched, now_ms, &index, &again);
    if (!f) {
        assert_nothing_could_start();
        return false;
    }
    struct model *m = LIST_ENTRY(f->batch, struct model, batch);
    assert_ptr_equal(again, m->items[index].again_at_ms ? &m->items[index].again : NULL);
    note_start(m, index, f);
    return true;
}

static struct item *running_item(struct model *m, size_t *ret_index) {
    for (size_t tries = 0; m->alive && tries < m->count; tries++) {
        *ret_index = below((uint32_t)m->count);
        if (m->items[*ret_index].state == ITEM_RUNNING)
            return &m->items[*ret_index];
    }
    return NULL;
}

static void finish(struct model *m) {
    size_t index;
    struct item *it = running_item(m, &index);
    if (!it)
        return;
    bool again = !m->closed && below(3) == 0;
    int64_t at_ms = now_ms + (below(2) ? below(30) : 0);
    m->running--;
    m->per_host_running[it->host]--;
    if (it->host < HOSTS)
        hosts[it->host].running--;
    it->again.index = index;
    it->again_at_ms = again ? at_ms + 1 : it->again_at_ms;
    it->state = !again ? ITEM_RUNNING : at_ms > now_ms ? ITEM_SLEEPING : ITEM_WAITING;
    sched_finish(&sched, it->flow, again ? &it->again : NULL, at_ms, now_ms);
    if (again)
        return;
    set_done(m, index);
    end_if_done(m);
}

static void hold(struct model *m) {
    if (!m->alive || m->closed)
        return;
    m->wanted = SCHED_NO_ITEM;
    for (size_t i = m->count; i-- > 0 && below(4);)
        if (m->items[i].state != ITEM_DONE)
            m->wanted = i; /* the first that is not done, or none */
    for (size_t i = 0; i < m->count && m->wanted != SCHED_NO_ITEM && i < m->wanted; i++)
        if (m->items[i].state != ITEM_DONE)
            m->wanted = SCHED_NO_ITEM;
    m->held = true;
    sched_hold(&sched, &m->batch, m->wanted, now_ms);
}

static void release(struct model *m) {
    if (!m->alive || m->closed)
        return;
    m->held = false;
    sched_release(&sched, &m->batch);
}

static void take_closed(struct model *m, size_t most) {
    struct sched_again *again;
    for (size_t index; m->left > 0 && most > 0; m->left--, most--) {
        sched_take_closed(&sched, &m->batch, now_ms, &index, &again);
        assert_true(m->items[index].state == ITEM_WAITING || m->items[index].state == ITEM_SLEEPING);
        set_done(m, index);
        end_if_done(m);
    }
}

static void close_batch(struct model *m) {
    take_closed(m, 1 + below(5));
    if (!m->alive || m->closed || below(4))
        return;
    m->closed = true;
    m->left = sched_close(&sched, &m->batch, now_ms);
}

/* Only what waits for a host that is paused for longer than it has time. */
static void take_doomed(void) {
    size_t index;
    struct sched_again *again;
    for (struct sched_batch *b; (b = sched_take_doomed(&sched, now_ms, &index, &again)) != NULL;) {
        struct model *m = LIST_ENTRY(b, struct model, batch);
        assert_int_equal(m->items[index].state, ITEM_WAITING);
        assert_true(m->deadline_ms < CLOCK_NEVER && !m->closed);
        set_done(m, index);
        end_if_done(m);
    }
}

static void advance(void) {
    now_ms += below(12);
    for (int i = 0; i < BATCHES; i++)
        for (size_t j = 0; models[i].alive && j < models[i].count; j++)
            if (models[i].items[j].state == ITEM_SLEEPING && models[i].items[j].again_at_ms - 1 <= now_ms)
                models[i].items[j].state = ITEM_WAITING;
    sched_advance(&sched, now_ms);
    assert_true(sched_next_due(&sched) > now_ms);
}

static void change_host(void) {
    int i = (int)below(HOSTS);
    struct host_model *h = &hosts[i];
    if (below(3)) {
        int64_t until_ms = below(6) == 0 ? CLOCK_NEVER : now_ms + below(60);
        bool force = below(2);
        assert_int_equal(sched_pause_host(&sched, host_name(i), until_ms, force, now_ms), ERR_NONE);
        if (force || until_ms > h->paused_until_ms)
            h->paused_until_ms = until_ms;
    } else {
        h->max_concurrent = below(3) ? SCHED_HOST_DEFAULT : 1 + (int)below(5);
        h->delay_ms = below(3) ? SCHED_HOST_DEFAULT : (int)below(25);
        if (h->delay_ms <= 0)
            h->next_start_ms = 0;
        assert_int_equal(sched_limit_host(&sched, host_name(i), h->max_concurrent, h->delay_ms, now_ms), ERR_NONE);
    }
}

/* A batch may be closed before what is doomed of it was taken. */
static void step(void) {
    struct model *m = &models[below(BATCHES)];
    uint32_t what = below(15);
    if (what != 4)
        take_doomed();
    switch (what) {
    case 0:
    case 1:
        if (!m->alive)
            add_batch(m);
        break;
    case 2:
        hold(m);
        break;
    case 3:
        release(m);
        break;
    case 4:
        close_batch(m);
        break;
    case 5:
        if (below(4) == 0)
            change_host();
        break;
    case 6:
        advance();
        break;
    case 7:
    case 8:
        (void)pick();
        break;
    case 9:
        while (pick())
            continue;
        break;
    default:
        finish(m);
    }
    assert_counts();
}

static void end_all(void) {
    for (int i = 0; i < HOSTS; i++) {
        hosts[i] = (struct host_model){hosts[i].running, 0, 0, SCHED_HOST_DEFAULT, SCHED_HOST_DEFAULT};
        assert_int_equal(sched_limit_host(&sched, host_name(i), SCHED_HOST_DEFAULT, SCHED_HOST_DEFAULT, now_ms), 0);
        assert_int_equal(sched_pause_host(&sched, host_name(i), 0, true, now_ms), 0);
    }
    for (int round = 0; round < 10000; round++) {
        bool any = false;
        for (int i = 0; i < BATCHES; i++) {
            release(&models[i]);
            take_closed(&models[i], ITEMS);
            finish(&models[i]);
            any = any || models[i].alive;
        }
        advance();
        take_doomed();
        while (pick())
            continue;
        if (!any)
            return;
    }
    fail_msg("some batch never ended");
}

TEST(any_mix_of_steps_keeps_to_the_rules) {
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        const struct sched_options options = {.host_max_concurrent = HOST_LIMIT};
        random_state = seed * 7919;
        now_ms = 1000;
        for (int i = 0; i < HOSTS; i++)
            hosts[i] = (struct host_model){.max_concurrent = SCHED_HOST_DEFAULT, .delay_ms = SCHED_HOST_DEFAULT};
        sched_init(&sched, &options);
        for (int i = 0; i < STEPS; i++)
            step();
        end_all();
        assert_int_equal(sched.waiting + sched.running, 0);
        assert_int_equal(sched.callers.count + sched.hosts.count, 0);
        assert_int_equal(sched_next_due(&sched), CLOCK_NEVER);
        sched_fini(&sched);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_mix_of_steps_keeps_to_the_rules)};
    return cmocka_run_group_tests_name("sched_model", tests, NULL, NULL);
}
