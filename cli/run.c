#include "cli/run.h"

#include "cli/input.h"
#include "cli/item.h"
#include "cli/job.h"
#include "cli/local.h"
#include "cli/printer.h"
#include "cli/remote.h"
#include "cli/signals.h"
#include "config/settings_load.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_BY_SIGNAL = 128 };

static int complain(int code, const char *text) {
    (void)fprintf(stderr, "fetchpool: %s\n", text);
    return code;
}

/* ---- settings ---- */

/* What the person at the shell may reach, their machine's own addresses included: the guard is for services. No more
 * handles than workers are kept. */
static enum err assign(struct settings_loader *loader, const struct cli_options *options, size_t workers) {
    char text[CLI_ERROR_BYTES];
    enum err err = settings_load_assignment(loader, "guard.allow=0.0.0.0/0,::/0");
    if (!err)
        err = settings_load_assignment(loader, "guard.user_info=yes");
    (void)snprintf(text, sizeof text, "pool.handles=%zu", workers);
    if (!err)
        err = settings_load_assignment(loader, text);
    if (err || !options->ca_file)
        return err;
    int len = snprintf(text, sizeof text, "fetch.ca_file=%s", options->ca_file);
    return len < (int)sizeof text ? settings_load_assignment(loader, text) : ERR_LIMIT;
}

/* ---- the list ---- */

/* An archive of a daemon is printed with all that it was asked for. */
static void set_printed(struct option_values *values, unsigned needed, bool is_archive) {
    values->printed = values->fetch.include | (is_archive ? needed : 0);
    values->fetch.include |= needed;
}

static enum err read_list(struct job *job, const struct settings *settings, unsigned needed,
                          char ret_error[CLI_ERROR_BYTES]) {
    struct option_values values = job->options->values;
    values.fetch = fetch_default_options(settings);
    option_table_apply(&job->options->values, &values.fetch);
    enum err err = input_read(job->options, &values, &job->list, ret_error);
    for (size_t i = 0; i < job->list.count && !err; i++)
        if (job->list.items[i].options)
            set_printed(item_own_values(&job->list.items[i]), needed, job->list.keeps_hops);
    set_printed(&values, needed, job->list.keeps_hops);
    job->list.options = values.fetch;
    job->printed = values.printed;
    return err;
}

/* ---- the run ---- */

static void cancel(void *arg) {
    struct source *source = arg;
    source->ops->cancel(source);
}

/* The reader of standard output has left: as other programs do it. */
static int end_by_pipe(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    (void)sigaction(SIGPIPE, &action, NULL);
    (void)raise(SIGPIPE);
    return EXIT_BY_SIGNAL + SIGPIPE;
}

static int judge(struct job *job, const struct printer *printer, int signal_number, int code, const char *error) {
    struct results_counts counts = results_count(&job->results);
    if (printer->ended == PRINTER_READER_LEFT)
        return end_by_pipe();
    if (printer->ended == PRINTER_FAILED)
        return complain(CLI_EXIT_FAILED, printer->error);
    if (job_has_failed(job))
        return complain(CLI_EXIT_FAILED, job->error);
    if (code && !signal_number)
        return complain(code, error);
    if (signal_number)
        return EXIT_BY_SIGNAL + signal_number;
    return counts.failed > 0 ? CLI_EXIT_SOME_FAILED : CLI_EXIT_DONE;
}

static int run_source(struct job *job, struct source *source) {
    struct signals signals;
    struct printer printer;
    char error[CLI_ERROR_BYTES] = "";
    enum err err = signals_start(&signals, cancel, source);
    if (err) {
        source->ops->cancel(source);
        (void)source->ops->finish(source, error); /* it is given up */
        return complain(CLI_EXIT_FAILED, err_text(err));
    }
    printer_run(&printer, job, source, &signals);
    signals_stop(&signals);
    int code = source->ops->finish(source, error);
    return judge(job, &printer, signals_number(&signals), code, error);
}

static int run_job(struct job *job, const struct settings *settings, size_t workers) {
    const struct cli_options *o = job->options;
    const struct results_options options = {
        .output = output_of((enum cli_format)o->format),
        .list = &job->list,
        .printed = job->printed,
        .order = (enum cli_order)o->order,
        .saves = o->save != NULL,
        .keep_times = o->format == CLI_FORMAT_TABLE,
    };
    char error[CLI_ERROR_BYTES];
    struct source *source;
    enum err err = results_init(&job->results, &options);
    if (err)
        return complain(CLI_EXIT_FAILED, err_text(err));
    signals_block();
    err = o->server ? remote_start(job, &source, error) : local_start(job, settings, workers, &source, error);
    int code = err ? complain(err == ERR_INVALID && o->server ? CLI_EXIT_USAGE : CLI_EXIT_FAILED, error)
                   : run_source(job, source);
    results_fini(&job->results);
    return code;
}

static int with_settings(struct job *job, const struct settings *settings, size_t workers) {
    char error[CLI_ERROR_BYTES];
    const struct output *output = output_of((enum cli_format)job->options->format);
    job->list.keeps_hops = output->keeps_hops;
    enum err err = read_list(job, settings, output->include | (job->options->save ? FETCH_INCLUDE_BODY : 0), error);
    if (err)
        return complain(err == ERR_INVALID ? CLI_EXIT_USAGE : CLI_EXIT_FAILED, error);
    if (job->options->save && save_create(job->options->save, &job->list, &job->save)) {
        (void)snprintf(error, sizeof error, "%.200s: %s", job->options->save, strerror(errno));
        return complain(CLI_EXIT_FAILED, error);
    }
    int code = run_job(job, settings, workers);
    save_destroy(job->save);
    return code;
}

int run_list(const struct cli_options *options) {
    struct job job = {.options = options};
    struct settings_loader *loader = NULL;
    size_t workers = local_fit_workers((size_t)options->max_concurrent);
    fetch_batch_init(&job.list, &local_batch_ops);
    sem_init(&job.done, 0, 0);
    enum err err = settings_loader_create(&loader);
    if (!err)
        err = assign(loader, options, workers);
    int code =
        err ? complain(CLI_EXIT_FAILED, err_text(err)) : with_settings(&job, settings_loader_values(loader), workers);
    settings_loader_destroy(loader);
    sem_destroy(&job.done);
    fetch_batch_fini(&job.list);
    return code;
}
