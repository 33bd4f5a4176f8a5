/* Whether what items are told to wait for is so, by looking at all that there is. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_SCHED_WAIT_H
#define FETCHPOOL_TESTS_UNIT_UNIT_SCHED_WAIT_H

#include "pool/sched.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All that waits has one reason; `sleeping` items wait for their next attempt. */
void unit_sched_check_waits(const struct sched *s, size_t sleeping, int64_t now_ms);

void unit_sched_check_batch_waits(const struct sched_batch *b, bool has_permit);

#endif
