#include "pool/pool_progress.h"

#include "base/clock.h"
#include "pool/pool_state.h"

static size_t count_overdue_locked(const struct pool *p, int64_t now_ms) {
    size_t count = 0;
    LIST_FOR_EACH(node, &p->batches) {
        const struct batch *b = LIST_ENTRY(node, struct batch, in_pool);
        LIST_FOR_EACH(in_batch, &b->running) {
            count += LIST_ENTRY(in_batch, struct worker, in_batch)->due_ms < now_ms;
        }
    }
    return count;
}

static size_t count_free_locked(const struct pool *p) {
    size_t workers = p->short_of_threads ? (size_t)p->counts.workers : p->options.max_workers;
    return workers > p->sched.running ? workers - p->sched.running : 0;
}

void pool_progress_read(struct pool *p, int64_t grace_ms, struct pool_progress *ret_progress) {
    int64_t late_ms = clock_now_ms() - grace_ms;
    pthread_mutex_lock(&p->lock);
    *ret_progress = (struct pool_progress){
        .steps = p->steps,
        .waiting = p->sched.waiting,
        .running = p->sched.running,
        .overdue = count_overdue_locked(p, late_ms),
        .free = count_free_locked(p),
        .has_work = sched_can_pick(&p->sched),
    };
    pthread_mutex_unlock(&p->lock);
}

enum pool_motion pool_progress_judge(const struct pool_progress *before, const struct pool_progress *now) {
    if (now->steps != before->steps)
        return POOL_MOVES;
    if (before->has_work && now->has_work && now->free > 0)
        return POOL_STALLED;
    return now->running > 0 && now->free == 0 && now->overdue == now->running ? POOL_STUCK : POOL_MOVES;
}
