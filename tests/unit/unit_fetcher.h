/* A fetcher for tests: it may reach 127.0.0.1 and nothing else. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_FETCHER_H
#define FETCHPOOL_TESTS_UNIT_UNIT_FETCHER_H

#include "base/err.h"
#include "base/timers.h"
#include "config/settings.h"
#include "config/settings_load.h"
#include "pool/fetch.h"

struct unit_fetcher {
    struct timers *timers;
    struct settings_loader *loader;
    const struct settings *settings;
    struct fetcher *fetcher;
};

void unit_fetcher_create(struct unit_fetcher *f);
void unit_fetcher_destroy(struct unit_fetcher *f);

/* Options that wait long enough for any test, with all that can be included. */
struct fetch_options unit_fetcher_options(const struct unit_fetcher *f);

/* One fetch in this thread, without a deadline. */
void unit_fetcher_fetch(const struct unit_fetcher *f, const char *url, const struct fetch_options *options,
                        struct fetch_result *result);

/* The one value that a header of the result has; NULL: none. */
const char *unit_fetcher_header(const struct fetch_result *result, const char *name);

#endif
