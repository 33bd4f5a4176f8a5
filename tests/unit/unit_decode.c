#include "unit_decode.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

void unit_decode_init(struct unit_decode *d) {
    *d = (struct unit_decode){
        .settings.server.max_urls = 100000,
        .settings.pool.max_concurrent_limit = 1000,
        .settings.fetch.timeout_limit_ms = 600 * 1000,
        .settings.fetch.max_size_limit_bytes = 100 * 1024 * 1024,
    };
    fetch_batch_init(&d->batch, NULL);
    d->batch.options = fetch_default_options(&d->settings);
    d->target = (struct fetch_options_target){
        .settings = &d->settings,
        .batch = &d->batch,
        .options = &d->batch.options,
        .delivery = &d->delivery,
        .problem = &d->problem,
    };
    d->delivery.format = &answer_array;
}

void unit_decode_fini(struct unit_decode *d) {
    fetch_batch_fini(&d->batch);
}

void unit_decode_assert_wrong(const struct unit_decode *d, const char *what, const char *pointer, const char *detail) {
    if (d->problem.status != 422)
        fail_msg("status %d, no 422, for: %s", d->problem.status, what);
    assert_int_equal(d->problem.error_count, 1);
    assert_string_equal(d->problem.errors[0].pointer, pointer);
    assert_string_equal(d->problem.errors[0].detail, detail);
}

void unit_decode_assert_taken(const struct unit_decode *d, const char *what) {
    if (d->problem.status != 0)
        fail_msg("refused: %s: %d, %s, %s", what, d->problem.status, d->problem.detail, d->problem.errors[0].detail);
}

void unit_decode_each_text(const char *texts, void (*each)(const char *name, const char *text, const char *detail),
                           const char *name, const char *detail) {
    char text[100];
    for (;; texts++) {
        size_t n = strcspn(texts, "|");
        assert_true(n < sizeof text);
        (void)snprintf(text, sizeof text, "%.*s", (int)n, texts);
        each(name, text, detail);
        texts += n;
        if (*texts == '\0')
            return;
    }
}
