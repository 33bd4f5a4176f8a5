/* Content negotiation: RFC 9110, section 12.5.1. */
#ifndef FETCHPOOL_API_ACCEPT_H
#define FETCHPOOL_API_ACCEPT_H

#include <stdbool.h>

/* Whether an Accept header allows a media type such as "application/json": the most specific range that matches
 * decides, and a quality of 0 excludes. NULL, no header, allows all. */
bool accept_allows(const char *accept, const char *type);

#endif
