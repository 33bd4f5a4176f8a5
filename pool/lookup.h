/* The addresses of the host that a hop goes to, found in the hop's time and written as libcurl takes them. Used inside
 * pool/ only. */
#ifndef FETCHPOOL_POOL_LOOKUP_H
#define FETCHPOOL_POOL_LOOKUP_H

#include "pool/names.h"
#include "pool/transfer.h"

/* Looks the request's host up, for the time that its timeouts leave, and writes into it how long that took. The caller
 * owns the reference of the answer, whose status is NAME_FOUND; it is NULL when the host is an address. False: there is
 * none, and the result says why; why the guard refuses, `guard` tells the operator. Blocks. */
bool lookup_host(struct names *names, struct guard *guard, struct transfer_request *request,
                 struct fetch_result *result, struct name_answer **ret_answer);

/* A list for CURLOPT_RESOLVE: the addresses of "host:port". The caller frees it. ERR_NOMEM. */
enum err lookup_addresses(const struct name_answer *answer, const char *authority,
                          struct curl_slist **ret_list) ERR_MUST_CHECK;

#endif
