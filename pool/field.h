/* HTTP fields, as headers are called in RFC 9110: what a name and a value may hold. */
#ifndef FETCHPOOL_POOL_FIELD_H
#define FETCHPOOL_POOL_FIELD_H

#include <stdbool.h>

/* A token. Section 5.6.2. */
bool field_name_is_valid(const char *name);

/* No control character but the tab. Section 5.5. */
bool field_value_is_valid(const char *value);

#endif
