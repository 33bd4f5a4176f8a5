/* A thread for work of one kind that would hold up the front end: decoding large bodies, or looking at the process. In
 * the order in which it is added. */
#ifndef FETCHPOOL_API_BACKGROUND_H
#define FETCHPOOL_API_BACKGROUND_H

#include "base/err.h"
#include "base/list.h"

struct background;

/* Stands inside the object that it is about; fields are private. */
struct background_task {
    struct list in_queue;
    void (*run)(struct background_task *task);
};

/* `name` is the thread's, of 15 bytes at the most. ERR_NOMEM, ERR_THREAD. */
enum err background_create(const char *name, struct background **ret_background) ERR_MUST_CHECK;

/* Runs what was added, then ends the thread. Accepts NULL. */
void background_destroy(struct background *b);

/* Calls `run(task)` in the thread; the task is borrowed until then. Any thread. */
void background_add(struct background *b, struct background_task *task, void (*run)(struct background_task *task));

#endif
