#include "cli/results.h"

#include "cli/item.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TAKE_BYTES = 64 * 1024, HOLD_BYTES = 32 * 1024 * 1024 };

enum err results_init(struct results *r, const struct results_options *options) {
    size_t count = options->list->count;
    *r = (struct results){.output = options->output,
                          .list = options->list,
                          .printed = options->printed,
                          .saves = options->saves,
                          .wake_fd = -1};
    pthread_mutex_init(&r->lock, NULL);
    r->texts = calloc(count + 1, sizeof *r->texts);
    if (options->order == CLI_ORDER_COMPLETION)
        r->sequence = calloc(count + 1, sizeof *r->sequence);
    if (!r->texts || (options->order == CLI_ORDER_COMPLETION && !r->sequence) ||
        summary_init(&r->summary, count, options->keep_times)) {
        results_fini(r);
        return ERR_NOMEM;
    }
    r->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->wake_fd >= 0)
        return ERR_NONE;
    results_fini(r);
    return ERR_IO;
}

void results_fini(struct results *r) {
    for (size_t i = 0; r->texts && i < r->list->count; i++)
        free(r->texts[i].bytes);
    free(r->texts);
    free(r->sequence);
    summary_fini(&r->summary);
    if (r->wake_fd >= 0)
        (void)close(r->wake_fd); /* nothing is kept in it */
    pthread_mutex_destroy(&r->lock);
}

void results_wake(struct results *r) {
    uint64_t one = 1;
    ssize_t n = write(r->wake_fd, &one, sizeof one);
    (void)n; /* it is full only when it is readable */
}

/* ---- who fetches ---- */

/* In the order of the list what came behind the first that did not come cannot be taken. */
static size_t wanted_locked(const struct results *r) {
    return !r->sequence && r->taken < r->list->count && !r->texts[r->taken].came ? r->taken : SCHED_NO_ITEM;
}

/* Half the bound lies between hold and release. */
static void balance_locked(struct results *r) {
    size_t wanted = wanted_locked(r);
    if (!r->flow.hold)
        return;
    if (r->is_holding && (r->held_bytes <= HOLD_BYTES / 2 || r->unread)) {
        r->is_holding = false;
        r->flow.release(r->flow.arg);
    } else if (!r->unread && (r->is_holding ? wanted != r->wanted : r->held_bytes > HOLD_BYTES)) {
        r->is_holding = true;
        r->wanted = wanted;
        r->flow.hold(r->flow.arg, wanted);
    }
}

static enum err encode(const struct results *r, size_t index, const struct fetch_result *result, struct buf *text) {
    const struct fetch_item *item = &r->list->items[index];
    const struct option_values *own = item_values(item);
    struct fetch_options options = own ? own->fetch : r->list->options;
    options.include = own ? own->printed : r->printed;
    return r->output->encode(text, item, index, &options, result);
}

static void put_locked(struct results *r, size_t index, const struct results_text *text) {
    r->texts[index] = *text;
    r->held_bytes += text->len;
    if (r->sequence)
        r->sequence[r->came] = index;
    r->came++;
}

/* With the first error that kept its text from being whole. */
static void put(struct results *r, size_t index, const struct fetch_result *result, struct buf *text, enum err err) {
    struct results_text put = {.came = true};
    if (!err && text->len > 0)
        put.bytes = buf_take(text, &put.len);
    pthread_mutex_lock(&r->lock);
    if (err && !r->err)
        r->err = err;
    summary_add(&r->summary, index, result);
    put_locked(r, index, &put);
    balance_locked(r);
    pthread_mutex_unlock(&r->lock);
    results_wake(r);
}

void results_put(struct results *r, size_t index, const struct fetch_result *result, const char *saved) {
    struct buf text;
    enum err err = ERR_NONE;
    buf_init(&text, SIZE_MAX);
    if (r->output->encode && !results_are_abandoned(r))
        err = encode(r, index, result, &text);
    if (!err && r->saves && text.len > 0)
        err = r->output->add_saved(&text, saved);
    put(r, index, result, &text, err);
    buf_fini(&text);
}

void results_put_text(struct results *r, size_t index, const struct fetch_result *result, const char *saved,
                      struct buf *text) {
    enum err err = ERR_NONE;
    if (results_are_abandoned(r))
        buf_clear(text);
    else if (r->saves)
        err = r->output->add_saved(text, saved);
    put(r, index, result, text, err);
}

bool results_has(struct results *r, size_t index) {
    pthread_mutex_lock(&r->lock);
    bool came = r->texts[index].came;
    pthread_mutex_unlock(&r->lock);
    return came;
}

/* ---- who prints ---- */

static struct results_text *next_locked(struct results *r) {
    if (r->taken == r->list->count)
        return NULL;
    if (r->sequence)
        return r->taken < r->came ? &r->texts[r->sequence[r->taken]] : NULL;
    return r->texts[r->taken].came ? &r->texts[r->taken] : NULL;
}

static enum err take_locked(struct results *r, struct results_text *text, struct buf *out) {
    enum err err = ERR_NONE;
    if (r->taken > 0 && text->len > 0)
        err = buf_append_text(out, r->output->separator);
    if (!err && text->len > 0)
        err = buf_append(out, text->bytes, text->len);
    if (err)
        return err;
    r->held_bytes -= text->len;
    free(text->bytes);
    text->bytes = NULL;
    r->taken++;
    return ERR_NONE;
}

bool results_take(struct results *r, struct buf *out) {
    struct results_text *text;
    pthread_mutex_lock(&r->lock);
    size_t before = r->taken;
    while (!r->unread && out->len < TAKE_BYTES && (text = next_locked(r)) != NULL) {
        enum err err = take_locked(r, text, out);
        if (err) {
            r->err = r->err ? r->err : err;
            r->unread = true;
        }
    }
    balance_locked(r);
    bool took = r->taken > before;
    pthread_mutex_unlock(&r->lock);
    return took;
}

bool results_are_taken(struct results *r, enum err *ret_err) {
    pthread_mutex_lock(&r->lock);
    *ret_err = r->err;
    bool all = r->unread ? r->came == r->list->count : r->taken == r->list->count;
    pthread_mutex_unlock(&r->lock);
    return all;
}

void results_abandon(struct results *r) {
    pthread_mutex_lock(&r->lock);
    r->unread = true;
    balance_locked(r);
    pthread_mutex_unlock(&r->lock);
}

struct results_counts results_count(struct results *r) {
    pthread_mutex_lock(&r->lock);
    struct results_counts counts = {r->summary.total, r->summary.done, r->summary.failed};
    pthread_mutex_unlock(&r->lock);
    return counts;
}

bool results_are_abandoned(struct results *r) {
    pthread_mutex_lock(&r->lock);
    bool unread = r->unread;
    pthread_mutex_unlock(&r->lock);
    return unread;
}
