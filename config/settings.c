#include "config/settings_table.h"

#include "base/version.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define KIB INT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

static const char *const level_names[] = {"error", "warning", "info", "debug", NULL};
static const char *const yes_no_names[] = {"no", "yes", NULL};
static const char *const format_names[] = {"logfmt", "json", "journal", NULL};

static_assert(sizeof(enum log_level) == sizeof(int), "choices are stored as int");
static_assert(sizeof(enum settings_log_format) == sizeof(int), "choices are stored as int");

#define AT(member) offsetof(struct settings, member)
#define RELOAD SETTINGS_BY_RELOAD
#define RESTART SETTINGS_BY_RESTART
#define LIST(name, member, when, preset, min, max, help)                                                               \
    { name, SETTINGS_TYPE_LIST, AT(member), preset, min, max, NULL, help, when }
#define SIZE(name, member, when, preset, min, max, help)                                                               \
    { name, SETTINGS_TYPE_SIZE, AT(member), preset, min, max, NULL, help, when }
#define COUNT(name, member, when, preset, min, max, help)                                                              \
    { name, SETTINGS_TYPE_COUNT, AT(member), preset, min, max, NULL, help, when }
#define SECONDS(name, member, when, preset, min, max, help)                                                            \
    { name, SETTINGS_TYPE_SECONDS, AT(member), preset, min, max, NULL, help, when }
#define TEXT(name, member, when, preset, help)                                                                         \
    { name, SETTINGS_TYPE_TEXT, AT(member), preset, 0, SETTINGS_TEXT_MAX_BYTES, NULL, help, when }
#define CHOICE(name, member, when, preset, choices, help)                                                              \
    { name, SETTINGS_TYPE_CHOICE, AT(member), preset, 0, 0, choices, help, when }
#define YESNO(name, member, when, preset, help) CHOICE(name, member, when, preset, yes_no_names, help)

/* clang-format off */
const struct settings_row settings_table[] = {
    LIST("server.listen", server.listen, RESTART, "127.0.0.1:8080", 1, 16,
         "Addresses to listen on: host:port, [v6]:port or unix:/path"),
    SIZE("server.max_request_bytes", server.max_request_bytes, RELOAD, "16MiB", KIB, GIB,
         "The largest request body that is read"),
    SIZE("server.request_memory", server.request_memory_bytes, RELOAD, "256MiB", MIB, 64 * GIB,
         "What all request bodies may take together while they are read and decoded"),
    COUNT("server.max_urls", server.max_urls, RELOAD, "100000", 1, 1000000,
          "URLs in one request at most"),
    COUNT("server.max_connections", server.max_connections, RESTART, "4096", 1, 1000000,
          "Client connections open at once at most; further ones get a 503 and are closed"),
    COUNT("server.max_connections_per_address", server.max_connections_per_address, RELOAD, "1024", 0, 1000000,
          "Client connections from one address (of IPv6 a /64) at most; 0 for no such limit"),
    SECONDS("server.header_timeout", server.header_timeout_ms, RELOAD, "10", SECOND, DAY,
            "How long a new connection may take to send the header of its first request, TLS included"),
    SECONDS("server.body_timeout", server.body_timeout_ms, RELOAD, "60", SECOND, DAY,
            "How long the body of a request may take to come"),
    SECONDS("server.idle_timeout", server.idle_timeout_ms, RELOAD, "60", SECOND, DAY,
            "How long a connection may take from one request to the header of the next"),
    SECONDS("server.send_timeout", server.send_timeout_ms, RELOAD, "60", SECOND, DAY,
            "How long an answer may wait for a client that reads less than server.min_read_rate"),
    SIZE("server.min_read_rate", server.min_read_rate_bytes, RELOAD, "100", 0, GIB,
         "Bytes a second that a client must read of an answer that waits for it; 0 for any"),
    SECONDS("server.drain_delay", server.drain_delay_ms, RELOAD, "0", 0, HOUR,
            "How long new batches are still taken after SIGTERM, while /readyz says 503"),
    SECONDS("server.drain_timeout", server.drain_timeout_ms, RELOAD, "30", 0, HOUR,
            "How long running batches may go on after SIGTERM and server.drain_delay"),
    SIZE("server.answer_buffer", server.answer_buffer_bytes, RELOAD, "4MiB", 4 * KIB, GIB,
         "Finished results a batch may hold for its reader before no new fetch of it starts"),
    SIZE("server.answer_memory", server.answer_memory_bytes, RELOAD, "512MiB", MIB, 64 * GIB,
         "Finished results all batches may hold together; beyond it each holds one at a time"),
    TEXT("server.unix_mode", server.unix_mode, RESTART, "0660",
         "Mode of the files of Unix sockets, octal"),
    TEXT("server.unix_owner", server.unix_owner, RESTART, "",
         "Owner of the files of Unix sockets: user, user:group or :group; empty for who runs the daemon"),
    TEXT("server.tls_cert", server.tls_cert, RELOAD, "",
         "File with the certificate and its chain (PEM): TCP addresses speak https then"),
    TEXT("server.tls_key", server.tls_key, RELOAD, "",
         "File with the key of the certificate (PEM)"),
    LIST("server.allowed_hosts", server.allowed_hosts, RELOAD, "", 0, 100,
         "Host names that requests may be for, beside localhost, addresses and server.listen; * for any"),
    LIST("server.allowed_origins", server.allowed_origins, RELOAD, "", 0, 100,
         "Origins whose pages may ask from a browser, as https://example.com; * for any"),

    TEXT("auth.token_file", auth.token_file, RELOAD, "",
         "File with a line for each token that a request may show; empty: no request needs one"),
    YESNO("auth.allow_anonymous", auth.allow_anonymous, RELOAD, "no",
          "Whether whoever reaches the daemon may fetch without a token, also beyond loopback"),

    COUNT("pool.workers", pool.workers, RESTART, "256", 1, 10000,
          "Fetches in flight at once at most, each in a thread that is started on demand"),
    COUNT("pool.queue", pool.queue, RELOAD, "1000000", 1, 100000000,
          "URLs that may wait for a worker; requests beyond are refused"),
    COUNT("pool.max_concurrent", pool.max_concurrent, RELOAD, "5", 1, 100000,
          "Fetches of one batch in flight at once, where the request does not say"),
    COUNT("pool.max_concurrent_limit", pool.max_concurrent_limit, RELOAD, "1000", 1, 100000,
          "The largest max_concurrent that a request may ask for"),
    SECONDS("pool.idle_timeout", pool.idle_timeout_ms, RELOAD, "30", 10, DAY,
            "How long an idle worker thread stays"),
    COUNT("pool.handles", pool.handles, RESTART, "1024", 0, 1000000,
          "Idle handles with warm connections kept at most"),
    SECONDS("pool.handle_idle_timeout", pool.handle_idle_timeout_ms, RELOAD, "30", 10, DAY,
            "How long an idle handle and its connections are kept"),

    SECONDS("fetch.timeout", fetch.timeout_ms, RELOAD, "30", 1, DAY,
            "Time for one URL, where the request does not say"),
    SECONDS("fetch.timeout_limit", fetch.timeout_limit_ms, RELOAD, "600", 1, DAY,
            "The largest timeout that a request may ask for"),
    SECONDS("fetch.connect_timeout", fetch.connect_timeout_ms, RELOAD, "10", 1, DAY,
            "Time to connect, TLS included, where the request does not say"),
    COUNT("fetch.max_redirects", fetch.max_redirects, RELOAD, "10", 0, 100,
          "Redirects followed for one URL, where the request does not say"),
    SIZE("fetch.max_size", fetch.max_size_bytes, RELOAD, "10MiB", 1, 1024 * GIB,
         "The largest decoded body, where the request does not say"),
    SIZE("fetch.max_size_limit", fetch.max_size_limit_bytes, RELOAD, "100MiB", 1, 1024 * GIB,
         "The largest max_size that a request may ask for"),
    SIZE("fetch.max_header_bytes", fetch.max_header_bytes, RESTART, "64KiB", KIB, 256 * KIB,
         "The largest header of a response, trailers and informational responses included"),
    SIZE("fetch.low_speed_limit", fetch.low_speed_bytes, RESTART, "10", 0, GIB,
         "Bytes per second below which a response that has begun is given up; 0 for as slow as it likes"),
    SECONDS("fetch.low_speed_time", fetch.low_speed_time_ms, RESTART, "30", SECOND, HOUR,
            "How long it may be that slow"),
    COUNT("fetch.retries", fetch.retries, RELOAD, "0", 0, 10,
          "How often a fetch that failed in passing is tried again, where the request does not say"),
    SECONDS("fetch.retry_delay", fetch.retry_delay_ms, RELOAD, "1", 1, HOUR,
            "Time before the first retry at most, where the request does not say; it doubles each time"),
    COUNT("fetch.retry_budget", fetch.retry_budget, RELOAD, "10", 0, 1000,
          "Retries for each hundred fetches of the last seconds, at most, and ten more; 0 for none"),
    LIST("fetch.name_servers", fetch.name_servers, RESTART, "", 0, 16,
         "Name servers, as 192.0.2.53 or 192.0.2.53:5353; empty for those of the system"),
    SECONDS("fetch.name_timeout", fetch.name_timeout_ms, RESTART, "2", 10, HOUR,
            "How long a name server has to answer before the name is asked for again"),
    COUNT("fetch.names", fetch.names, RESTART, "10000", 0, 1000000,
          "Host names whose addresses are kept, for their time to live, at most"),
    TEXT("fetch.user_agent", fetch.user_agent, RESTART, "fetchpool/" FETCHPOOL_VERSION,
         "The User-Agent header, where the request gives none; empty for none"),
    TEXT("fetch.ca_file", fetch.ca_file, RESTART, "",
         "File of trusted certificates (PEM); empty for those of the system"),

    COUNT("host.max_concurrent", host.max_concurrent, RELOAD, "32", 1, 100000,
          "Fetches in flight to one host at once, of all batches together"),
    COUNT("host.max_concurrent_limit", host.max_concurrent_limit, RELOAD, "256", 1, 100000,
          "The largest per_host that a request may ask for, which then holds for the host"),
    SECONDS("host.delay", host.delay_ms, RELOAD, "0", 0, HOUR,
            "Time between the starts of two fetches to one host"),
    SECONDS("host.max_pause", host.max_pause_ms, RELOAD, "60", 0, DAY,
            "How long a host is left in peace at most when it asks for that with Retry-After"),

    LIST("guard.allow", guard.allow, RELOAD, "", 0, 1000,
         "Address prefixes that may be fetched from though they are not public, as 10.1.0.0/16"),
    LIST("guard.deny", guard.deny, RELOAD, "", 0, 1000,
         "Address prefixes that are never fetched from; wins over guard.allow"),
    LIST("guard.ports", guard.ports, RELOAD, "1-65535", 1, 100,
         "Ports that may be fetched from, as 443 or 8000-8099"),
    LIST("guard.nat64", guard.nat64, RELOAD, "", 0, 100,
         "Prefixes of NAT64 translators that may be used, as 64:ff9b::/96, if the IPv4 address behind may be"),
    YESNO("guard.user_info", guard.user_info, RELOAD, "no",
          "Whether a URL may have a user and a password in it, which are sent to its origin only"),

    CHOICE("log.level", log.level, RELOAD, "info", level_names,
           "The least important events that are logged"),
    CHOICE("log.format", log.format, RELOAD, "logfmt", format_names,
           "How events are logged; journal: as its entries, or elsewhere with the prefixes of sd-daemon(3)"),
};
/* clang-format on */

const size_t settings_table_count = sizeof settings_table / sizeof settings_table[0];

const struct settings_row *settings_table_find(const char *name) {
    for (size_t i = 0; i < settings_table_count; i++)
        if (strcmp(settings_table[i].name, name) == 0)
            return &settings_table[i];
    return NULL;
}

bool settings_table_has_section(const char *section, size_t len) {
    for (size_t i = 0; i < settings_table_count; i++)
        if (settings_row_section_len(&settings_table[i]) == len && memcmp(settings_table[i].name, section, len) == 0)
            return true;
    return false;
}

size_t settings_row_section_len(const struct settings_row *row) {
    return strcspn(row->name, ".");
}

const char *settings_row_key(const struct settings_row *row) {
    return row->name + settings_row_section_len(row) + 1;
}

static void *member(const struct settings_row *row, enum settings_type type, struct settings *s) {
    assert(row->type == type);
    (void)type;
    return (char *)s + row->offset;
}

int64_t *settings_row_number(const struct settings_row *row, struct settings *s) {
    return member(
        row, row->type == SETTINGS_TYPE_SIZE || row->type == SETTINGS_TYPE_SECONDS ? row->type : SETTINGS_TYPE_COUNT,
        s);
}

char **settings_row_text(const struct settings_row *row, struct settings *s) {
    return member(row, SETTINGS_TYPE_TEXT, s);
}

struct settings_list *settings_row_list(const struct settings_row *row, struct settings *s) {
    return member(row, SETTINGS_TYPE_LIST, s);
}

const struct settings_list *settings_row_list_const(const struct settings_row *row, const struct settings *s) {
    assert(row->type == SETTINGS_TYPE_LIST);
    return (const void *)((const char *)s + row->offset);
}

int settings_row_choice(const struct settings_row *row, const struct settings *s) {
    int choice;
    assert(row->type == SETTINGS_TYPE_CHOICE);
    memcpy(&choice, (const char *)s + row->offset, sizeof choice);
    return choice;
}

void settings_row_set_choice(const struct settings_row *row, int choice, struct settings *s) {
    memcpy(member(row, SETTINGS_TYPE_CHOICE, s), &choice, sizeof choice);
}

static void free_member(const struct settings_row *row, struct settings *s) {
    if (row->type == SETTINGS_TYPE_TEXT)
        free(*settings_row_text(row, s));
    if (row->type != SETTINGS_TYPE_LIST)
        return;
    struct settings_list *list = settings_row_list(row, s);
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
}

void settings_destroy(struct settings *s) {
    if (!s)
        return;
    for (size_t i = 0; i < settings_table_count; i++)
        free_member(&settings_table[i], s);
    free(s);
}
