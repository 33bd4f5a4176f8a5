#include "daemon/service_state.h"

#include "base/buf.h"
#include "base/log.h"
#include "config/settings_share.h"
#include "daemon/access.h"
#include "daemon/log_sink.h"

#include <string.h>

enum { SERVICE_KEPT_MAX_BYTES = 16 * 1024 };

/* What a reload has read and not yet applied. */
struct fresh_parts {
    struct guard_rules *rules;
    struct auth_policy *policy;
    struct tls_pair *certificate; /* NULL: none is named */
    struct buf kept;              /* names of settings that take a restart, a NUL behind each */
};

static enum service_exit prepare_guard(const struct settings *fresh, struct fresh_parts *parts,
                                       char ret_error[SERVICE_ERROR_BYTES]) {
    char text[FETCHER_ERROR_BYTES];
    enum err err = fetcher_prepare_guard(fresh, &parts->rules, text);
    return err ? service_fail(err == ERR_INVALID ? SERVICE_EXIT_SETTINGS : SERVICE_EXIT_FAILED, text, ret_error)
               : SERVICE_EXIT_DONE;
}

static void drop_parts(struct fresh_parts *parts) {
    fetcher_drop_guard(parts->rules);
    auth_policy_destroy(parts->policy);
    tls_pair_destroy(parts->certificate);
    buf_fini(&parts->kept);
}

/* One that there is no memory for is not told. */
static void note_kept(void *arg, const char *name) {
    struct fresh_parts *parts = arg;
    err_ignore(buf_append(&parts->kept, name, strlen(name) + 1));
}

static enum service_exit keep_started(struct service *s, struct settings *fresh, struct fresh_parts *parts,
                                      char ret_error[SERVICE_ERROR_BYTES]) {
    const struct settings *now = settings_share_ref(s->share);
    enum err err = settings_keep(fresh, now, note_kept, parts);
    settings_unref(now);
    return err ? service_fail(SERVICE_EXIT_FAILED, err_text(err), ret_error) : SERVICE_EXIT_DONE;
}

static void log_kept(const struct buf *kept) {
    for (size_t at = 0; at < kept->len; at += strlen(kept->data + at) + 1)
        log_warning("a setting that was changed takes a restart: it stays as it was",
                    log_text("setting", kept->data + at));
}

/* Whether TLS is spoken at all is settled at the start. */
static void show_certificate(struct service *s, struct tls_pair *certificate) {
    bool named = certificate != NULL;
    if (!api_use_certificate(s->api, certificate))
        log_warning(named ? "TLS is not spoken yet: server.tls_cert was empty at the start, so it takes a restart"
                          : "TLS is still spoken: server.tls_cert was set at the start, so it takes a restart");
}

static void apply_settings(struct service *s, const struct settings *now) {
    const struct pool_limits limits = service_pool_limits(now);
    log_set_level(now->log.level);
    log_sink_use(now->log.format);
    pool_set_limits(s->pool, &limits);
    fetcher_apply(s->fetcher, now);
    api_apply(s->api, now);
}

static void apply_parts(struct service *s, const struct settings *fresh, const struct fresh_parts *parts) {
    apply_settings(s, fresh);
    log_kept(&parts->kept);
    service_log_callers(parts->policy);
    service_warn_of_open_doors(s, fresh);
    auth_apply(s->auth, parts->policy);
    show_certificate(s, parts->certificate);
    if (fetcher_apply_guard(s->fetcher, parts->rules))
        pool_interrupt(s->pool);
}

/* First all that can fail is prepared, then all is applied. */
static enum service_exit prepare_parts(struct service *s, struct settings *fresh, struct fresh_parts *parts,
                                       char ret_error[SERVICE_ERROR_BYTES]) {
    enum service_exit code = prepare_guard(fresh, parts, ret_error);
    if (!code)
        code = service_exit_of_access(access_prepare(fresh, &s->sockets, &parts->policy, ret_error));
    if (!code)
        code = service_read_certificate(fresh, &parts->certificate, ret_error);
    if (!code)
        code = keep_started(s, fresh, parts, ret_error);
    return code;
}

enum service_exit service_reload(struct service *s, struct settings *fresh, char ret_error[SERVICE_ERROR_BYTES]) {
    struct fresh_parts parts = {0};
    buf_init(&parts.kept, SERVICE_KEPT_MAX_BYTES);
    enum service_exit code = prepare_parts(s, fresh, &parts, ret_error);
    if (code) {
        drop_parts(&parts);
        settings_destroy(fresh);
        return code;
    }
    settings_share_replace(s->share, fresh);
    apply_parts(s, fresh, &parts); /* nobody else replaces them meanwhile */
    buf_fini(&parts.kept);
    return code;
}
