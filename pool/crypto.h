/* OpenSSL, made ready for memory that runs out later. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_CRYPTO_H
#define FETCHPOOL_POOL_CRYPTO_H

#include "base/err.h"

/* Has everything made that OpenSSL 3 makes once, when it is first needed: its global context, the random generator, and
 * the methods of each kind of operation. What fails just then is not tried again, and TLS would be dead for good. Once,
 * at the start. ERR_NOMEM. */
enum err crypto_make_ready(void) ERR_MUST_CHECK;

/* After memory has run out, the random generator can be in a state in which it works again when it is used, but in
 * which libcurl takes it for unseeded and connects no more. This brings it out of that. Any thread. */
void crypto_wake_random(void);

#endif
