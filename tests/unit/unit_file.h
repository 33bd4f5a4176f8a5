/* A temporary file for a test. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_FILE_H
#define FETCHPOOL_TESTS_UNIT_UNIT_FILE_H

#include <stddef.h>

/* Writes the bytes to the one temporary file of this program and gives its path, which stands until unit_file_remove.
 */
const char *unit_file_write(const void *bytes, size_t len);
const char *unit_file_write_text(const char *text);

void unit_file_remove(void);

#endif
