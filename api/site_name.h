/* Hosts and origins as they stand in requests and settings. Plain functions of their text. */
#ifndef FETCHPOOL_API_SITE_NAME_H
#define FETCHPOOL_API_SITE_NAME_H

#include <stdbool.h>

enum { SITE_NAME_BYTES = 256 };

struct site_host {
    char name[SITE_NAME_BYTES]; /* without brackets, port and final dot */
    bool is_address;            /* an IPv4 address in four parts, or an IPv6 address that stood in brackets */
};

/* The value of a Host header, RFC 9110, section 7.2. False: it is not valid. */
bool site_name_parse(const char *host, struct site_host *ret_host);

/* localhost and what ends in .localhost: RFC 6761, section 6.3, keeps them on the machine of whoever looks them up. */
bool site_name_is_localhost(const char *name);

/* "example.com:8080" of "https://example.com:8080"; NULL when it begins with neither http:// nor https://. Within the
 * argument. */
const char *site_name_authority(const char *origin);

/* What an item of server.allowed_hosts or server.allowed_origins must be, or NULL when it is; static. Fit
 * settings_load_check. */
const char *site_name_check_host(const char *text);
const char *site_name_check_origin(const char *text);

#endif
