#include "unit_file.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/fetchpool-unit-XXXXXX";
static int created;

const char *unit_file_write(const void *bytes, size_t len) {
    if (!created) {
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        (void)close(fd); /* is opened again below */
        created = 1;
    }
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    return path;
}

const char *unit_file_write_text(const char *text) {
    return unit_file_write(text, strlen(text));
}

void unit_file_remove(void) {
    if (created)
        (void)unlink(path); /* a file left in /tmp fails no test */
}
