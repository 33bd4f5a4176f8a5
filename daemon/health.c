#include "daemon/health.h"

#include "daemon/listen_address.h"
#include "pool/probe.h"

#include <stdio.h>
#include <string.h>

#define HEALTH_PATH "/healthz"

enum { HEALTH_TIMEOUT_MS = 3000, HEALTH_URL_BYTES = 320 };

/* An address that stands for all of the machine is connected to as it is: connect(2) takes the machine itself. */
static enum err ask_at(const struct settings *settings, const char *address, char ret_error[PROBE_ERROR_BYTES]) {
    char url[HEALTH_URL_BYTES];
    const char *path = listen_address_path(address);
    const char *scheme = *settings->server.tls_cert && !path ? "https" : "http";
    (void)snprintf(url, sizeof url, "%s://%s" HEALTH_PATH, scheme, path ? "localhost" : address);
    const struct probe probe = {.url = url, .unix_path = path, .timeout_ms = HEALTH_TIMEOUT_MS};
    return probe_ask(&probe, ret_error);
}

static bool has_any_port(const char *address) {
    size_t len = strlen(address);
    return !listen_address_path(address) && len > 2 && strcmp(address + len - 2, ":0") == 0;
}

static enum err check(const struct settings *settings, const char *address, char ret_error[PROBE_ERROR_BYTES]) {
    if (!has_any_port(address))
        return ask_at(settings, address, ret_error);
    (void)snprintf(ret_error, PROBE_ERROR_BYTES, "port 0 is another one at each start");
    return ERR_INVALID;
}

enum service_exit health_ask(const struct settings *settings, char ret_error[SERVICE_ERROR_BYTES]) {
    const struct settings_list *addresses = &settings->server.listen;
    for (size_t i = 0; i < addresses->count; i++) {
        char error[PROBE_ERROR_BYTES] = "";
        enum err err = check(settings, addresses->items[i], error);
        if (!err)
            continue;
        (void)snprintf(ret_error, SERVICE_ERROR_BYTES, "%s: %s", addresses->items[i],
                       err == ERR_NOMEM ? err_text(err) : error);
        return SERVICE_EXIT_FAILED;
    }
    return SERVICE_EXIT_DONE;
}
