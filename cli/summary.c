#include "cli/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err summary_init(struct summary *s, size_t total, bool keep_times) {
    *s = (struct summary){.total = total};
    if (!keep_times)
        return ERR_NONE;
    s->elapsed_us = calloc(total + 1, sizeof *s->elapsed_us);
    return s->elapsed_us ? ERR_NONE : ERR_NOMEM;
}

void summary_fini(struct summary *s) {
    free(s->elapsed_us);
    s->elapsed_us = NULL;
}

static void fill(struct summary_entry *entry, size_t index, const struct fetch_result *result) {
    *entry = (struct summary_entry){
        .index = index,
        .status = result->status,
        .error = result->error,
        .size_bytes = result->size_bytes,
        .elapsed_us = result->elapsed_us,
        .timings = result->timings,
    };
    if (result->error)
        (void)snprintf(entry->error_text, sizeof entry->error_text, "%s", result->error_text);
}

/* One that was not begun has no time. */
static void keep_slow(struct summary *s, size_t index, const struct fetch_result *result) {
    size_t at = s->slowest_count;
    while (at > 0 && s->slowest[at - 1].elapsed_us < result->elapsed_us)
        at--;
    if (at == SUMMARY_SLOWEST || result->elapsed_us == 0)
        return;
    size_t kept = s->slowest_count < SUMMARY_SLOWEST ? s->slowest_count : SUMMARY_SLOWEST - 1;
    memmove(&s->slowest[at + 1], &s->slowest[at], (kept - at) * sizeof s->slowest[0]);
    fill(&s->slowest[at], index, result);
    s->slowest_count = kept + 1;
}

void summary_add(struct summary *s, size_t index, const struct fetch_result *result) {
    bool failed = result->error || result->status >= 400;
    s->done++;
    s->failed += failed;
    if (result->error) {
        s->by_error[result->error]++;
    } else {
        s->by_status[result->status < SUMMARY_STATUSES ? result->status : 0]++;
        s->size_bytes += result->size_bytes;
        if (s->elapsed_us)
            s->elapsed_us[s->answered] = result->elapsed_us;
        s->answered++;
    }
    if (failed && s->failure_count < SUMMARY_FAILURES)
        fill(&s->failures[s->failure_count++], index, result);
    keep_slow(s, index, result);
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Nearest rank. */
int64_t summary_percentile_us(struct summary *s, unsigned percent) {
    if (!s->elapsed_us || s->answered == 0)
        return 0;
    qsort(s->elapsed_us, s->answered, sizeof *s->elapsed_us, compare);
    size_t rank = (s->answered * percent + 99) / 100;
    return s->elapsed_us[rank > 0 ? rank - 1 : 0];
}
