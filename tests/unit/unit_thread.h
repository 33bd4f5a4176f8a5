/* Threads that cannot be started, and threads that are counted. For programs that are linked with
 * --wrap=pthread_create. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_THREAD_H
#define FETCHPOOL_TESTS_UNIT_UNIT_THREAD_H

#include <stdbool.h>

/* Forgets what was counted; all threads start. */
void unit_thread_reset(void);

/* From now on one of `n` starts works, the last one of each `n`; 0: none does, 1: all do. */
void unit_thread_one_of(unsigned n);

unsigned unit_thread_started(void);

/* Starts that failed. */
unsigned unit_thread_refused(void);

/* Waits until one more thread has ended since the last call. */
void unit_thread_wait_end(void);

#endif
