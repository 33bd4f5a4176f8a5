/* A hop is recorded while libcurl has it. All functions do nothing where `hop` is NULL. Used inside pool/ only. */
#ifndef FETCHPOOL_POOL_HOP_RECORD_H
#define FETCHPOOL_POOL_HOP_RECORD_H

#include "base/err.h"
#include "pool/fetch_hop.h"

#include <curl/curl.h>
#include <stdbool.h>

/* libcurl is about to be given it, perhaps not for the first time. */
void hop_record_begin(struct fetch_hop *hop);

/* What CURLOPT_DEBUGFUNCTION is told. libcurl sends a request again when the connection it went over has died: the last
 * head is what counts. Memory that is lacking leaves the head out. */
void hop_record_trace(struct fetch_hop *hop, curl_infotype type, const char *text, size_t n);

/* A status line begins a head, in the place of the one before; what follows it are its lines, up to the empty one. */
enum err hop_record_line(struct fetch_hop *hop, bool begins, const char *line, size_t n) ERR_MUST_CHECK;

/* libcurl is through. */
void hop_record_end(struct fetch_hop *hop, CURL *easy, bool was_connected, int64_t length_bytes);

#endif
