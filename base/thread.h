/* Threads and waiting. Every thread has a name, a small stack, and all signals blocked but those it asks for. */
#ifndef FETCHPOOL_BASE_THREAD_H
#define FETCHPOOL_BASE_THREAD_H

#include "base/err.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

/* The signal that interrupts a blocking system call of a thread, see pthread_kill(3). Its handler does nothing. */
#define THREAD_SIGNAL_INTERRUPT (SIGRTMIN + 1)

/* Installs the empty handler. Once, before the first thread. */
void thread_init_signals(void);

/* Starts `run(arg)` under `name` (15 bytes at most), joinable. With `interruptible` it can be woken by
 * thread_interrupt. ERR_THREAD when the system has no thread to give, ERR_NOMEM. */
enum err thread_start(const char *name, void *(*run)(void *arg), void *arg, bool interruptible,
                      pthread_t *ret_thread) ERR_MUST_CHECK;

/* Lets others have the processor first, setpriority(2). For the calling thread. Best effort. */
void thread_step_back(void);

/* Makes a blocking call in that thread return with EINTR. The thread must not have been joined. A signal that lands
 * just before the call is lost: repeat until the thread has noticed. */
void thread_interrupt(pthread_t thread);

/* sem_wait(3) that goes on after a signal. */
void thread_wait(sem_t *sem);

/* Waits for the semaphore until a monotonic time (CLOCK_NEVER: for ever). False when the time came first. Goes on after
 * a signal. */
bool thread_wait_until(sem_t *sem, int64_t at_ms);

/* The same, but a signal ends it as well: ERR_NONE taken, ERR_LIMIT the time came, ERR_CLOSED a signal came. */
enum err thread_wait_interruptible(sem_t *sem, int64_t at_ms);

#endif
