#include "cli/waterfall.h"

#include <string.h>

/* Colours tell the parts apart, and where there are none the shades do. */
static const struct {
    const char *name;
    const char *color;
    const char *block;
    char ascii;
} phases[] = {
    {"earlier", "\x1b[90m", "·", '.'}, {"dns", "\x1b[36m", "░", ':'},  {"connect", "\x1b[33m", "▒", '+'},
    {"tls", "\x1b[35m", "▓", '*'},     {"wait", "\x1b[32m", "█", '#'}, {"transfer", "\x1b[34m", "▄", '='},
};
enum { PHASES = sizeof phases / sizeof phases[0] };

/* When each part ended, from the start; each is at least the one before. */
static void find_ends(const struct summary_entry *entry, int64_t ret_ends[PHASES]) {
    const struct fetch_timings *t = &entry->timings;
    int64_t before = entry->elapsed_us > t->total_us ? entry->elapsed_us - t->total_us : 0;
    const int64_t ends[PHASES] = {0,          t->namelookup_us, t->connect_us, t->appconnect_us, t->starttransfer_us,
                                  t->total_us};
    int64_t last = 0;
    for (size_t i = 0; i < PHASES; i++) {
        last = ends[i] > last ? ends[i] : last;
        ret_ends[i] = before + last;
    }
}

static enum err put_blocks(size_t phase, size_t count, const struct waterfall_look *look, struct buf *out) {
    enum err err = ERR_NONE;
    if (count > 0 && look->color)
        err = buf_append_text(out, phases[phase].color);
    for (size_t i = 0; i < count && !err; i++)
        err = look->utf8 ? buf_append_text(out, look->color && phase > 0 ? "█" : phases[phase].block)
                         : buf_append_char(out, phases[phase].ascii);
    return err || count == 0 || !look->color ? err : buf_append_text(out, "\x1b[0m");
}

enum err waterfall_bar(const struct summary_entry *entry, int64_t scale_us, size_t columns,
                       const struct waterfall_look *look, struct buf *out) {
    int64_t ends[PHASES];
    size_t drawn = 0;
    enum err err = ERR_NONE;
    find_ends(entry, ends);
    for (size_t i = 0; i < PHASES && !err; i++) {
        double share = scale_us > 0 ? (double)ends[i] / (double)scale_us : 0;
        size_t end = (size_t)((share < 1 ? share : 1) * (double)columns + 0.5);
        if (i == PHASES - 1 && end == 0 && columns > 0)
            end = 1; /* it was there */
        err = put_blocks(i, end > drawn ? end - drawn : 0, look, out);
        drawn = end > drawn ? end : drawn;
    }
    for (; drawn < columns && !err; drawn++)
        err = buf_append_char(out, ' ');
    return err;
}

enum err waterfall_legend(const struct waterfall_look *look, struct buf *out, size_t *ret_columns) {
    enum err err = ERR_NONE;
    *ret_columns = 0;
    for (size_t i = 0; i < PHASES && !err; i++) {
        err = put_blocks(i, 1, look, out);
        if (!err)
            err = buf_printf(out, " %s%s", phases[i].name, i + 1 < PHASES ? "  " : "");
        *ret_columns += 2 + strlen(phases[i].name) + (i + 1 < PHASES ? 2 : 0);
    }
    return err;
}
