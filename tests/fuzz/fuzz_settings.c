/* Settings from all three sources. Parts end at a line "---": the file, the environment (a variable for each line), the
 * command line (an assignment for each line). A refusal is one line that names its place. */
#include "config/settings_load.h"
#include "config/settings_print.h"
#include "fuzz.h"
#include "pool/guard_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_VARIABLES = 64 };

static void check_error(const struct settings_loader *l, enum err err, const char *place) {
    const char *text = settings_loader_error(l);
    assert(err == ERR_INVALID);
    assert(strncmp(text, place, strlen(place)) == 0 && strlen(text) > strlen(place));
    for (; *text; text++)
        assert((unsigned char)*text >= 0x20 && *text != 0x7F);
}

static enum err load_file(struct settings_loader *l, const char *text) {
    char path[64], place[80];
    int fd = memfd_create("settings", MFD_CLOEXEC), line = 0;
    size_t len = strlen(text);
    assert(fd >= 0 && write(fd, text, len) == (ssize_t)len);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    enum err err = settings_load_file(l, path);
    (void)close(fd);
    if (!err)
        return err;
    (void)snprintf(place, sizeof place, "%s:", path);
    check_error(l, err, place);
    int lines = 1;
    for (; *text; text++)
        lines += *text == '\n';
    assert(sscanf(settings_loader_error(l) + strlen(place), "%d", &line) == 1 && line >= 1 && line <= lines);
    return err;
}

static enum err load_environment(struct settings_loader *l, char *text) {
    char *variables[MAX_VARIABLES + 1] = {NULL};
    for (size_t i = 0; i < MAX_VARIABLES && (variables[i] = fuzz_next(&text, '\n')); i++)
        continue;
    enum err err = settings_load_environment(l, variables);
    if (err)
        check_error(l, err, "environment: ");
    return err;
}

static enum err load_assignments(struct settings_loader *l, char *text) {
    enum err err = ERR_NONE;
    for (char *one; !err && (one = fuzz_next(&text, '\n'));) {
        err = settings_load_assignment(l, one);
        if (err)
            check_error(l, err, "command line: ");
    }
    return err;
}

static char *dump(const struct settings_loader *l) {
    struct buf out;
    size_t len;
    buf_init(&out, 1 << 20);
    assert(settings_print_dump(l, &out) == ERR_NONE && buf_terminate(&out) == ERR_NONE);
    return buf_take(&out, &len);
}

/* The lines that hold values are the same; comments tell where they came from. */
static void check_same(char *one, char *other) {
    for (char *a = one, *b = other; a || b;) {
        char *line = fuzz_next(&a, '\n'), *twin = fuzz_next(&b, '\n');
        while (line && line[0] == '#')
            line = fuzz_next(&a, '\n');
        while (twin && twin[0] == '#')
            twin = fuzz_next(&b, '\n');
        assert((line != NULL) == (twin != NULL) && (!line || strcmp(line, twin) == 0));
    }
}

/* What was accepted is written out and read again as the same. */
static void check_dump(const struct settings_loader *l) {
    struct settings_loader *again;
    char *first = dump(l);
    assert(settings_loader_create(&again) == ERR_NONE);
    assert(load_file(again, first) == ERR_NONE && settings_load_finish(again) == ERR_NONE);
    char *second = dump(again);
    check_same(first, second);
    free(first);
    free(second);
    settings_loader_destroy(again);
}

/* NULL: there is no further part. */
static char *next_part(char **rest) {
    char *text = *rest;
    char *end = text ? strstr(text, "---\n") : NULL;
    if (end)
        *end = '\0';
    *rest = end ? end + 4 : NULL;
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct settings_loader *l;
    char *text = fuzz_copy(data, size), *rest = text;
    assert(settings_loader_create(&l) == ERR_NONE);
    settings_load_check(l, "guard.allow", guard_rules_check_prefix);
    enum err err = load_file(l, next_part(&rest));
    char *variables = next_part(&rest), *assignments = next_part(&rest);
    if (!err && variables)
        err = load_environment(l, variables);
    if (!err && assignments)
        err = load_assignments(l, assignments);
    if (!err && settings_load_finish(l))
        check_error(l, ERR_INVALID, "");
    else if (!err)
        check_dump(l);
    settings_loader_destroy(l);
    free(text);
    return 0;
}
