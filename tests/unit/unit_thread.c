#include "unit_thread.h"

#include "base/thread.h"
#include "unit.h"

#include <errno.h>
#include <stdatomic.h>

int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *arg), void *arg);
int __real_pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *arg), void *arg);

enum { MOST_THREADS = 64 * 1024 };

struct start {
    void *(*run)(void *arg);
    void *arg;
};

static struct start starts[MOST_THREADS]; /* not allocated: allocations may be made to fail */
static atomic_uint used;
static atomic_uint started;
static atomic_uint asked;
static atomic_uint refused;
static atomic_uint one_of = 1;
static sem_t ended;

void unit_thread_reset(void) {
    started = 0;
    asked = 0;
    refused = 0;
    one_of = 1;
    sem_init(&ended, 0, 0);
}

void unit_thread_one_of(unsigned n) {
    asked = 0;
    one_of = n;
}

unsigned unit_thread_started(void) {
    return started;
}

unsigned unit_thread_refused(void) {
    return refused;
}

void unit_thread_wait_end(void) {
    thread_wait(&ended);
}

static void *run_and_tell(void *arg) {
    const struct start *start = arg;
    void *result = start->run(start->arg);
    sem_post(&ended);
    return result;
}

int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *arg), void *arg) {
    unsigned n = one_of;
    if (n == 0 || ++asked % n != 0) {
        refused++;
        return EAGAIN;
    }
    struct start *start = &starts[used++ % MOST_THREADS];
    started++;
    *start = (struct start){.run = run, .arg = arg};
    return __real_pthread_create(ret, attr, run_and_tell, start);
}
