#include "api/exposition.h"

#include <inttypes.h>
#include <stdio.h>

enum { EXPOSITION_NUMBER_BYTES = 40, EXPOSITION_DECIMALS = 6, EXPOSITION_MICRO = 1000000 };

void exposition_begin(struct exposition *e, struct buf *out) {
    *e = (struct exposition){.out = out};
}

enum err exposition_end(struct exposition *e) {
    return e->err;
}

static void put(struct exposition *e, const char *text) {
    if (!e->err)
        e->err = buf_append_text(e->out, text);
}

void exposition_family(struct exposition *e, const char *name, const char *type, const char *help) {
    if (!e->err)
        e->err = buf_printf(e->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Exact, whatever the locale; without zeros at the end. */
static void print_number(uint64_t value, unsigned scale, char ret_text[EXPOSITION_NUMBER_BYTES]) {
    int len = snprintf(ret_text, EXPOSITION_NUMBER_BYTES, "%" PRIu64, value / scale);
    if (scale != EXPOSITION_MICRO || value % scale == 0)
        return;
    len += snprintf(ret_text + len, EXPOSITION_NUMBER_BYTES - (size_t)len, ".%0*" PRIu64, EXPOSITION_DECIMALS,
                    value % scale);
    while (ret_text[len - 1] == '0')
        ret_text[--len] = '\0';
}

/* `suffix` belongs to the name, `more` to the labels. */
static void put_line(struct exposition *e, const char *name, const char *suffix, const char *labels, const char *more,
                     const char *number) {
    put(e, name);
    put(e, suffix);
    if (*labels || *more) {
        put(e, "{");
        put(e, labels);
        put(e, *labels && *more ? "," : "");
        put(e, more);
        put(e, "}");
    }
    put(e, " ");
    put(e, number);
    put(e, "\n");
}

void exposition_number(struct exposition *e, const char *name, const char *labels, uint64_t value, unsigned scale) {
    char number[EXPOSITION_NUMBER_BYTES];
    print_number(value, scale, number);
    put_line(e, name, "", labels, "", number);
}

void exposition_histogram(struct exposition *e, const char *name, const char *labels,
                          const struct exposition_spread *spread) {
    char number[EXPOSITION_NUMBER_BYTES];
    char bound[EXPOSITION_NUMBER_BYTES];
    char le[EXPOSITION_NUMBER_BYTES + 8];
    uint64_t count = 0;
    for (size_t i = 0; i <= spread->bound_count; i++) {
        count += spread->counts[i];
        if (i < spread->bound_count)
            print_number((uint64_t)spread->bounds_us[i], EXPOSITION_MICRO, bound);
        (void)snprintf(le, sizeof le, "le=\"%s\"", i < spread->bound_count ? bound : "+Inf");
        print_number(count, 1, number);
        put_line(e, name, "_bucket", labels, le, number);
    }
    print_number(spread->sum_us, EXPOSITION_MICRO, number);
    put_line(e, name, "_sum", labels, "", number);
    print_number(count, 1, number);
    put_line(e, name, "_count", labels, "", number);
}
