/* Prints the list of options in config/fetchpool.1 from the option table. A tool of the build, not installed. */
#include "base/buf.h"
#include "cli/option_table.h"

#include <ctype.h>
#include <stdio.h>

enum { OUTPUT_MAX_BYTES = 64 * 1024 };

/* "a|b|c" with blanks, so that each is a word of its own. */
static enum err print_choices(const char *choices, struct buf *out) {
    enum err err = buf_append_text(out, " Cm ");
    for (; *choices && !err; choices++)
        err = *choices == '|' ? buf_append_text(out, " | ") : buf_append_char(out, *choices);
    return err;
}

static enum err print_value(const char *value, struct buf *out) {
    enum err err = buf_append_text(out, " Ar ");
    for (; *value && !err; value++)
        err = buf_append_char(out, (char)tolower((unsigned char)*value));
    return err;
}

static enum err print_row(const struct option_row *row, struct buf *out) {
    enum err err = buf_append_text(out, ".It ");
    if (!err && row->letter)
        err = buf_printf(out, "Fl %c , ", row->letter);
    if (!err)
        err = buf_printf(out, "Fl -%s", row->name);
    if (!err && row->choices)
        err = print_choices(row->choices, out);
    else if (!err && row->value)
        err = print_value(row->value, out);
    if (!err)
        err = buf_printf(out, "\n%s", row->manual);
    if (!err && row->preset)
        err = buf_printf(out, "Default: %s.\n", row->preset);
    return err;
}

static enum err print_list(struct buf *out) {
    enum err err = ERR_NONE;
    for (size_t i = 0; i < option_table_count && !err; i++) {
        if (option_table[i].section)
            err = buf_printf(out, "%s%s:\n.Bl -tag -width Ds\n", i > 0 ? ".El\n.Pp\n" : "", option_table[i].section);
        if (!err)
            err = print_row(&option_table[i], out);
    }
    return err ? err : buf_append_text(out, ".El\n");
}

int main(void) {
    struct buf out;
    buf_init(&out, OUTPUT_MAX_BYTES);
    enum err err = print_list(&out);
    bool written = !err && fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    buf_fini(&out);
    return written ? 0 : 1;
}
