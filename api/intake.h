/* Requests coming in: libmicrohttpd's callbacks. Checks the header, collects the body, hands the request to its route.
 * In the front-end thread; `arg` is the struct api. Used by server.c only. */
#ifndef FETCHPOOL_API_INTAKE_H
#define FETCHPOOL_API_INTAKE_H

#include <microhttpd.h>
#include <stddef.h>

struct api;

/* MHD_AccessHandlerCallback: called when the header is there, for each piece of the body, at its end, and again after
 * each resume. */
enum MHD_Result intake_on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *data, size_t *data_size, void **con_cls);

/* MHD_RequestCompletedCallback. */
void intake_on_completed(void *arg, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode code);

/* Whose connection it is; NULL when there was no memory for its clock. */
struct api *intake_api_of(struct MHD_Connection *connection);

/* MHD_AcceptPolicyCallback. */
enum MHD_Result intake_on_accept(void *arg, const struct sockaddr *address, socklen_t len);

/* The callback of MHD_OPTION_URI_LOG_CALLBACK: the request line is there. Gives the request's own pointer. */
void *intake_on_target(void *arg, const char *target, struct MHD_Connection *connection);

/* MHD_NotifyConnectionCallback. */
void intake_on_connection(void *arg, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code);

#endif
