#include "base/thread.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* High-water mark of a TLS fetch with full verification is about 16 KiB; untouched pages cost nothing. */
enum { THREAD_STACK_BYTES = 256 * 1024, THREAD_LOW_PRIORITY = 10 };

static void ignore_signal(int signo) {
    (void)signo;
}

void thread_init_signals(void) {
    struct sigaction action = {.sa_handler = ignore_signal};
    sigemptyset(&action.sa_mask);
    int failed = sigaction(THREAD_SIGNAL_INTERRUPT, &action, NULL);
    assert(failed == 0);
    (void)failed;
}

struct start {
    void *(*run)(void *arg);
    void *arg;
    char name[16]; /* prctl(2) */
};

/* A thread names itself: naming another one opens a file, which can wait for long while the descriptor table grows. */
static void *begin(void *arg) {
    struct start start = *(struct start *)arg;
    free(arg);
    (void)prctl(PR_SET_NAME, start.name); /* a name is only for people */
    return start.run(start.arg);
}

static void block_all_but(bool interruptible, sigset_t *ret_old) {
    sigset_t blocked;
    sigfillset(&blocked);
    if (interruptible)
        sigdelset(&blocked, THREAD_SIGNAL_INTERRUPT);
    (void)pthread_sigmask(SIG_SETMASK, &blocked, ret_old); /* fails only for a wrong first argument */
}

enum err thread_start(const char *name, void *(*run)(void *arg), void *arg, bool interruptible, pthread_t *ret_thread) {
    pthread_attr_t attr;
    struct start *start = malloc(sizeof *start);
    if (!start || pthread_attr_init(&attr) != 0) {
        free(start);
        return ERR_NOMEM;
    }
    *start = (struct start){.run = run, .arg = arg};
    (void)snprintf(start->name, sizeof start->name, "%s", name);
    (void)pthread_attr_setstacksize(&attr, THREAD_STACK_BYTES); /* a constant above the minimum */
    sigset_t old;
    block_all_but(interruptible, &old); /* the thread inherits the mask */
    int failed = pthread_create(ret_thread, &attr, begin, start);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    (void)pthread_attr_destroy(&attr);
    if (!failed)
        return ERR_NONE;
    free(start);
    return ERR_THREAD;
}

void thread_step_back(void) {
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(),
                      THREAD_LOW_PRIORITY); /* lowering needs no right, but may be filtered */
}

void thread_interrupt(pthread_t thread) {
    (void)pthread_kill(thread, THREAD_SIGNAL_INTERRUPT); /* a thread that has just ended needs no waking */
}

void thread_wait(sem_t *sem) {
    while (sem_wait(sem) != 0)
        assert(errno == EINTR);
}

bool thread_wait_until(sem_t *sem, int64_t at_ms) {
    for (;;) {
        enum err err = thread_wait_interruptible(sem, at_ms);
        if (err != ERR_CLOSED)
            return err == ERR_NONE;
    }
}

enum err thread_wait_interruptible(sem_t *sem, int64_t at_ms) {
    struct timespec until = clock_timespec(at_ms);
    int failed = at_ms == CLOCK_NEVER ? sem_wait(sem) : sem_clockwait(sem, CLOCK_MONOTONIC, &until);
    if (!failed)
        return ERR_NONE;
    assert(errno == EINTR || errno == ETIMEDOUT);
    return errno == ETIMEDOUT ? ERR_LIMIT : ERR_CLOSED;
}
