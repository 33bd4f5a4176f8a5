/* fetchpool: fetches URLs from the command line or standard input with the pool in its own process. */
#include "base/arena.h"
#include "base/files.h"
#include "base/thread.h"
#include "base/timers.h"
#include "base/version.h"
#include "cli/options.h"
#include "cli/token_command.h"
#include "config/settings_load.h"
#include "pool/fetch.h"
#include "pool/fetch_batch.h"
#include "pool/pool.h"
#include "pool/result_json.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum cli_exit { CLI_EXIT_DONE = 0, CLI_EXIT_SOME_FAILED = 1, CLI_EXIT_USAGE = 2, CLI_EXIT_FAILED = 3 };

struct run {
    const struct cli_options *options;
    struct arena arena;
    struct fetch_options fetch;
    size_t max_workers; /* as many as are asked for, or as the descriptors suffice for */
    struct fetch_request *requests;
    struct fetch_result *results;
    size_t count;
    size_t capacity;
};

static enum cli_exit complain(enum cli_exit code, const char *text) {
    (void)fprintf(stderr, "fetchpool: %s\n", text);
    return code;
}

/* ---- the list ---- */

static enum err add_url(struct run *run, const char *text, size_t len) {
    if (run->count == run->capacity) {
        size_t capacity = run->capacity ? run->capacity * 2 : 64;
        struct fetch_request *requests = realloc(run->requests, capacity * sizeof *requests);
        if (!requests)
            return ERR_NOMEM;
        run->requests = requests;
        run->capacity = capacity;
    }
    char *url = arena_copy(&run->arena, text, len);
    if (!url)
        return ERR_NOMEM;
    run->requests[run->count++] = (struct fetch_request){.url = url, .options = &run->fetch};
    return ERR_NONE;
}

static size_t fit_workers(size_t wanted) {
    int64_t files;
    if (files_raise_limit(&files))
        return wanted;
    files_reserve(files);
    size_t fit = (size_t)files_without_spare(files) / (FILES_PER_FETCH + FILES_PER_HANDLE);
    return wanted < fit ? wanted : fit > 0 ? fit : 1;
}

static enum err read_input(struct run *run) {
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    enum err err = ERR_NONE;
    while (!err && (n = getline(&line, &size, stdin)) >= 0) {
        size_t len = (size_t)n;
        while (len > 0 && strchr(" \t\r\n", line[len - 1]))
            len--;
        size_t start = strspn(line, " \t");
        if (memchr(line, '\0', len))
            err = ERR_INVALID;
        else if (start < len && line[start] != '#')
            err = add_url(run, line + start, len - start);
    }
    free(line);
    return err ? err : ferror(stdin) ? ERR_IO : ERR_NONE;
}

static enum err collect(struct run *run) {
    enum err err = ERR_NONE;
    if (run->options->url_count == 0)
        return read_input(run);
    for (size_t i = 0; i < run->options->url_count && !err; i++)
        err = add_url(run, run->options->urls[i], strlen(run->options->urls[i]));
    return err;
}

/* ---- the answer ---- */

static enum err print_one(const struct run *run, size_t index, struct buf *out) {
    const struct fetch_item item = {.url = run->requests[index].url};
    buf_clear(out);
    enum err err = buf_append_text(out, index == 0 ? "[" : ",\n");
    if (!err)
        err = result_json(out, &item, RESULT_JSON_NO_INDEX, run->options->include, &run->results[index]);
    return !err && fwrite(out->data, 1, out->len, stdout) != out->len ? ERR_IO : err;
}

static enum cli_exit print_all(const struct run *run) {
    struct buf out;
    enum err err = ERR_NONE;
    bool all_good = true;
    buf_init(&out, SIZE_MAX);
    for (size_t i = 0; i < run->count && !err; i++) {
        err = print_one(run, i, &out);
        all_good = all_good && !run->results[i].error && run->results[i].status < 400;
    }
    buf_fini(&out);
    if (!err && (fputs(run->count == 0 ? "[]\n" : "]\n", stdout) < 0 || fflush(stdout) != 0))
        err = ERR_IO;
    if (err)
        return complain(CLI_EXIT_FAILED, err == ERR_IO ? "standard output cannot be written" : err_text(err));
    return all_good ? CLI_EXIT_DONE : CLI_EXIT_SOME_FAILED;
}

static enum cli_exit fetch(struct run *run, struct pool *pool, struct fetcher *fetcher) {
    run->results = calloc(run->count + 1, sizeof *run->results);
    if (!run->results)
        return complain(CLI_EXIT_FAILED, err_text(ERR_NOMEM));
    for (size_t i = 0; i < run->count; i++)
        fetch_result_init(&run->results[i]);
    enum err err = fetch_all(pool, fetcher, run->requests, run->count, run->options->max_concurrent, run->results);
    enum cli_exit code = err ? complain(CLI_EXIT_FAILED, err_text(err)) : print_all(run);
    for (size_t i = 0; i < run->count; i++)
        fetch_result_fini(&run->results[i]);
    return code;
}

/* ---- the pool ---- */

static enum cli_exit with_pool(struct run *run, const struct settings *settings, struct timers *timers,
                               struct fetcher *fetcher) {
    const struct pool_options options = {
        .max_workers = run->max_workers,
        .max_waiting = run->count,
        .idle_timeout_ms = settings->pool.idle_timeout_ms,
        .hosts = {.host_max_concurrent = (uint32_t)run->options->max_concurrent}, /* the person knows the host */
        .timers = timers,
    };
    struct pool *pool;
    enum err err = pool_create(&options, &pool);
    if (err)
        return complain(CLI_EXIT_FAILED, err_text(err));
    enum cli_exit code = fetch(run, pool, fetcher);
    pool_destroy(pool);
    return code;
}

static enum cli_exit with_settings(struct run *run, const struct settings *settings) {
    char error[FETCHER_ERROR_BYTES];
    struct timers *timers;
    struct fetcher *fetcher = NULL;
    run->fetch = fetch_default_options(settings);
    run->fetch.timeout_ms = run->options->timeout_ms;
    run->fetch.include = run->options->include;
    enum err err = collect(run);
    if (err)
        return complain(CLI_EXIT_FAILED, err == ERR_IO        ? "standard input cannot be read"
                                         : err == ERR_INVALID ? "standard input is not text: it has a NUL byte"
                                                              : err_text(err));
    if (timers_create(&timers))
        return complain(CLI_EXIT_FAILED, err_text(ERR_THREAD));
    enum cli_exit code = fetcher_create(settings, timers, &fetcher, error) ? complain(CLI_EXIT_FAILED, error)
                                                                           : with_pool(run, settings, timers, fetcher);
    fetcher_destroy(fetcher);
    timers_destroy(timers);
    return code;
}

/* What the person at the shell may reach, their machine's own addresses included: the guard is for services. No more
 * handles than workers are kept. */
static enum err assign(struct settings_loader *loader, const struct run *run) {
    char handles[64];
    (void)snprintf(handles, sizeof handles, "pool.handles=%zu", run->max_workers);
    enum err err = settings_load_assignment(loader, "guard.allow=0.0.0.0/0,::/0");
    if (!err)
        err = settings_load_assignment(loader, "guard.user_info=yes");
    return err ? err : settings_load_assignment(loader, handles);
}

static enum cli_exit run_with(const struct cli_options *options) {
    struct run run = {.options = options};
    struct settings_loader *loader = NULL;
    arena_init(&run.arena);
    run.max_workers = fit_workers(options->max_concurrent);
    enum err err = settings_loader_create(&loader);
    if (!err)
        err = assign(loader, &run);
    enum cli_exit code =
        err ? complain(CLI_EXIT_FAILED, err_text(err)) : with_settings(&run, settings_loader_values(loader));
    settings_loader_destroy(loader);
    free(run.results);
    free(run.requests);
    arena_fini(&run.arena);
    return code;
}

int main(int argc, char **argv) {
    struct cli_options options;
    if (argc > 1 && strcmp(argv[1], "token") == 0)
        return (int)token_command_run(argc - 2, argv + 2);
    if (cli_options_parse(argc, argv, &options))
        return (int)complain(CLI_EXIT_USAGE, options.error);
    if (options.help || options.version) {
        const char *text = options.help ? cli_usage : "fetchpool " FETCHPOOL_VERSION "\n";
        return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? CLI_EXIT_FAILED : CLI_EXIT_DONE;
    }
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL); /* a closed pipe is told by the write */
    thread_init_signals();
    return (int)run_with(&options);
}
