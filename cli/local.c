#include "cli/local.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/list.h"
#include "base/thread.h"
#include "base/timers.h"
#include "cli/exit.h"
#include "pool/fetch.h"
#include "pool/pool.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct local {
    struct source source;
    struct job *job;
    struct timers *timers;
    struct fetcher *fetcher;
    struct pool *pool;
};

size_t local_fit_workers(size_t wanted) {
    int64_t files;
    if (files_raise_limit(&files))
        return wanted;
    files_reserve(files);
    size_t fit = (size_t)files_without_spare(files) / (FILES_PER_FETCH + FILES_PER_HANDLE);
    return wanted < fit ? wanted : fit > 0 ? fit : 1;
}

static struct job *job_of(struct fetch_batch *list) {
    return LIST_ENTRY(list, struct job, list);
}

static void deliver(struct fetch_batch *list, size_t index, const struct fetch_result *result) {
    job_deliver(job_of(list), index, result);
}

static void done(struct fetch_batch *list) {
    sem_post(&job_of(list)->done);
}

const struct fetch_batch_ops local_batch_ops = {.result = deliver, .done = done};

/* ---- the results are held back ---- */

static void hold(void *arg, size_t wanted) {
    pool_hold(&((struct job *)arg)->list.batch, wanted);
}

static void release(void *arg) {
    pool_release(&((struct job *)arg)->list.batch);
}

/* ---- as a source ---- */

static struct local *of(struct source *s) {
    return LIST_ENTRY(s, struct local, source);
}

static void cancel(struct source *s) {
    fetch_batch_cancel(&of(s)->job->list, FETCH_CANCELLED);
}

static size_t in_flight(struct source *s) {
    struct pool_stats stats;
    pool_read_stats(of(s)->pool, &stats);
    return stats.running;
}

static void destroy(struct local *l) {
    pool_destroy(l->pool);
    fetcher_destroy(l->fetcher);
    timers_destroy(l->timers);
    free(l);
}

static int finish(struct source *s, char ret_error[CLI_ERROR_BYTES]) {
    (void)ret_error; /* what goes wrong is a result */
    thread_wait(&of(s)->job->done);
    destroy(of(s));
    return CLI_EXIT_DONE;
}

static const struct source_ops ops = {.cancel = cancel, .in_flight = in_flight, .finish = finish};

/* ---- starting ---- */

static enum err fail(enum err err, char ret_error[CLI_ERROR_BYTES]) {
    (void)snprintf(ret_error, CLI_ERROR_BYTES, "%s", err_text(err));
    return err;
}

static enum err create_pool(struct local *l, const struct settings *settings, size_t max_workers) {
    const struct pool_options options = {
        .max_workers = max_workers,
        .max_waiting = l->job->list.count,
        .idle_timeout_ms = settings->pool.idle_timeout_ms,
        .hosts = {.host_max_concurrent = (uint32_t)l->job->options->max_concurrent}, /* the person knows the host */
        .timers = l->timers,
    };
    return pool_create(&options, &l->pool);
}

static enum err submit(struct local *l) {
    struct fetch_batch *list = &l->job->list;
    const struct cli_options *o = l->job->options;
    list->max_concurrent = (size_t)o->max_concurrent;
    list->per_host = (uint32_t)o->per_host;
    list->dedupe = o->dedupe;
    list->host_delay_ms = o->host_delay_ms;
    list->deadline_ms = o->deadline_ms ? clock_after_ms(o->deadline_ms) : CLOCK_NEVER;
    l->job->results.flow = (struct results_flow){.hold = hold, .release = release, .arg = l->job};
    l->job->started_us = clock_now_us();
    return fetch_batch_submit(list, l->pool, l->fetcher);
}

/* The authorities are read before any clock runs, by whoever is sure to need them. */
static bool asks_for_https(const struct fetch_batch *list) {
    for (size_t i = 0; i < list->count; i++)
        if (strncasecmp(list->items[i].url, "https:", strlen("https:")) == 0)
            return true;
    return false;
}

static enum err start(struct local *l, const struct settings *settings, size_t max_workers,
                      char ret_error[CLI_ERROR_BYTES]) {
    char why[FETCHER_ERROR_BYTES];
    enum err err = timers_create(&l->timers);
    if (err)
        return fail(err, ret_error);
    err = fetcher_create(settings, l->timers, &l->fetcher, why);
    if (err) {
        (void)snprintf(ret_error, CLI_ERROR_BYTES, "%s", why);
        return err;
    }
    if (asks_for_https(&l->job->list))
        (void)fetcher_has_certs(l->fetcher);
    err = create_pool(l, settings, max_workers);
    if (!err)
        err = submit(l);
    return err ? fail(err, ret_error) : ERR_NONE;
}

enum err local_start(struct job *job, const struct settings *settings, size_t max_workers, struct source **ret_source,
                     char ret_error[CLI_ERROR_BYTES]) {
    struct local *l = calloc(1, sizeof *l);
    if (!l)
        return fail(ERR_NOMEM, ret_error);
    l->source.ops = &ops;
    l->job = job;
    enum err err = start(l, settings, max_workers, ret_error);
    if (err)
        destroy(l);
    else
        *ret_source = &l->source;
    return err;
}
