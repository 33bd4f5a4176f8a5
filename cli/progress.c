#include "cli/progress.h"

#include "cli/units.h"

#include <stdio.h>
#include <string.h>

enum {
    PARTS_BYTES = 160,
    BAR_MIN_COLUMNS = 8,
    BAR_MAX_COLUMNS = 30,
    RATE_SPAN_MS = 500, /* between two measurements, at least */
    RATE_MEMORY_MS = 10000,
};

/* ---- the rate ---- */

void progress_rate_init(struct progress_rate *r, int64_t started_ms) {
    *r = (struct progress_rate){.started_ms = started_ms, .measured_ms = started_ms};
}

/* A span in which none came goes on until one does: of slow URLs several come at once, and long none. */
void progress_rate_measure(struct progress_rate *r, size_t done, int64_t now_ms) {
    int64_t span_ms = now_ms - r->measured_ms;
    int64_t before_ms = r->measured_ms - r->started_ms;
    if (done == r->measured_done || span_ms <= 0 || (r->per_s > 0 && span_ms < RATE_SPAN_MS))
        return;
    double per_s = (double)(done - r->measured_done) * 1000 / (double)span_ms;
    int64_t memory_ms = before_ms < RATE_MEMORY_MS ? before_ms : RATE_MEMORY_MS;
    r->per_s += (per_s - r->per_s) * (double)span_ms / (double)(span_ms + memory_ms);
    r->measured_ms = now_ms;
    r->measured_done = done;
}

/* ---- the line ---- */

/* What stands behind the bar, in the order in which it is left out from the end. */
static void add_part(char *parts, const char *text, size_t room) {
    size_t len = strlen(parts);
    size_t need = strlen(text) + (len > 0 ? 2 : 0);
    if (len + need <= room && len + need < PARTS_BYTES)
        (void)snprintf(parts + len, PARTS_BYTES - len, "%s%s", len > 0 ? "  " : "", text);
}

static void text_of_left(const struct progress_state *s, char ret_text[UNITS_BYTES * 2]) {
    char clock[UNITS_BYTES];
    ret_text[0] = '\0';
    if (s->is_ending) {
        (void)snprintf(ret_text, UNITS_BYTES * 2, "ending");
    } else if (s->rate > 0 && s->done > 0 && s->done < s->total) {
        double seconds = (double)(s->total - s->done) / s->rate;
        units_clock(seconds < 359999 ? (int64_t)(seconds + 0.5) : 359999, clock);
        (void)snprintf(ret_text, UNITS_BYTES * 2, "%s left", clock);
    }
}

static void text_of_rate(double rate, char ret_text[UNITS_BYTES]) {
    (void)snprintf(ret_text, UNITS_BYTES, rate < 9.95 ? "%.1f/s" : "%.0f/s", rate);
}

/* The words of the line by their importance, as many as there is room for. */
static void make_parts(const struct progress_state *s, size_t room, char ret_parts[PARTS_BYTES]) {
    char done[UNITS_BYTES * 2], total[UNITS_BYTES * 2], text[PARTS_BYTES];
    ret_parts[0] = '\0';
    units_count(s->done, done);
    units_count(s->total, total);
    (void)snprintf(text, sizeof text, "%s/%s", done, total);
    add_part(ret_parts, text, room);
    if (s->failed > 0) {
        units_count(s->failed, done);
        (void)snprintf(text, sizeof text, "%s failed", done);
        add_part(ret_parts, text, room);
    }
    text_of_left(s, text);
    if (text[0])
        add_part(ret_parts, text, room);
    text_of_rate(s->rate, text);
    add_part(ret_parts, text, room);
    if (s->in_flight != PROGRESS_NOT_KNOWN) {
        (void)snprintf(text, sizeof text, "%zu in flight", s->in_flight);
        add_part(ret_parts, text, room);
    }
}

/* Eighths of a column are drawn by the blocks of Unicode. */
static enum err draw_bar(const struct progress_state *s, const struct progress_look *look, size_t columns,
                         struct buf *out) {
    static const char *const blocks[] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
    size_t eighths = s->total > 0 ? (size_t)((double)s->done / (double)s->total * (double)columns * 8) : 0;
    enum err err = buf_append_text(out, look->utf8 ? "▕" : "[");
    if (!err && look->color)
        err = buf_append_text(out, s->failed > 0 ? "\x1b[33m" : "\x1b[32m");
    for (size_t i = 0; i < columns && !err; i++) {
        size_t full = eighths > i * 8 ? eighths - i * 8 : 0;
        err = look->utf8 ? buf_append_text(out, blocks[full < 8 ? full : 8])
                         : buf_append_char(out, full >= 8   ? '#'
                                                : full >= 4 ? '-'
                                                            : ' ');
    }
    if (!err && look->color)
        err = buf_append_text(out, "\x1b[0m");
    return err ? err : buf_append_text(out, look->utf8 ? "▏" : "]");
}

enum err progress_render(const struct progress_state *state, const struct progress_look *look, struct buf *out,
                         size_t *ret_columns) {
    char parts[PARTS_BYTES];
    size_t room = look->columns > 1 ? look->columns - 1 : 0;
    unsigned percent = state->total > 0 ? (unsigned)((double)state->done * 100 / (double)state->total) : 100;
    make_parts(state, room, parts);
    size_t used = strlen(parts);
    size_t left = room - used;
    size_t bar = left > 9 ? left - 9 : 0; /* its ends, two blanks, "100 %" */
    enum err err = ERR_NONE;
    if (bar > BAR_MAX_COLUMNS)
        bar = BAR_MAX_COLUMNS;
    if (bar >= BAR_MIN_COLUMNS) {
        err = draw_bar(state, look, bar, out);
        if (!err)
            err = buf_printf(out, "%3u %%  ", percent);
        used += bar + 9;
    }
    if (!err)
        err = buf_append_text(out, parts);
    *ret_columns = used;
    return err;
}
