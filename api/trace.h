/* The trace that a request is a part of: W3C Trace Context, section 3.2. Plain functions of their text. */
#ifndef FETCHPOOL_API_TRACE_H
#define FETCHPOOL_API_TRACE_H

#include <stdbool.h>

/* A NUL included. */
enum { TRACE_ID_BYTES = 33 };

/* The trace-id of a traceparent field: "4bf92f3577b34da6a3ce929d0e0e4736" of
 * "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01". False, and `ret_id` is "": the field is not valid, and is
 * to be taken as if it were not there. A version that is higher than 00 may have more behind the flags. */
bool trace_read(const char *traceparent, char ret_id[TRACE_ID_BYTES]);

#endif
