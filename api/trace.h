/* The trace that a request is a part of: W3C Trace Context, section 3.2. Plain functions of their text. */
#ifndef FETCHPOOL_API_TRACE_H
#define FETCHPOOL_API_TRACE_H

#include <stdbool.h>

/* A NUL included. */
enum { TRACE_ID_BYTES = 33, TRACE_PARENT_BYTES = 17 };

/* Where in its caller's work a request belongs; both are "" where the caller does not say. */
struct trace {
    char id[TRACE_ID_BYTES];         /* the trace-id: that of the whole */
    char parent[TRACE_PARENT_BYTES]; /* the parent-id: the caller's own span in it */
};

/* Of a traceparent field: "4bf92f3577b34da6a3ce929d0e0e4736" and "00f067aa0ba902b7" of
 * "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01". False, and both are "": the field is not valid, and is
 * to be taken as if it were not there. A version that is higher than 00 may have more behind the flags. */
bool trace_read(const char *traceparent, struct trace *ret_trace);

#endif
