/* The values of all settings.
 *
 * They are defined by one table (config/settings.c) and read by config/settings_load.h; config/settings_print.h writes
 * the dump, the help, the sample file, the manual and a page of docs/ from the same table, so a setting cannot be
 * forgotten in one of them. */
#ifndef FETCHPOOL_CONFIG_SETTINGS_H
#define FETCHPOOL_CONFIG_SETTINGS_H

#include "base/log.h"

#include <stddef.h>
#include <stdint.h>

/* A list of texts. The settings own it. */
struct settings_list {
    char **items;
    size_t count;
};

enum settings_log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON, LOG_FORMAT_JOURNAL };

/* Texts are never NULL; an empty one means "none". They do not change while somebody reads them; who reads them while
 * others may come into force holds a reference (config/settings_share.h). */
struct settings {
    _Atomic size_t refs; /* private to settings_share.c */
    struct {
        struct settings_list listen;
        int64_t max_request_bytes;
        int64_t request_memory_bytes;
        int64_t max_urls;
        int64_t max_connections;
        int64_t max_connections_per_address;
        int64_t header_timeout_ms;
        int64_t body_timeout_ms;
        int64_t idle_timeout_ms;
        int64_t send_timeout_ms;
        int64_t min_read_rate_bytes;
        int64_t drain_delay_ms;
        int64_t drain_timeout_ms;
        int64_t answer_buffer_bytes;
        int64_t answer_memory_bytes;
        char *unix_mode;
        char *unix_owner;
        char *tls_cert;
        char *tls_key;
        struct settings_list allowed_hosts;
        struct settings_list allowed_origins;
    } server;
    struct {
        char *token_file;
        int allow_anonymous; /* 0 or 1 */
    } auth;
    struct {
        int64_t workers;
        int64_t queue;
        int64_t max_concurrent;
        int64_t max_concurrent_limit;
        int64_t idle_timeout_ms;
        int64_t handles;
        int64_t handle_idle_timeout_ms;
    } pool;
    struct {
        int64_t timeout_ms;
        int64_t timeout_limit_ms;
        int64_t connect_timeout_ms;
        int64_t max_redirects;
        int64_t max_size_bytes;
        int64_t max_size_limit_bytes;
        int64_t max_header_bytes;
        int64_t low_speed_bytes;
        int64_t low_speed_time_ms;
        int64_t retries;
        int64_t retry_delay_ms;
        int64_t retry_budget;
        struct settings_list name_servers;
        int64_t name_timeout_ms;
        int64_t names;
        char *user_agent;
        char *ca_file;
    } fetch;
    struct {
        int64_t max_concurrent;
        int64_t max_concurrent_limit;
        int64_t delay_ms;
        int64_t max_pause_ms;
    } host;
    struct {
        struct settings_list allow;
        struct settings_list deny;
        struct settings_list ports;
        struct settings_list nat64;
        int user_info; /* 0 no, 1 yes */
    } guard;
    struct {
        enum log_level level;
        enum settings_log_format format;
    } log;
};

/* Frees settings that settings_take gave out. Accepts NULL. */
void settings_destroy(struct settings *s);

#endif
