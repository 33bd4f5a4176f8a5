#include "unit_fetcher.h"

#include "base/clock.h"
#include "base/thread.h"
#include "unit.h"
#include "unit_file.h"
#include "unit_pem.h"

#include <stdio.h>
#include <string.h>

/* The system's bundle takes long to read. */
static void trust_one_certificate(struct settings_loader *l) {
    char assignment[256];
    (void)snprintf(assignment, sizeof assignment, "fetch.ca_file=%s", unit_file_write_text(UNIT_PEM));
    assert_int_equal(settings_load_assignment(l, assignment), ERR_NONE);
}

void unit_fetcher_create(struct unit_fetcher *f) {
    char error[FETCHER_ERROR_BYTES];
    thread_init_signals();
    assert_int_equal(timers_create(&f->timers), ERR_NONE);
    assert_int_equal(settings_loader_create(&f->loader), ERR_NONE);
    trust_one_certificate(f->loader);
    assert_int_equal(settings_load_assignment(f->loader, "guard.allow=127.0.0.1"), ERR_NONE);
    assert_int_equal(settings_load_assignment(f->loader, "fetch.user_agent=unit/1"), ERR_NONE);
    f->settings = settings_loader_values(f->loader);
    assert_int_equal(fetcher_create(f->settings, f->timers, &f->fetcher, error), ERR_NONE);
}

void unit_fetcher_destroy(struct unit_fetcher *f) {
    fetcher_destroy(f->fetcher);
    settings_loader_destroy(f->loader);
    timers_destroy(f->timers);
    unit_file_remove();
}

struct fetch_options unit_fetcher_options(const struct unit_fetcher *f) {
    struct fetch_options options = fetch_default_options(f->settings);
    options.timeout_ms = 60 * 1000;
    options.connect_timeout_ms = 60 * 1000;
    options.include = FETCH_INCLUDE_HEADERS | FETCH_INCLUDE_BODY | FETCH_INCLUDE_TIMINGS | FETCH_INCLUDE_REDIRECTS |
                      FETCH_INCLUDE_CONNECTION;
    return options;
}

void unit_fetcher_fetch(const struct unit_fetcher *f, const char *url, const struct fetch_options *options,
                        struct fetch_result *result) {
    const struct fetch_request request = {.url = url, .options = options, .deadline_ms = CLOCK_NEVER};
    fetch_url(f->fetcher, &request, result);
}

const char *unit_fetcher_header(const struct fetch_result *result, const char *name) {
    const char *found = NULL;
    const char *end = result->headers.data + result->headers.len;
    for (const char *p = result->headers.data; p && p < end;) {
        const char *value = p + strlen(p) + 1;
        if (strcmp(p, name) == 0) {
            assert_null(found);
            found = value;
        }
        p = value + strlen(value) + 1;
    }
    return found;
}
