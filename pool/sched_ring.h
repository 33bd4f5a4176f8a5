/* Where flows, batches and callers stand: what the functions of sched.h move, and when. Used by sched*.c only. */
#ifndef FETCHPOOL_POOL_SCHED_RING_H
#define FETCHPOOL_POOL_SCHED_RING_H

#include "pool/sched.h"

#define SCHED_FLOW_END UINT32_MAX

/* What a batch of several hosts keeps for each item. */
struct sched_item {
    uint32_t next; /* of the same flow, or SCHED_FLOW_END */
    uint32_t flow;
};

static inline struct sched_flow *sched_flow_of(const struct sched_batch *b, size_t index) {
    return &b->flows[b->items ? b->items[index].flow : 0];
}

/* The flow's host, if it has one, could take an item of it now. */
bool sched_flow_has_place(const struct sched *s, const struct sched_flow *f, int64_t now_ms);

/* The host is paused for longer than the batch has time. */
bool sched_host_outlasts(const struct sched_host *h, const struct sched_batch *b, int64_t now_ms);

/* A host that is not known yet. NULL: no memory. */
struct sched_host *sched_create_host(struct sched *s, const char *name, size_t len);

/* The flow is done: it lets go of its host, which may be freed. */
void sched_leave_host(struct sched *s, struct sched_flow *f, int64_t now_ms);

/* The item when it is to be run again and could be now, or NULL. Looks through those of its flow. */
struct sched_again *sched_find_again(const struct sched_batch *b, size_t index);

/* Where its items wait. */
struct sched_crowd *sched_crowd_of(struct sched *s, const struct sched_flow *f);

/* Its items wait there from now on. */
void sched_set_state(struct sched *s, struct sched_flow *f, enum sched_flow_state state);

/* A batch of `name` comes. ERR_NOMEM. */
enum err sched_enter_caller(struct sched *s, struct sched_batch *b, const char *name) ERR_MUST_CHECK;

/* The batch has no item left: it may be freed once nobody looks at it. */
void sched_leave_caller(struct sched *s, struct sched_batch *b);

/* Puts a flow that is SCHED_FLOW_OUT where it belongs. To be followed by sched_place_batch. */
void sched_place_flow(struct sched *s, struct sched_flow *f, int64_t now_ms);

/* Makes it SCHED_FLOW_OUT; a place that was kept for it is free again. */
void sched_remove_flow(struct sched *s, struct sched_flow *f);

/* Into its ring if it can start an item, out of it if not. A batch that stays keeps its turn. Does nothing for one that
 * is done. */
void sched_place_batch(struct sched *s, struct sched_batch *b);

/* Gives the free places of a host to those that are parked there, the first one first; sets or clears its wake. Every
 * change of what the host can take is followed by this. */
void sched_serve_host(struct sched *s, struct sched_host *h, int64_t now_ms);

/* Forgets the host if nothing leads to it and nothing has to be remembered. It may be freed. */
void sched_forget_host(struct sched *s, struct sched_host *h, int64_t now_ms);

#endif
