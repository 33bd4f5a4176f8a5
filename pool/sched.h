/* Which item is to be done next.
 *
 * Three rings are served round robin: callers, the batches of a caller, the hosts of a batch. In them stands what can
 * start an item now, so a pick takes the first of each and looks at nothing else. The items of a batch that lead to one
 * host are a flow. A flow whose host has no place is parked at the host, in nobody's way; when a place becomes free it
 * is kept for the flow that was parked first. What waits for a time (a pause, a delay, a retry) stands in a heap. So
 * picking and finishing are O(1) amortised, and timed things O(log n).
 *
 * Plain structures without threads: the pool calls this under its lock. The permits of a batch are a POSIX semaphore
 * (sem_overview(7)) that is only ever tried, never waited for. Times are monotonic milliseconds; `now_ms` is rounded
 * down and must not go back. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_SCHED_H
#define FETCHPOOL_POOL_SCHED_H

#include "base/arena.h"
#include "base/err.h"
#include "base/list.h"
#include "pool/sched_host.h"
#include "pool/sched_wait.h"

#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHED_NO_ITEM SIZE_MAX

enum {
    SCHED_HOST_NAME_BYTES = 256,
    SCHED_CALLER_NAME_BYTES = 64,
    SCHED_MAX_KEPT_HOSTS = 100000 /* hosts without work that are remembered all the same */
};

struct sched_options {
    uint32_t host_max_concurrent; /* in flight to one host, of all batches together; at least 1 */
    int64_t host_delay_ms;        /* between two starts to one host */
};

/* `waiting`, `running` and `waits` may be read, other fields are private. */
struct sched {
    struct sched_options options; /* each host follows a change by sched_adjust_host */
    struct list ring;             /* callers */
    struct list doomed;           /* flows whose host is paused for longer than their batch has time */
    struct heap wakes;
    struct table hosts;
    struct table callers;
    size_t kept_hosts;          /* without a flow */
    size_t waiting;             /* items of all batches that are neither running nor done */
    size_t running;             /* items that were started and did not finish */
    struct sched_waits waits;   /* `waiting` by reason */
    struct sched_crowd limited; /* items of flows that stand nowhere, or wait for their own delay */
    struct sched_crowd in_vain; /* of `doomed` */
    struct sched_crowd asleep;  /* items whose next attempt is in `wakes` */
};

/* Who asks: batches of one name share one turn. */
struct sched_caller {
    struct table_node in_table;
    struct list in_ring;
    struct list ring; /* batches */
    size_t batches;
    char name[];
};

/* NEW until it is put up for picking. */
enum sched_flow_state {
    SCHED_FLOW_NEW,
    SCHED_FLOW_OUT,
    SCHED_FLOW_IN_RING,
    SCHED_FLOW_PARKED,
    SCHED_FLOW_TIMED,
    SCHED_FLOW_DOOMED
};

/* The items of a batch that lead to one host. `batch` may be read, other fields are private. */
struct sched_flow {
    struct sched_batch *batch;
    struct sched_host *host; /* NULL: no host limits it */
    struct list link;        /* of the ring, of the parked or of the doomed, as `state` says */
    struct list in_asking;   /* of its host, when its batch asks for more than the default */
    struct sched_wake wake;  /* at the end of its own delay */
    struct sched_again *again;
    struct sched_again *last_again;
    int64_t next_start_ms;
    uint32_t next;      /* the first item that was not started, or SCHED_FLOW_END */
    uint32_t waiting;   /* items that could start, as far as time is concerned */
    uint32_t in_flight; /* items */
    uint32_t open;      /* items that are not done */
    enum sched_flow_state state;
    bool granted; /* a place of its host is kept for it */
};

/* An item that is to be run again. Belongs to whoever asked for it, and stands inside his object. Borrowed from
 * sched_finish until it is picked or taken. `index` may be read. */
struct sched_again {
    struct sched_wake wake;
    struct sched_again *next;
    struct list in_batch;
    struct sched_flow *flow;
    size_t index;
};

/* Stands inside the batch; fields are private. */
struct sched_batch {
    struct list in_caller;
    struct sched_caller *caller;
    struct list ring;   /* flows */
    struct list agains; /* items that wait for being run again */
    sem_t permits;
    struct sched_flow *flows;
    struct sched_flow own_flow; /* of a batch with one host */
    struct sched_item *items;   /* NULL: one flow, its items one after the other */
    struct arena names;         /* of the hosts, until the flows are linked to them */
    struct sched_name *next_name;
    int64_t deadline_ms;
    int64_t host_delay_ms;
    size_t wanted;                    /* while it is held */
    struct sched_again *wanted_again; /* the wanted item, when it is to be run again, and may */
    size_t granted;                   /* of its flows */
    struct sched_crowd ready;         /* items of flows in `ring`, and of those to come */
    uint32_t count;
    uint32_t open; /* items that are not done */
    uint32_t running;
    uint32_t flow_count;
    uint32_t linked;  /* flows that were put up for picking */
    uint32_t emptied; /* flows that sched_take_closed is through with */
    uint32_t per_host;
    bool held;
    bool closed;
};

struct sched_batch_options {
    size_t count;          /* less than UINT32_MAX */
    size_t max_concurrent; /* at least 1 */
    int64_t deadline_ms;   /* CLOCK_NEVER for none */
    int64_t host_delay_ms; /* between two starts of this batch to one host */
    uint32_t per_host;     /* of this batch in flight to one host; 0: no limit but the host's */
    /* Writes the name of the host that the item leads to and returns its length; 0: none. Called for the items in their
     * order. NULL: no item leads to a host. */
    size_t (*host_of)(void *arg, size_t index, char ret_name[SCHED_HOST_NAME_BYTES]);
    void *arg;
};

void sched_init(struct sched *s, const struct sched_options *options);

/* No batch may be left. */
void sched_fini(struct sched *s);

/* Sorts the items by host. Without a lock. ERR_NOMEM: it is not initialised. */
enum err sched_batch_init(struct sched_batch *b, const struct sched_batch_options *options) ERR_MUST_CHECK;

/* All its items are done, or it was never added. */
void sched_batch_fini(struct sched_batch *b);

/* Counts all items of the batch, at least one, as waiting, in the name of `caller` (less than SCHED_CALLER_NAME_BYTES).
 * It is borrowed until its last item was finished or taken. ERR_NOMEM. To be followed by sched_link. */
enum err sched_add(struct sched *s, struct sched_batch *b, const char *caller) ERR_MUST_CHECK;

/* Puts the items of up to `max_flows` hosts up for picking. False: that was all, or the batch is closed. A host that
 * there is no memory for limits nothing. */
bool sched_link(struct sched *s, struct sched_batch *b, size_t max_flows, int64_t now_ms);

/* Starts the next item: its flow, its index, and, when it runs again, what sched_finish was given. NULL: none can start
 * now. */
struct sched_flow *sched_pick(struct sched *s, int64_t now_ms, size_t *ret_index, struct sched_again **ret_again);

/* An item that was picked is through; its permit and its place are free again. `again` NULL: it is done; else it is to
 * be run again at `again_at_ms`. */
void sched_finish(struct sched *s, struct sched_flow *f, struct sched_again *again, int64_t again_at_ms,
                  int64_t now_ms);

/* Starts nothing more of the batch until it is released, but for the item `wanted` (SCHED_NO_ITEM: none). May be called
 * again with another one; then nothing in front of it may be left to start. */
void sched_hold(struct sched *s, struct sched_batch *b, size_t wanted, int64_t now_ms);
void sched_release(struct sched *s, struct sched_batch *b);

/* Starts nothing more of the batch, nor takes it as doomed. Returns how many items were not started: they are to be
 * taken by sched_take_closed. */
size_t sched_close(struct sched *s, struct sched_batch *b, int64_t now_ms);

/* Takes one item that was not started out of a closed batch, as if done: its index, and what sched_finish was given.
 * There is one left. */
void sched_take_closed(struct sched *s, struct sched_batch *b, int64_t now_ms, size_t *ret_index,
                       struct sched_again **ret_again);

/* The same for an item of any batch that cannot be done in time, because its host is paused for longer. */
struct sched_batch *sched_take_doomed(struct sched *s, int64_t now_ms, size_t *ret_index,
                                      struct sched_again **ret_again);

/* Brings back what waited until now. */
void sched_advance(struct sched *s, int64_t now_ms);

/* When sched_advance has something to do; CLOCK_NEVER. */
int64_t sched_next_due(const struct sched *s);

/* An item could be picked. */
bool sched_can_pick(const struct sched *s);

/* One could be taken as doomed. */
bool sched_has_doomed(const struct sched *s);

/* ---- hosts, by their name in lower case ---- */

/* The host, or NULL: nothing is known of it. */
const struct sched_host *sched_find_host(const struct sched *s, const char *name);

/* Starts nothing to the host until then (CLOCK_NEVER: until resumed). Without `force` a pause is only made longer.
 * ERR_FULL: too many hosts are remembered; ERR_NOMEM. */
enum err sched_pause_host(struct sched *s, const char *name, int64_t until_ms, bool force,
                          int64_t now_ms) ERR_MUST_CHECK;

/* Sets limits by hand, or gives up those with SCHED_HOST_DEFAULT. The same errors. */
enum err sched_limit_host(struct sched *s, const char *name, int64_t max_concurrent, int64_t delay_ms,
                          int64_t now_ms) ERR_MUST_CHECK;

/* The options have changed: brings the host in line with them. It may be forgotten. */
void sched_adjust_host(struct sched *s, struct sched_host *h, int64_t now_ms);

/* What is in force. */
int64_t sched_host_max_concurrent(const struct sched *s, const struct sched_host *h);
int64_t sched_host_delay_ms(const struct sched *s, const struct sched_host *h);

#endif
