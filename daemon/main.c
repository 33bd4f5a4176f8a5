/* fetchpoold: reads its command line and settings, serves until a signal comes, drains. */
#include "base/files.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/version.h"
#include "config/settings_print.h"
#include "daemon/health.h"
#include "daemon/journal.h"
#include "daemon/limits.h"
#include "daemon/load.h"
#include "daemon/log_sink.h"
#include "daemon/options.h"
#include "daemon/process.h"
#include "daemon/service.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef FETCHPOOL_TCMALLOC
#include <gperftools/malloc_extension_c.h>
#endif

#define MAIN_SIGNAL_DRAINED SIGRTMIN

enum { MAIN_OUTPUT_MAX_BYTES = 1024 * 1024 };

/* For people. The prefix has the journal take it for an error, sd-daemon(3). */
static enum service_exit complain(enum service_exit code, const char *text) {
    (void)fprintf(stderr, "%sfetchpoold: %s\n", journal_is_behind(STDERR_FILENO) ? "<3>" : "", text);
    return code;
}

/* For the log: what keeps the daemon from starting although its settings could be read. */
static enum service_exit fail(enum service_exit code, const char *text) {
    log_error("cannot start", log_text("error", text));
    return code;
}

/* ---- settings ---- */

static void start_log(const struct settings *settings) {
    log_set_level(settings->log.level);
    log_sink_start(settings->log.format, STDERR_FILENO);
}

static enum service_exit fit_limits(struct settings_loader *l, int64_t *ret_files,
                                    char ret_error[SERVICE_ERROR_BYTES]) {
    struct limits_message message;
    if (files_raise_limit(ret_files)) {
        (void)snprintf(ret_error, SERVICE_ERROR_BYTES, "%s", strerror(errno));
        return SERVICE_EXIT_FAILED;
    }
    if (limits_fit(l, *ret_files, &message)) {
        (void)snprintf(ret_error, SERVICE_ERROR_BYTES, "%s", message.text);
        return SERVICE_EXIT_LIMITS;
    }
    if (*message.text)
        log_warning(message.text);
    files_reserve(*ret_files);
    return SERVICE_EXIT_DONE;
}

/* ---- what is printed ---- */

static enum service_exit print(struct buf *out, enum err err) {
    bool written = !err && fwrite(out->data, 1, out->len, stdout) == out->len && fflush(stdout) == 0;
    buf_fini(out);
    return written ? SERVICE_EXIT_DONE : complain(SERVICE_EXIT_FAILED, err ? err_text(err) : strerror(errno));
}

static enum service_exit print_version(void) {
    struct buf out;
    buf_init(&out, MAIN_OUTPUT_MAX_BYTES);
    return print(&out, buf_append_text(&out, "fetchpoold " FETCHPOOL_VERSION "\n"));
}

static enum service_exit print_help(void) {
    struct buf out;
    buf_init(&out, MAIN_OUTPUT_MAX_BYTES);
    return print(&out, options_print_help(&out));
}

static enum service_exit print_dump(const struct settings_loader *l) {
    struct buf out;
    buf_init(&out, MAIN_OUTPUT_MAX_BYTES);
    return print(&out, settings_print_dump(l, &out));
}

static enum service_exit print_check(const struct settings_loader *l) {
    char error[SERVICE_ERROR_BYTES];
    struct buf out;
    enum service_exit code = service_check(settings_loader_values(l), error);
    if (code)
        return complain(code, error);
    buf_init(&out, MAIN_OUTPUT_MAX_BYTES);
    return print(&out, buf_append_text(&out, "settings are valid\n"));
}

static enum service_exit print_health(const struct settings *settings) {
    char error[SERVICE_ERROR_BYTES];
    struct buf out;
    enum service_exit code = health_ask(settings, error);
    if (code)
        return complain(code, error);
    buf_init(&out, MAIN_OUTPUT_MAX_BYTES);
    return print(&out, buf_append_text(&out, "healthy\n"));
}

/* ---- serving ---- */

static void drained(void *arg) {
    (void)pthread_kill(*(pthread_t *)arg, MAIN_SIGNAL_DRAINED); /* main lives until it has had this signal */
}

/* What the process runs by. */
struct run {
    const struct options *options;
    int64_t files; /* descriptors there may be, as at the start */
    sigset_t signals;
};

static enum service_exit load_again(const struct run *run, struct settings **ret_settings,
                                    char ret_error[SERVICE_ERROR_BYTES]) {
    struct settings_loader *l = NULL;
    struct limits_message message = {.text = ""};
    enum service_exit code = load_settings(run->options, &l, ret_error);
    if (!code && limits_fit(l, run->files, &message)) {
        (void)snprintf(ret_error, SERVICE_ERROR_BYTES, "%s", message.text);
        code = SERVICE_EXIT_LIMITS;
    }
    if (!code)
        *ret_settings = settings_take(l);
    settings_loader_destroy(l);
    return code;
}

/* All or nothing: settings that cannot be read or do not work change nothing. */
static void reload(struct service *service, const struct run *run) {
    char error[SERVICE_ERROR_BYTES];
    struct settings *fresh;
    service_begin_reload(service);
    enum service_exit code = load_again(run, &fresh, error);
    if (!code)
        code = service_reload(service, fresh, error);
    if (code)
        log_error("settings not reloaded: going on with those before", log_text("error", error));
    else
        log_info("settings reloaded");
    service_end_reload(service, code ? error : NULL);
}

static void tell_level(enum log_level level) {
    const struct log_field to = log_text("to", log_level_name(level));
    log_emit_always("log level changed", &to, 1);
}

/* The first TERM or INT begins the end, each further one cuts that short. */
static void wait_for_end(struct service *service, const struct run *run) {
    for (;;) {
        int signo = 0;
        if (sigwait(&run->signals, &signo) != 0 || signo == MAIN_SIGNAL_DRAINED)
            return;
        if (signo == SIGHUP)
            reload(service, run);
        else if (signo == SIGUSR1)
            tell_level(log_raise_level());
        else if (signo == SIGUSR2)
            tell_level(log_lower_level());
        else
            service_drain(service);
    }
}

/* All signals are blocked in all threads: no handler ever runs but the empty one that interrupts workers. SIGABRT alone
 * gets through, and ends the process: the service manager's watchdog sends it. */
static void block_signals(void) {
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGABRT);
    (void)pthread_sigmask(SIG_SETMASK, &all, NULL); /* fails only for a wrong first argument */
    (void)sigaction(SIGPIPE, &ignore, NULL);
    thread_init_signals();
}

/* Takes the settings. */
static enum service_exit serve(struct run *run, struct settings *settings) {
    char error[SERVICE_ERROR_BYTES];
    struct service *service = NULL;
    pthread_t self = pthread_self();
    files_fill_standard();
    block_signals();
    enum service_exit code = service_start(settings, drained, &self, &service, error);
    if (code)
        return fail(code, error);
    wait_for_end(service, run);
    service_stop(service);
    log_info("stopped");
    return SERVICE_EXIT_DONE;
}

static enum service_exit with_settings(const struct options *o, const sigset_t *awaited, struct settings_loader *l) {
    char error[SERVICE_ERROR_BYTES];
    if (o->action == OPTIONS_ACTION_HEALTH)
        return print_health(settings_loader_values(l));
    start_log(settings_loader_values(l));
    struct run run = {.options = o, .signals = *awaited};
    enum service_exit code = fit_limits(l, &run.files, error);
    if (code)
        return o->action == OPTIONS_ACTION_RUN ? fail(code, error) : complain(code, error);
    if (o->action == OPTIONS_ACTION_DUMP)
        return print_dump(l);
    if (o->action == OPTIONS_ACTION_CHECK)
        return print_check(l);
    return serve(&run, settings_take(l));
}

/* What large bodies took goes back to the system at once; else the allocator would keep it for the next ones. */
static void bound_allocator(void) {
#ifdef FETCHPOOL_TCMALLOC
    (void)MallocExtension_SetNumericProperty("tcmalloc.aggressive_memory_decommit", 1);
#endif
}

/* What comes from now on waits until the daemon serves, and is answered then: it may come before there are settings. */
static void await_signals(sigset_t *ret_awaited, sigset_t *ret_before) {
    sigemptyset(ret_awaited);
    sigaddset(ret_awaited, SIGTERM);
    sigaddset(ret_awaited, SIGINT);
    sigaddset(ret_awaited, SIGHUP);
    sigaddset(ret_awaited, SIGUSR1);
    sigaddset(ret_awaited, SIGUSR2);
    sigaddset(ret_awaited, MAIN_SIGNAL_DRAINED);
    (void)pthread_sigmask(SIG_BLOCK, ret_awaited, ret_before);
}

static enum service_exit act(const struct options *o, const sigset_t *awaited) {
    char error[SERVICE_ERROR_BYTES];
    struct settings_loader *l = NULL;
    if (o->action == OPTIONS_ACTION_HELP)
        return print_help();
    if (o->action == OPTIONS_ACTION_VERSION)
        return print_version();
    enum service_exit code = load_settings(o, &l, error);
    code = code ? complain(code, error) : with_settings(o, awaited, l);
    settings_loader_destroy(l);
    return code;
}

int main(int argc, char **argv) {
    struct options options;
    sigset_t awaited, before;
    await_signals(&awaited, &before);
    process_close_up();
    bound_allocator();
    enum err err = options_parse(argc, argv, &options);
    if (err || options.action != OPTIONS_ACTION_RUN)
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL); /* what serves nobody is ended by them */
    enum service_exit code = err == ERR_INVALID ? complain(SERVICE_EXIT_USAGE, options.error)
                             : err              ? complain(SERVICE_EXIT_FAILED, err_text(err))
                                                : act(&options, &awaited);
    options_fini(&options);
    return (int)code;
}
