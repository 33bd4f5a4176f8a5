/* The pulse of a front-end thread: a connection within the process, there from the start, that rests suspended between
 * its beats.
 *
 * A beat resumes it. The library's event loop has to find that, as it finds an answer that has become ready, and to
 * call us for it. So a beat that is answered proves that the loop turns and that suspended requests come back, and it
 * takes neither a descriptor nor a place among the clients'. What has to be done in the loop's own thread is done
 * there. */
#ifndef FETCHPOOL_API_PULSE_H
#define FETCHPOOL_API_PULSE_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/socket.h>

struct MHD_Connection;
struct MHD_Daemon;

struct api;
struct pulse;

/* Connects to the daemon of `api`, as a client that speaks TLS if `speaks_tls`, and may wait for the daemon's thread
 * then. The daemon's callbacks have to know its connection, as below. ERR_NOMEM, ERR_IO, ERR_LIBRARY: `*ret_pulse` is
 * NULL or is to be ended and destroyed all the same. */
enum err pulse_start(struct api *api, struct MHD_Daemon *daemon, bool speaks_tls,
                     struct pulse **ret_pulse) ERR_MUST_CHECK;

/* Lets it go from the daemon, which may be stopped after that. Accepts NULL. */
void pulse_end(struct pulse *p);

/* When the daemon has stopped. Accepts NULL. */
void pulse_destroy(struct pulse *p);

/* Asks for a beat. Any thread. */
void pulse_ask(struct pulse *p);

/* Whether it has beaten since it was asked last, or was never asked. Any thread. */
bool pulse_has_beaten(struct pulse *p);

/* Has the daemon leave its listening socket alone from its next turn on, as MHD_quiesce_daemon does, which may abort
 * when another thread calls it. Then `quiet` is called, in the daemon's thread. Once. Any thread. */
void pulse_quiesce(struct pulse *p, void (*quiet)(void *arg), void *arg);

/* Whether the daemon leaves it alone; such a daemon does not close it when it is stopped. */
bool pulse_is_quiet(struct pulse *p);

/* Has a connection come to the daemon, outside of the listening socket, and go at once. After accept(2) has found no
 * descriptor, the library waits for one of its connections to close, and only then calls it again. ERR_IO: no
 * descriptor for it. ERR_LIBRARY. Any thread. */
enum err pulse_touch(struct MHD_Daemon *daemon) ERR_MUST_CHECK;

/* ---- for the daemon's callbacks ---- */

/* Whether the address is one given here, and no client's. May be NULL. */
bool pulse_is_address(const struct sockaddr *address);

/* The pulse whose connection it is, or NULL, also for that of a touch. */
struct pulse *pulse_of(struct MHD_Connection *connection);

/* Whose it is. */
struct api *pulse_api(const struct pulse *p);

/* For each call about its request. False: the connection is to be closed. */
bool pulse_beat(struct pulse *p, struct MHD_Connection *connection);

#endif
