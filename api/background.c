#include "api/background.h"

#include "base/thread.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

struct background {
    pthread_t thread;
    sem_t tasks;          /* posted for each task, and once more for the end */
    pthread_mutex_t lock; /* guards the queue */
    struct list queue;
};

static struct background_task *take(struct background *b) {
    pthread_mutex_lock(&b->lock);
    struct list *node = list_first(&b->queue);
    if (node)
        list_remove(node);
    pthread_mutex_unlock(&b->lock);
    return node ? LIST_ENTRY(node, struct background_task, in_queue) : NULL;
}

static void *background_main(void *arg) {
    struct background *b = arg;
    thread_step_back(); /* the front end comes first */
    for (;;) {
        thread_wait(&b->tasks);
        struct background_task *task = take(b);
        if (!task)
            return NULL;
        task->run(task);
    }
}

static void free_background(struct background *b) {
    sem_destroy(&b->tasks);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

enum err background_create(const char *name, struct background **ret_background) {
    struct background *b = calloc(1, sizeof *b);
    if (!b)
        return ERR_NOMEM;
    sem_init(&b->tasks, 0, 0);
    pthread_mutex_init(&b->lock, NULL);
    list_init(&b->queue);
    enum err err = thread_start(name, background_main, b, false, &b->thread);
    if (err) {
        free_background(b);
        return err;
    }
    *ret_background = b;
    return ERR_NONE;
}

void background_destroy(struct background *b) {
    if (!b)
        return;
    sem_post(&b->tasks);
    (void)pthread_join(b->thread, NULL);
    free_background(b);
}

void background_add(struct background *b, struct background_task *task, void (*run)(struct background_task *task)) {
    task->run = run;
    pthread_mutex_lock(&b->lock);
    list_push_back(&b->queue, &task->in_queue);
    pthread_mutex_unlock(&b->lock);
    sem_post(&b->tasks);
}
