/* The name of the file that a body is saved to: a function of the URL that was asked for. */
#ifndef FETCHPOOL_CLI_SAVE_NAME_H
#define FETCHPOOL_CLI_SAVE_NAME_H

#include <stddef.h>

enum { SAVE_NAME_BYTES = 200, SAVE_NAME_NUMBERED_BYTES = SAVE_NAME_BYTES + 24 };

/* Host, path and query of the URL, without user information and fragment. Letters, digits, '.' and '-' stay, any other
 * bytes between them become one '_'; neither '.' nor '-' comes first. What is too long is cut, and a hash of the whole
 * URL stands behind it. Never empty, never a path. */
void save_name_make(const char *url, char ret_name[SAVE_NAME_BYTES]);

/* The same name with "-N" before its extension. */
void save_name_number(const char *name, size_t number, char ret_name[SAVE_NAME_NUMBERED_BYTES]);

#endif
