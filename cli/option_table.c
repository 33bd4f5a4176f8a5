#include "cli/option_table.h"

#include "base/edits.h"

#include <string.h>

#define OF_ALL(field) .offset = offsetof(struct cli_options, field)
#define OF_ITEM(member) .per_item = true, .offset = offsetof(struct fetch_options, member)
#define DAY_S 86400
#define TIB_BYTES 1099511627776.0

const struct option_row option_table[] = {
    {"What is fetched", "input", 'i', "FILE", NULL, NULL, "URLs from a file, - is standard input; may be repeated",
     OPTION_INPUT, .offset = 0},
    {NULL, "method", 'X', "METHOD", "method", "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS", "(GET; with -d POST)",
     OPTION_METHOD, OF_ITEM(method)},
    {NULL, "header", 'H', "LINE", "headers", NULL, "'Name: value'; may be repeated", OPTION_HEADER, OF_ITEM(headers)},
    {NULL, "data", 'd', "TEXT", "body", NULL, "the body; of a file: @FILE, of standard input: @-", OPTION_BODY,
     OF_ITEM(body)},
    {NULL, "no-redirects", 0, NULL, "follow_redirects", NULL, "a redirect is a result", OPTION_NOT,
     OF_ITEM(follow_redirects)},
    {NULL, "max-redirects", 0, "N", "max_redirects", NULL, "0 to 100 (10)", OPTION_INT, OF_ITEM(max_redirects), 0, 100},
    {NULL, "no-decompress", 0, NULL, "decompress", NULL, "asks for no encoding, and decodes none", OPTION_NOT,
     OF_ITEM(decompress)},
    {NULL, "http-version", 0, "V", "http_version", "1.1|2|auto", "(1.1)", OPTION_CHOICE, OF_ITEM(http_version)},
    {NULL, "head-fallback", 0, NULL, "head_fallback", NULL, "a HEAD that is not known becomes a GET", OPTION_FLAG,
     OF_ITEM(head_fallback)},
    {NULL, "dedupe", 0, NULL, "dedupe", NULL, "what is asked for twice is fetched once", OPTION_FLAG, OF_ALL(dedupe)},
    {NULL, "max-size", 0, "BYTES", "max_size", NULL, "a longer body is a failure; 500K, 1G (10M)", OPTION_BYTES,
     OF_ITEM(max_size_bytes), 0, TIB_BYTES},

    {"Limits", "max-concurrent", 'c', "N", "max_concurrent", NULL, "fetches at once, 1 to 1000 (5)", OPTION_COUNT,
     OF_ALL(max_concurrent), 1, CLI_MAX_CONCURRENT},
    {NULL, "per-host", 0, "N", "per_host", NULL, "fetches to one host at once (as -c)", OPTION_COUNT, OF_ALL(per_host),
     1, CLI_MAX_CONCURRENT},
    {NULL, "host-delay", 0, "SEC", "host_delay", NULL, "between two fetches to one host (0)", OPTION_SECONDS,
     OF_ALL(host_delay_ms), 0, 3600},
    {NULL, "timeout", 0, "SEC", "timeout", NULL, "for each attempt (30)", OPTION_SECONDS, OF_ITEM(timeout_ms), 0.001,
     DAY_S},
    {NULL, "connect-timeout", 0, "SEC", "connect_timeout", NULL, "for name, connection and TLS (10)", OPTION_SECONDS,
     OF_ITEM(connect_timeout_ms), 0.001, DAY_S},
    {NULL, "deadline", 0, "SEC", "deadline", NULL, "for the whole list (none)", OPTION_SECONDS, OF_ALL(deadline_ms),
     0.001, DAY_S},
    {NULL, "retries", 0, "N", "retries", NULL, "further attempts at what failed in passing, 0 to 10 (0)", OPTION_INT,
     OF_ITEM(retries), 0, 10},
    {NULL, "retry-delay", 0, "SEC", "retry_delay", NULL, "before the first of them, at most (1)", OPTION_SECONDS,
     OF_ITEM(retry_delay_ms), 0.001, 3600},

    {"What is printed", "output", 'o', "FORMAT", NULL, CLI_FORMATS, "(json)", OPTION_CHOICE, OF_ALL(format)},
    {NULL, "order", 0, "ORDER", NULL, "input|completion", "of the lines of ndjson (input)", OPTION_CHOICE,
     OF_ALL(order)},
    {NULL, "include", 0, "LIST", "include", NULL,
     "extra fields: headers,body,timings,redirects,connection,tls,sha256,attempts", OPTION_INCLUDE, OF_ITEM(include)},
    {NULL, "quiet", 'q', NULL, NULL, NULL, "no progress, no remarks; errors are told", OPTION_FLAG, OF_ALL(quiet)},

    {NULL, "save", 0, "DIR", NULL, NULL, "each body in a file of this folder, \"saved\" tells its name", OPTION_TEXT,
     OF_ALL(save)},

    {"Who fetches", "server", 0, "URL", NULL, NULL, "a daemon: http://HOST:PORT, https://HOST, unix:/PATH", OPTION_TEXT,
     OF_ALL(server)},
    {NULL, "token-file", 0, "FILE", NULL, NULL, "with the token that it is shown (else FETCHPOOL_TOKEN)", OPTION_TEXT,
     OF_ALL(token_file)},
    {NULL, "ca-file", 0, "FILE", NULL, NULL, "certificate authorities to trust instead of the system's", OPTION_TEXT,
     OF_ALL(ca_file)},

    {"And", "help", 'h', NULL, NULL, NULL, "this text", OPTION_FLAG, OF_ALL(help)},
    {NULL, "version", 'V', NULL, NULL, NULL, "the version", OPTION_FLAG, OF_ALL(version)},
};
const size_t option_table_count = sizeof option_table / sizeof option_table[0];

const struct option_row *option_table_find_field(const char *field) {
    for (size_t i = 0; i < option_table_count; i++)
        if (option_table[i].field && strcmp(option_table[i].field, field) == 0)
            return &option_table[i];
    return NULL;
}

const char *option_table_suggest(const char *name) {
    const char *best = NULL;
    size_t best_distance = EDITS_FAR;
    for (size_t i = 0; i < option_table_count; i++) {
        size_t d = edits_between(name, strlen(name), option_table[i].name, strlen(option_table[i].name));
        if (d < best_distance && d < strlen(option_table[i].name) / 2 + 1) {
            best_distance = d;
            best = option_table[i].name;
        }
    }
    return best;
}

bool option_table_is_set(const struct option_values *values, const struct option_row *row) {
    return values->set >> (row - option_table) & 1;
}

static size_t size_of(const struct option_row *row) {
    switch (row->kind) {
    case OPTION_FLAG:
    case OPTION_NOT:
        return sizeof(bool);
    case OPTION_INT:
    case OPTION_CHOICE:
        return sizeof(int);
    case OPTION_INCLUDE:
        return sizeof(unsigned);
    case OPTION_METHOD:
        return sizeof(const char *);
    default:
        return sizeof(int64_t);
    }
}

static void apply(const struct option_row *row, const struct fetch_options *from, struct fetch_options *to) {
    if (row->kind == OPTION_HEADER) {
        to->headers = from->headers;
        to->header_count = from->header_count;
    } else if (row->kind == OPTION_BODY) {
        to->body = from->body;
        to->body_bytes = from->body_bytes;
    } else {
        memcpy((char *)to + row->offset, (const char *)from + row->offset, size_of(row));
    }
}

void option_table_apply(const struct option_values *values, struct fetch_options *fetch) {
    for (size_t i = 0; i < option_table_count; i++)
        if (option_table[i].per_item && option_table_is_set(values, &option_table[i]))
            apply(&option_table[i], &values->fetch, fetch);
}
