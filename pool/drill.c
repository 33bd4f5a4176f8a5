#include "pool/drill.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"

#include <semaphore.h>
#include <stdio.h>

enum { DRILL_MESSAGE_BYTES = 256 };

/* This module logs, unlike the rest of the folder: its log is what it is for. */
static void log_start(const struct drill_task *task) {
    char message[DRILL_MESSAGE_BYTES];
    (void)snprintf(message, sizeof message, "%s starting...", task->label);
    log_info(message);
}

static void log_end(const struct drill_task *task) {
    char message[DRILL_MESSAGE_BYTES];
    (void)snprintf(message, sizeof message, "%s done after %.3gs", task->label, (double)task->delay_ms / 1e3);
    log_info(message);
}

static bool is_cancelled(const _Atomic(enum fetch_error) *cancelled) {
    return cancelled && atomic_load(cancelled) != FETCH_OK;
}

const char *drill_delay(const struct drill_task *task, const _Atomic(enum fetch_error) *cancelled) {
    int64_t end_ms = clock_after_ms(task->delay_ms);
    sem_t never;
    sem_init(&never, 0, 0);
    log_start(task);
    while (!is_cancelled(cancelled) && thread_wait_interruptible(&never, end_ms) == ERR_CLOSED)
        continue;
    sem_destroy(&never);
    if (is_cancelled(cancelled))
        return NULL;
    log_end(task);
    return task->label;
}

void drill_run_sequential(const struct drill_task *tasks, size_t count, const char **ret_results) {
    for (size_t i = 0; i < count; i++)
        ret_results[i] = drill_delay(&tasks[i], NULL);
}

/* ---- as a batch ---- */

static void run(struct batch *batch, size_t index, struct sched_again *again, struct batch_next *next) {
    struct drill_batch *b = LIST_ENTRY(batch, struct drill_batch, batch);
    (void)again, (void)next;
    if (!drill_delay(&b->tasks[index], &batch->cancelled))
        atomic_store(&b->cut, true);
}

static void skip(struct batch *batch, size_t index, enum fetch_error reason, struct sched_again *again) {
    (void)index, (void)reason, (void)again;
    atomic_store(&LIST_ENTRY(batch, struct drill_batch, batch)->cut, true);
}

static void done(struct batch *batch) {
    struct drill_batch *b = LIST_ENTRY(batch, struct drill_batch, batch);
    b->done(b);
}

static const struct batch_ops drill_ops = {.run = run, .skip = skip, .done = done};

static int64_t longest_of(const struct drill_task *tasks, size_t count) {
    int64_t longest_ms = 0;
    for (size_t i = 0; i < count; i++)
        longest_ms = tasks[i].delay_ms > longest_ms ? tasks[i].delay_ms : longest_ms;
    return longest_ms;
}

enum err drill_batch_submit(struct drill_batch *b, struct pool *pool, size_t count, size_t max_concurrent) {
    batch_init(&b->batch, &drill_ops, count, max_concurrent, CLOCK_NEVER);
    b->batch.longest_ms = longest_of(b->tasks, count);
    atomic_init(&b->cut, false);
    return pool_submit(pool, &b->batch);
}

void drill_batch_fini(struct drill_batch *b) {
    batch_fini(&b->batch);
}

/* ---- waiting for it ---- */

struct drill_call {
    struct drill_batch drill;
    sem_t done;
};

static void call_done(struct drill_batch *b) {
    sem_post(&LIST_ENTRY(b, struct drill_call, drill)->done);
}

enum err drill_run_concurrent(struct pool *pool, const struct drill_task *tasks, size_t count, size_t max_concurrent,
                              const char **ret_results) {
    struct drill_call call = {.drill = {.tasks = tasks, .done = call_done}};
    sem_init(&call.done, 0, 0);
    enum err err = drill_batch_submit(&call.drill, pool, count, max_concurrent);
    if (!err)
        thread_wait(&call.done);
    for (size_t i = 0; i < count && !err; i++)
        ret_results[i] = atomic_load(&call.drill.cut) ? NULL : tasks[i].label;
    drill_batch_fini(&call.drill);
    sem_destroy(&call.done);
    return err;
}
