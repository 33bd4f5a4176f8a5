/* What libcurl's handle tells of a transfer that has ended. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_TRANSFER_INFO_H
#define FETCHPOOL_POOL_TRANSFER_INFO_H

#include "pool/fetch_result.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

/* Adds its times, which begin with the lookup of the host that went before it. */
void transfer_info_add_timings(CURL *easy, int64_t lookup_us, struct fetch_timings *timings);

/* The connection that it went over. */
void transfer_info_connection(CURL *easy, bool reused, struct fetch_connection *ret_connection);

/* How long the server asks to be left alone, at most a week; 0: it does not, by this status. Seconds or a date, both of
 * which libcurl reads: RFC 9110, section 10.2.3. */
int64_t transfer_info_retry_after_ms(CURL *easy, long status);

#endif
