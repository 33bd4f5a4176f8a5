#include "cli/report.h"

#include "cli/cells.h"
#include "cli/units.h"
#include "cli/waterfall.h"
#include "pool/fetch_error.h"

#include <stdio.h>
#include <string.h>

enum {
    MIN_COLUMNS = 30,
    MAX_COLUMNS = 160,
    LABEL_BYTES = 32,
    LABEL_MAX_COLUMNS = 18, /* our longest name of an error; a newer daemon may have longer ones */
    COUNT_COLUMNS = 9,
    NUMBER_COLUMNS = 8,
    GAP_COLUMNS = 2,
    WIDE_COLUMNS = 100, /* from which there is room for the time in the queue */
    ROOM_COLUMNS = 64,  /* and for the size */
    BAR_MIN_COLUMNS = 10,
};

struct report {
    struct summary *summary;
    int64_t elapsed_us;
    const char *(*url_of)(const void *arg, size_t index);
    const void *arg;
    struct report_look look;
    struct buf *out;
    enum err err; /* the first */
};

/* ---- writing ---- */

static void put(struct report *t, const char *text) {
    if (!t->err)
        t->err = buf_append_text(t->out, text);
}

static void put_cells(struct report *t, const char *text, size_t columns, enum cells_side side) {
    if (!t->err)
        t->err = cells_put(t->out, text, columns, side, t->look.utf8);
}

/* The text in a colour, or as it is. */
static void put_in(struct report *t, const char *color, const char *text, size_t columns, enum cells_side side) {
    if (t->look.color)
        put(t, color);
    put_cells(t, text, columns, side);
    if (t->look.color)
        put(t, "\x1b[0m");
}

static void put_gap(struct report *t) {
    put(t, "  ");
}

/* Lines end with what they show. */
static void end_line(struct report *t) {
    while (t->out->len > 0 && t->out->data[t->out->len - 1] == ' ')
        t->out->len--;
    put(t, "\n");
}

static const char *color_of(enum fetch_error error, int status) {
    return error || status >= 500 ? "\x1b[31m" : status >= 400 ? "\x1b[33m" : status >= 300 ? "\x1b[36m" : "\x1b[32m";
}

static const char *label_of(enum fetch_error error, int status, char text[LABEL_BYTES]) {
    if (error)
        return fetch_error_name(error);
    (void)snprintf(text, LABEL_BYTES, "%d", status);
    return text;
}

static void put_title(struct report *t, const char *text) {
    put(t, "\n");
    size_t width = strlen(text);
    put_in(t, "\x1b[1m", text, width < t->look.columns ? width : t->look.columns, CELLS_LEFT);
    end_line(t);
}

/* ---- how many of which ---- */

static void put_first_line(struct report *t) {
    char total[UNITS_BYTES * 2], time[UNITS_BYTES], size[UNITS_BYTES], good[UNITS_BYTES * 2], bad[UNITS_BYTES * 2];
    char line[256];
    const struct summary *s = t->summary;
    double seconds = (double)t->elapsed_us / 1e6;
    double rate = seconds > 0 ? (double)s->done / seconds : 0;
    units_count(s->total, total);
    units_count(s->done - s->failed, good);
    units_count(s->failed, bad);
    units_time(t->elapsed_us, time);
    units_size(s->size_bytes, size);
    (void)snprintf(line, sizeof line,
                   rate < 9.95 ? "%s URL%s in %s, %s, %.1f/s: %s good, %s not"
                               : "%s URL%s in %s, %s, %.0f/s: %s good, %s not",
                   total, s->total == 1 ? "" : "s", time, size, rate, good, bad);
    size_t width = strlen(line);
    put_in(t, "\x1b[1m", line, width < t->look.columns ? width : t->look.columns, CELLS_LEFT);
    end_line(t);
}

static void put_share(struct report *t, size_t count, size_t label_columns) {
    size_t used = label_columns + COUNT_COLUMNS + GAP_COLUMNS;
    size_t room = t->look.columns > used ? t->look.columns - used : 0;
    size_t columns = room < 40 ? room : 40;
    size_t halves = (size_t)((double)count / (double)t->summary->total * (double)columns * 2 + 0.5);
    if (columns < BAR_MIN_COLUMNS)
        return;
    put_gap(t);
    for (size_t i = 0; i < halves / 2; i++)
        put(t, t->look.utf8 ? "━" : "=");
    if (halves % 2 || halves == 0)
        put(t, t->look.utf8 ? "╸" : "-");
}

static void put_count(struct report *t, enum fetch_error error, int status, size_t count, size_t label_columns) {
    char text[LABEL_BYTES], number[UNITS_BYTES * 2];
    if (count == 0)
        return;
    units_count(count, number);
    put_in(t, color_of(error, status), label_of(error, status, text), label_columns, CELLS_LEFT);
    put_cells(t, number, COUNT_COLUMNS, CELLS_RIGHT);
    if (t->look.color)
        put(t, color_of(error, status));
    put_share(t, count, label_columns);
    if (t->look.color)
        put(t, "\x1b[0m");
    end_line(t);
}

static size_t widest_label(const struct summary *s) {
    size_t widest = 3;
    for (int i = 1; i < FETCH_ERROR_NUMBERS; i++)
        if (s->by_error[i] > 0 && strlen(fetch_error_name((enum fetch_error)i)) > widest)
            widest = strlen(fetch_error_name((enum fetch_error)i));
    return widest < LABEL_MAX_COLUMNS ? widest : LABEL_MAX_COLUMNS;
}

static void put_counts(struct report *t) {
    const struct summary *s = t->summary;
    size_t label_columns = widest_label(s);
    put(t, "\n");
    for (int i = 0; i < SUMMARY_STATUSES; i++)
        put_count(t, FETCH_OK, i, s->by_status[i], label_columns);
    for (int i = 1; i < FETCH_ERROR_NUMBERS; i++)
        put_count(t, (enum fetch_error)i, 0, s->by_error[i], label_columns);
}

static void put_percentiles(struct report *t) {
    static const unsigned percents[] = {50, 90, 99, 100};
    static const char *const names[] = {"half within", "90 %", "99 %", "all"};
    char time[UNITS_BYTES], line[256] = "";
    size_t len = 0;
    if (t->summary->answered < 2)
        return;
    for (size_t i = 0; i < sizeof percents / sizeof percents[0] && len < sizeof line; i++) {
        units_time(summary_percentile_us(t->summary, percents[i]), time);
        len += (size_t)snprintf(line + len, sizeof line - len, "%s%s %s", i ? ", " : "", names[i], time);
    }
    put_title(t, "Times of those that were answered");
    put_cells(t, line, len < t->look.columns ? len : t->look.columns, CELLS_LEFT);
    end_line(t);
}

/* ---- those that failed ---- */

static void put_failure(struct report *t, const struct summary_entry *entry, size_t label_columns) {
    char text[LABEL_BYTES];
    const char *url = t->url_of(t->arg, entry->index);
    size_t room = t->look.columns - label_columns - GAP_COLUMNS;
    size_t width = cells_width(url, t->look.utf8);
    size_t url_columns = !entry->error_text[0] ? room : width < room / 2 ? width : room / 2;
    put_in(t, color_of(entry->error, entry->status), label_of(entry->error, entry->status, text), label_columns,
           CELLS_LEFT);
    put_gap(t);
    put_cells(t, url, url_columns, CELLS_LEFT);
    if (entry->error_text[0] && room > url_columns + GAP_COLUMNS) {
        put_gap(t);
        put_in(t, "\x1b[2m", entry->error_text, room - url_columns - GAP_COLUMNS, CELLS_LEFT);
    }
    end_line(t);
}

static void put_failures(struct report *t) {
    const struct summary *s = t->summary;
    char title[128], count[UNITS_BYTES * 2];
    if (s->failure_count == 0)
        return;
    units_count(s->failed, count);
    (void)snprintf(title, sizeof title, s->failed > s->failure_count ? "Not good, the first %zu of %s" : "Not good",
                   s->failure_count, count);
    put_title(t, title);
    for (size_t i = 0; i < s->failure_count; i++)
        put_failure(t, &s->failures[i], widest_label(s));
}

/* ---- the slowest ---- */

/* Columns of the parts of a line; 0: it is left out. */
struct columns {
    size_t url;
    size_t label;
    size_t size;
    size_t queue;
    size_t time;
    size_t bar;
};

static struct columns fit_columns(const struct report *t) {
    size_t all = t->look.columns;
    struct columns c = {.label = widest_label(t->summary), .time = NUMBER_COLUMNS};
    size_t used = c.label + c.time + 2 * GAP_COLUMNS;
    if (all >= ROOM_COLUMNS) {
        c.size = NUMBER_COLUMNS;
        used += c.size + GAP_COLUMNS;
    }
    if (all >= WIDE_COLUMNS) {
        c.queue = NUMBER_COLUMNS;
        used += c.queue + GAP_COLUMNS;
    }
    size_t rest = all > used ? all - used : 0;
    c.bar = rest / 2 > BAR_MIN_COLUMNS + GAP_COLUMNS ? rest / 2 - GAP_COLUMNS : 0;
    c.url = rest - c.bar - (c.bar ? GAP_COLUMNS : 0);
    return c;
}

static void put_column(struct report *t, const char *text, size_t columns) {
    if (columns == 0)
        return;
    put_gap(t);
    put_cells(t, text, columns, CELLS_RIGHT);
}

static void put_heads(struct report *t, const struct columns *c) {
    if (t->look.color)
        put(t, "\x1b[1m");
    put_cells(t, "The slowest", c->url, CELLS_LEFT);
    put_gap(t);
    put_cells(t, "", c->label, CELLS_LEFT);
    put_column(t, "size", c->size);
    put_column(t, "queued", c->queue);
    put_column(t, "time", c->time);
    if (t->look.color)
        put(t, "\x1b[0m");
    end_line(t);
}

static void put_slow(struct report *t, const struct summary_entry *entry, const struct columns *c) {
    const struct waterfall_look look = {.utf8 = t->look.utf8, .color = t->look.color};
    char text[LABEL_BYTES], size[UNITS_BYTES], time[UNITS_BYTES], queue[UNITS_BYTES];
    units_size(entry->size_bytes, size);
    units_time(entry->elapsed_us, time);
    units_time(entry->timings.queue_us, queue);
    put_cells(t, t->url_of(t->arg, entry->index), c->url, CELLS_LEFT);
    put_gap(t);
    put_in(t, color_of(entry->error, entry->status), label_of(entry->error, entry->status, text), c->label, CELLS_LEFT);
    put_column(t, entry->error ? "" : size, c->size);
    put_column(t, queue, c->queue);
    put_column(t, time, c->time);
    if (c->bar > 0) {
        put_gap(t);
        if (!t->err)
            t->err = waterfall_bar(entry, t->summary->slowest[0].elapsed_us, c->bar, &look, t->out);
    }
    end_line(t);
}

/* Under the bars, set to the right. */
static void put_legend(struct report *t, const struct columns *c) {
    const struct waterfall_look look = {.utf8 = t->look.utf8, .color = t->look.color};
    struct buf legend;
    size_t width;
    buf_init(&legend, SIZE_MAX);
    enum err err = waterfall_legend(&look, &legend, &width);
    if (!err)
        err = buf_terminate(&legend);
    if (!err && c->bar > 0 && width <= t->look.columns) {
        size_t bar_end = t->look.columns;
        size_t start = bar_end - c->bar + width <= bar_end ? bar_end - c->bar : bar_end - width;
        put_cells(t, "", start, CELLS_LEFT);
        put(t, legend.data);
        end_line(t);
    }
    buf_fini(&legend);
    if (!t->err)
        t->err = err;
}

static void put_slowest(struct report *t) {
    struct columns c = fit_columns(t);
    if (t->summary->slowest_count == 0)
        return;
    put(t, "\n");
    put_heads(t, &c);
    for (size_t i = 0; i < t->summary->slowest_count; i++)
        put_slow(t, &t->summary->slowest[i], &c);
    put_legend(t, &c);
}

enum err report_render(struct summary *summary, int64_t elapsed_us,
                       const char *(*url_of)(const void *arg, size_t index), const void *arg,
                       const struct report_look *look, struct buf *out) {
    struct report t = {
        .summary = summary, .elapsed_us = elapsed_us, .url_of = url_of, .arg = arg, .look = *look, .out = out};
    t.look.columns = look->columns < MIN_COLUMNS   ? MIN_COLUMNS
                     : look->columns > MAX_COLUMNS ? MAX_COLUMNS
                                                   : look->columns;
    put_first_line(&t);
    if (summary->done > 0)
        put_counts(&t);
    put_percentiles(&t);
    put_failures(&t);
    put_slowest(&t);
    return t.err;
}
