#include "cli/printer.h"

#include "base/clock.h"
#include "cli/report.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DRAW_INTERVAL_MS = 100,
    FIRST_DRAW_MS = 250,  /* what is over by then needs no line */
    CANCEL_AGAIN_MS = 50, /* an interruption may be lost */
};

/* ---- standard output ---- */

static void stop(struct printer *p, enum printer_end end, const char *error) {
    if (p->ended != PRINTER_DONE)
        return;
    p->ended = end;
    p->error = error;
    results_abandon(&p->job->results);
    p->source->ops->cancel(p->source);
}

/* False: the rest need not be tried. */
static bool write_some(struct printer *p, const char **bytes, size_t *left) {
    ssize_t n = write(STDOUT_FILENO, *bytes, *left);
    if (n >= 0) {
        *bytes += n;
        *left -= (size_t)n;
        return true;
    }
    if (errno == EAGAIN) {
        struct pollfd room = {.fd = STDOUT_FILENO, .events = POLLOUT};
        return poll(&room, 1, -1) >= 0 || errno == EINTR;
    }
    if (errno == EINTR)
        return true;
    bool has_left = errno == EPIPE || errno == ECONNRESET; /* the latter of a socket */
    stop(p, has_left ? PRINTER_READER_LEFT : PRINTER_FAILED, "standard output cannot be written");
    return false;
}

static void print(struct printer *p, const struct buf *text) {
    const char *bytes = text->data;
    size_t left = text->len;
    if (left > 0 && p->shares_terminal)
        terminal_erase(&p->terminal);
    while (left > 0 && p->ended == PRINTER_DONE && write_some(p, &bytes, &left))
        continue;
}

/* With the first result, and not before: a daemon may refuse the list. */
static void begin(struct printer *p, struct buf *text) {
    const struct output *output = p->job->results.output;
    buf_clear(text);
    if (p->has_begun)
        return;
    p->has_begun = true;
    if (output->begin && output->begin(text, p->job->options->save != NULL))
        stop(p, PRINTER_FAILED, err_text(ERR_NOMEM));
    print(p, text);
    buf_clear(text);
}

static bool print_what_came(struct printer *p, struct buf *came) {
    struct buf head;
    buf_clear(came);
    bool took = results_take(&p->job->results, came);
    buf_init(&head, SIZE_MAX);
    if (took)
        begin(p, &head);
    buf_fini(&head);
    print(p, came);
    return took;
}

static const char *url_of(const void *arg, size_t index) {
    return ((const struct fetch_batch *)arg)->items[index].url;
}

/* All results have come: nobody else touches the summary. */
static enum err print_table(const struct printer *p, struct buf *out) {
    const struct report_look look = {
        .columns = terminal_columns(STDOUT_FILENO),
        .utf8 = terminal_has_utf8(),
        .color = terminal_has_color(STDOUT_FILENO),
    };
    return report_render(&p->job->results.summary, clock_now_us() - p->job->started_us, url_of, &p->job->list, &look,
                         out);
}

static void print_end(struct printer *p, struct buf *text) {
    if (results_are_abandoned(&p->job->results))
        return;
    begin(p, text);
    enum err err = buf_append_text(text, p->job->results.output->end);
    if (!err && p->job->options->format == CLI_FORMAT_TABLE)
        err = print_table(p, text);
    if (err)
        stop(p, PRINTER_FAILED, err_text(err));
    else
        print(p, text);
}

/* ---- the progress line ---- */

static void draw(struct printer *p, int64_t now_ms) {
    struct results_counts counts = results_count(&p->job->results);
    progress_rate_measure(&p->rate, counts.done, now_ms);
    const struct progress_state state = {
        .total = counts.total,
        .done = counts.done,
        .failed = counts.failed,
        .in_flight = p->source->ops->in_flight(p->source),
        .rate = p->rate.per_s,
        .is_ending = signals_number(p->signals) != 0,
    };
    terminal_draw(&p->terminal, &state);
    p->next_draw_ms = now_ms + DRAW_INTERVAL_MS;
}

/* ---- waiting ---- */

static bool is_ending(const struct printer *p) {
    return p->ended != PRINTER_DONE || job_has_failed(p->job) || signals_number(p->signals) != 0;
}

static int wait_ms(const struct printer *p) {
    int64_t draw_ms = p->terminal.can_draw ? p->next_draw_ms - clock_now_ms() : INT32_MAX;
    if (is_ending(p) && draw_ms > CANCEL_AGAIN_MS)
        draw_ms = CANCEL_AGAIN_MS;
    return draw_ms == INT32_MAX ? -1 : draw_ms > 0 ? (int)draw_ms : 0;
}

static void clear_wake(int fd) {
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof count);
    (void)n; /* nothing was there */
}

/* A reader that leaves is noticed before there is anything to write. */
static void wait_for_news(struct printer *p) {
    struct pollfd fds[] = {{.fd = p->job->results.wake_fd, .events = POLLIN},
                           {.fd = p->ended == PRINTER_DONE ? STDOUT_FILENO : -1}};
    int n = poll(fds, sizeof fds / sizeof fds[0], wait_ms(p));
    if (n > 0 && fds[0].revents)
        clear_wake(fds[0].fd);
    if (n > 0 && fds[1].revents) /* an error, a hang-up or no descriptor, none of which goes away */
        stop(p, PRINTER_READER_LEFT, NULL);
    if (is_ending(p))
        p->source->ops->cancel(p->source);
}

/* Who reads a pipe may write to the terminal as soon as it has something. */
static bool leads_to_terminal(void) {
    struct stat status;
    return isatty(STDOUT_FILENO) || (fstat(STDOUT_FILENO, &status) == 0 && S_ISFIFO(status.st_mode));
}

static void init(struct printer *p, struct job *job, struct source *source, struct signals *signals) {
    *p = (struct printer){
        .job = job,
        .source = source,
        .signals = signals,
        .shares_terminal = leads_to_terminal(),
        .next_draw_ms = clock_now_ms() + FIRST_DRAW_MS,
    };
    progress_rate_init(&p->rate, job->started_us / 1000);
    terminal_init(&p->terminal);
    if (job->options->quiet)
        p->terminal.can_draw = false;
}

void printer_run(struct printer *p, struct job *job, struct source *source, struct signals *signals) {
    struct buf text;
    enum err err;
    init(p, job, source, signals);
    buf_init(&text, SIZE_MAX);
    while (!results_are_taken(&job->results, &err)) {
        bool took = print_what_came(p, &text);
        if (p->terminal.can_draw && clock_now_ms() >= p->next_draw_ms)
            draw(p, clock_now_ms());
        if (!took)
            wait_for_news(p);
    }
    terminal_erase(&p->terminal);
    print_end(p, &text);
    if (err)
        stop(p, PRINTER_FAILED, err_text(err));
    buf_fini(&text);
}
