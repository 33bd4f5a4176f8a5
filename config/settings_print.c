#include "config/settings_print.h"

#include "config/settings_table.h"
#include "config/settings_text.h"

#include <stdbool.h>
#include <string.h>

static const char *type_text(const struct settings_row *row) {
    switch (row->type) {
    case SETTINGS_TYPE_LIST:
        return "list, ";
    case SETTINGS_TYPE_SIZE:
        return "bytes, ";
    case SETTINGS_TYPE_COUNT:
    case SETTINGS_TYPE_SECONDS:
    case SETTINGS_TYPE_CHOICE:
        break;
    case SETTINGS_TYPE_TEXT:
        return "text, ";
    }
    return "";
}

static const char *source_text(enum settings_source source) {
    switch (source) {
    case SETTINGS_SOURCE_FITTED:
        return "lowered to fit";
    case SETTINGS_SOURCE_FILE:
        return "from the settings file";
    case SETTINGS_SOURCE_ENVIRONMENT:
        return "from the environment";
    case SETTINGS_SOURCE_COMMAND_LINE:
        return "from the command line";
    case SETTINGS_SOURCE_DEFAULT:
        break;
    }
    return NULL;
}

static bool begins_section(const struct settings_row *row) {
    size_t len = settings_row_section_len(row);
    return row == settings_table || strncmp(row->name, row[-1].name, len + 1) != 0;
}

static const char *preset_or_none(const struct settings_row *row) {
    return row->preset[0] ? row->preset : "none";
}

/* What says nothing follows a reload. */
static const char *when_text(const struct settings_row *row) {
    return row->when == SETTINGS_BY_RESTART ? "; takes a restart" : "";
}

static enum err print_section(const struct settings_row *row, struct buf *out) {
    if (!begins_section(row))
        return ERR_NONE;
    return buf_printf(out, "\n[%.*s]\n", (int)settings_row_section_len(row), row->name);
}

/* The comment above a value: what it is, what may be given. */
static enum err print_comment(const struct settings_row *row, const char *source, struct buf *out) {
    enum err err = buf_printf(out, "\n# %s.\n# %s", row->help, type_text(row));
    if (!err)
        err = settings_text_range(row, out);
    if (!err)
        err = buf_printf(out, "; default: %s%s", preset_or_none(row), when_text(row));
    if (!err && source)
        err = buf_printf(out, "; %s", source);
    return err ? err : buf_append_char(out, '\n');
}

/* A list has a line for each item, since lines of a settings file are short. */
static enum err print_list(const struct settings_row *row, const struct settings_list *list, struct buf *out) {
    enum err err = ERR_NONE;
    if (list->count == 0)
        return buf_printf(out, "%s =\n", settings_row_key(row));
    for (size_t i = 0; i < list->count && !err; i++)
        err = buf_printf(out, "%s = %s\n", settings_row_key(row), list->items[i]);
    return err;
}

static enum err print_value(const struct settings_row *row, const struct settings *s, struct buf *out) {
    if (row->type == SETTINGS_TYPE_LIST)
        return print_list(row, settings_row_list_const(row, s), out);
    enum err err = buf_printf(out, "%s = ", settings_row_key(row));
    if (!err)
        err = settings_text_value(row, s, out);
    return err ? err : buf_append_char(out, '\n');
}

enum err settings_print_dump(const struct settings_loader *l, struct buf *out) {
    enum err err = buf_append_text(out, "# The settings in effect.\n");
    for (size_t i = 0; i < settings_table_count && !err; i++) {
        const struct settings_row *row = &settings_table[i];
        err = print_section(row, out);
        if (!err)
            err = print_comment(row, source_text(settings_loader_source(l, row->name)), out);
        if (!err)
            err = print_value(row, settings_loader_values(l), out);
    }
    return err;
}

enum err settings_print_help(struct buf *out) {
    enum err err = ERR_NONE;
    for (size_t i = 0; i < settings_table_count && !err; i++) {
        const struct settings_row *row = &settings_table[i];
        err = buf_printf(out, "  %s (default: %s%s)\n      %s\n", row->name, preset_or_none(row), when_text(row),
                         row->help);
    }
    return err;
}

enum err settings_print_sample(struct buf *out) {
    static const char head[] =
        "# Settings of fetchpoold, see fetchpool.conf(5). What is commented out shows the default.\n"
        "#\n"
        "# Times are seconds, as 0.5; sizes are bytes, or have KiB, MiB or GiB behind them. A list takes commas, or "
        "the same\n"
        "# key on several lines. A ';' after a blank begins a comment. The environment (FETCHPOOL_POOL_WORKERS=64) and "
        "the\n"
        "# command line (--set pool.workers=64) override this file; fetchpoold --check looks at it, --dump shows the "
        "result.\n"
        "# A reload (SIGHUP) brings what was changed in force, but for what says that it takes a restart.\n";
    enum err err = buf_append_text(out, head);
    for (size_t i = 0; i < settings_table_count && !err; i++) {
        const struct settings_row *row = &settings_table[i];
        err = print_section(row, out);
        if (!err)
            err = print_comment(row, NULL, out);
        if (!err)
            err = buf_printf(out, "#%s =%s%s\n", settings_row_key(row), row->preset[0] ? " " : "", row->preset);
    }
    return err;
}

static enum err print_man_row(const struct settings_row *row, struct buf *out) {
    enum err err = buf_printf(out, ".It Cm %s\n%s\n(%s", settings_row_key(row), row->help, type_text(row));
    if (!err)
        err = settings_text_range(row, out);
    bool restart = row->when == SETTINGS_BY_RESTART;
    if (!err && row->preset[0])
        err = buf_printf(out, "; default\n.Ql %s%s ) .\n", row->preset, restart ? " ;\ntakes a restart" : "");
    else if (!err)
        err = buf_printf(out, "; default none%s).\n", when_text(row));
    return err;
}

enum err settings_print_man(struct buf *out) {
    enum err err = ERR_NONE;
    for (size_t i = 0; i < settings_table_count && !err; i++) {
        const struct settings_row *row = &settings_table[i];
        if (begins_section(row))
            err = buf_printf(out, "%s.Ss [%.*s]\n.Bl -tag -width Ds\n", i > 0 ? ".El\n" : "",
                             (int)settings_row_section_len(row), row->name);
        if (!err)
            err = print_man_row(row, out);
    }
    return err ? err : buf_append_text(out, ".El\n");
}

static enum err print_page_row(const struct settings_row *row, struct buf *out) {
    enum err err = buf_printf(out, "| `%s` |", row->name);
    if (!err && row->preset[0])
        err = buf_printf(out, " `%s`", row->preset);
    if (!err)
        err = buf_printf(out, " | %s", type_text(row));
    if (!err)
        err = settings_text_range(row, out);
    return err ? err : buf_printf(out, " | %s%s |\n", row->help, when_text(row));
}

enum err settings_print_page(struct buf *out) {
    static const char head[] =
        "# Settings\n\nAll of them, written from the table in the sources by `./dev docs`; `man fetchpool.conf` and\n"
        "`fetchpoold --help` have the same. [operations.md](operations.md) says where they are read from, which to "
        "turn "
        "for\nwhat. A reload brings what was changed in force, but for what says that it takes a restart.\n";
    enum err err = buf_append_text(out, head);
    for (size_t i = 0; i < settings_table_count && !err; i++) {
        const struct settings_row *row = &settings_table[i];
        if (begins_section(row))
            err = buf_printf(out, "\n## %.*s\n\n| setting | default | values | meaning |\n|---|---|---|---|\n",
                             (int)settings_row_section_len(row), row->name);
        if (!err)
            err = print_page_row(row, out);
    }
    return err;
}
