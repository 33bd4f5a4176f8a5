#include "daemon/load.h"

#include "api/site_name.h"
#include "daemon/listen.h"
#include "daemon/unix_access.h"
#include "pool/guard_rules.h"
#include "pool/name_server.h"
#include "pool/ports.h"

#include <stdio.h>
#include <unistd.h>

#define LOAD_DEFAULT_PATH "/etc/fetchpool/fetchpool.conf"

extern char **environ;

static enum err load_file(struct settings_loader *l, const struct options *o) {
    if (o->config_path)
        return settings_load_file(l, o->config_path);
    return access(LOAD_DEFAULT_PATH, F_OK) == 0 ? settings_load_file(l, LOAD_DEFAULT_PATH) : ERR_NONE;
}

static enum err load_sources(struct settings_loader *l, const struct options *o) {
    settings_load_check(l, "server.listen", listen_check);
    settings_load_check(l, "guard.allow", guard_rules_check_prefix);
    settings_load_check(l, "guard.deny", guard_rules_check_prefix);
    settings_load_check(l, "guard.ports", ports_check);
    settings_load_check(l, "guard.nat64", guard_table_check_nat64);
    settings_load_check(l, "server.unix_mode", unix_access_check_mode);
    settings_load_check(l, "server.unix_owner", unix_access_check_owner);
    settings_load_check(l, "server.allowed_hosts", site_name_check_host);
    settings_load_check(l, "server.allowed_origins", site_name_check_origin);
    settings_load_check(l, "fetch.name_servers", name_server_check);
    enum err err = load_file(l, o);
    if (!err)
        err = settings_load_environment(l, environ);
    for (size_t i = 0; i < o->assignment_count && !err; i++)
        err = settings_load_assignment(l, o->assignments[i]);
    return err ? err : settings_load_finish(l);
}

static enum service_exit exit_of(enum err err) {
    return err == ERR_IO ? SERVICE_EXIT_FILE : err == ERR_INVALID ? SERVICE_EXIT_SETTINGS : SERVICE_EXIT_FAILED;
}

enum service_exit load_settings(const struct options *o, struct settings_loader **ret_loader,
                                char ret_error[SERVICE_ERROR_BYTES]) {
    struct settings_loader *l = NULL;
    enum err err = settings_loader_create(&l);
    if (!err)
        err = load_sources(l, o);
    if (err) {
        const char *text = l ? settings_loader_error(l) : "";
        (void)snprintf(ret_error, SERVICE_ERROR_BYTES, "%s", *text ? text : err_text(err));
        settings_loader_destroy(l);
        return exit_of(err);
    }
    *ret_loader = l;
    return SERVICE_EXIT_DONE;
}
