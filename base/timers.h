/* One thread that calls functions at given times: deadlines, idle limits, delayed wake-ups.
 *
 * Functions run one after the other in the timer's thread with no lock of the timer held, so they may set and cancel
 * events of any timer. They must be short. */
#ifndef FETCHPOOL_BASE_TIMERS_H
#define FETCHPOOL_BASE_TIMERS_H

#include "base/err.h"
#include "base/heap.h"

#include <stdint.h>

struct timers;

/* Stands inside the object that waits; initialise with timer_event_init. Fields are private. */
struct timer_event {
    struct heap_node node;
    void (*call)(void *arg);
    void *arg;
};

/* ERR_NOMEM, ERR_THREAD. */
enum err timers_create(struct timers **ret_timers) ERR_MUST_CHECK;

/* Ends the thread; no function is called any more. Events still set are forgotten. Accepts NULL. */
void timers_destroy(struct timers *t);

void timer_event_init(struct timer_event *e, void (*call)(void *arg), void *arg);

/* Calls the event's function once at `due_ms` (monotonic) or soon after; an event that is set already is moved. Borrows
 * the event until it has been called or cancelled. Any thread. */
void timers_set(struct timers *t, struct timer_event *e, int64_t due_ms);

/* After it returns the function is not running and will not be called, so the event may be freed; from within the
 * function itself it only forgets a new setting. Must not be called with a lock held that the function takes. Any
 * thread. */
void timers_cancel(struct timers *t, struct timer_event *e);

#endif
