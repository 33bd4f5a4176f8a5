#include "cli/option_table.h"

#include "base/edits.h"

#include <string.h>

#define OF_ALL(field) .offset = offsetof(struct cli_options, field)
#define OF_ITEM(member) .per_item = true, .offset = offsetof(struct fetch_options, member)
#define DAY_S 86400
#define TIB_BYTES 1099511627776.0

const struct option_row option_table[] = {
    {"What is fetched", "input", 'i', "FILE", NULL, NULL, "URLs from a file, - is standard input; may be repeated",
     NULL,
     "Read the list from the file,\n"
     ".Ql -\n"
     "is standard input.\n"
     "May be repeated; arguments come first.\n",
     OPTION_INPUT, .offset = 0},
    {NULL, "method", 'X', "METHOD", "method", "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS", "", "GET; with -d POST",
     "The method of the request.\n", OPTION_METHOD, OF_ITEM(method)},
    {NULL, "header", 'H', "LINE", "headers", NULL, "'Name: value'; may be repeated", NULL,
     "Send a header,\n"
     ".Ql Name: value .\n"
     "May be repeated; those of one name are sent one behind the other.\n",
     OPTION_HEADER, OF_ITEM(headers)},
    {NULL, "data", 'd', "TEXT", "body", NULL, "the body; of a file: @FILE, of standard input: @-", NULL,
     "Send a body, as it is: without a Content-Type unless\n"
     ".Fl H\n"
     "gives one.\n"
     ".Ql @FILE\n"
     "sends that of a file,\n"
     ".Ql @-\n"
     "standard input.\n",
     OPTION_BODY, OF_ITEM(body)},
    {NULL, "no-redirects", 0, NULL, "follow_redirects", NULL, "a redirect is a result", NULL,
     "Follow no redirect: it is the result.\n", OPTION_NOT, OF_ITEM(follow_redirects)},
    {NULL, "max-redirects", 0, "N", "max_redirects", NULL, "0 to 100", "10", "How many are followed, 0 to 100.\n",
     OPTION_INT, OF_ITEM(max_redirects), 0, 100},
    {NULL, "no-decompress", 0, NULL, "decompress", NULL, "asks for no encoding, and decodes none", NULL,
     "Ask for no encoding, and leave a body as it comes.\n", OPTION_NOT, OF_ITEM(decompress)},
    {NULL, "http-version", 0, "V", "http_version", "1.1|2|auto", "", "1.1", "The version of HTTP.\n", OPTION_CHOICE,
     OF_ITEM(http_version)},
    {NULL, "head-fallback", 0, NULL, "head_fallback", NULL, "a HEAD that is not known becomes a GET", NULL,
     "Where HEAD is answered with 405 or 501, send a GET after it.\n", OPTION_FLAG, OF_ITEM(head_fallback)},
    {NULL, "dedupe", 0, NULL, "dedupe", NULL, "what is asked for twice is fetched once", NULL,
     "Fetch what several lines of the list ask for once; each has its result.\n", OPTION_FLAG, OF_ALL(dedupe)},
    {NULL, "max-size", 0, "BYTES", "max_size", NULL, "a longer body is a failure; 500K, 1G", "10M",
     "A body that is longer is a failure, and what keeps memory bounded; with K, M or G behind it in units of 1024.\n",
     OPTION_BYTES, OF_ITEM(max_size_bytes), 0, TIB_BYTES},

    {"Limits", "max-concurrent", 'c', "N", "max_concurrent", NULL, "fetches at once, 1 to 1000", "5",
     "Fetches at once, 1 to 1000.\n", OPTION_COUNT, OF_ALL(max_concurrent), 1, CLI_MAX_CONCURRENT},
    {NULL, "per-host", 0, "N", "per_host", NULL, "fetches to one host at once", "as -c", "Of these to one host.\n",
     OPTION_COUNT, OF_ALL(per_host), 1, CLI_MAX_CONCURRENT},
    {NULL, "host-delay", 0, "SEC", "host_delay", NULL, "between two fetches to one host", "0",
     "Between the starts of two fetches to one host.\n", OPTION_SECONDS, OF_ALL(host_delay_ms), 0, 3600},
    {NULL, "timeout", 0, "SEC", "timeout", NULL, "for each attempt", "30",
     "Time for each attempt at a URL, its redirects included, fractions allowed.\n", OPTION_SECONDS,
     OF_ITEM(timeout_ms), 0.001, DAY_S},
    {NULL, "connect-timeout", 0, "SEC", "connect_timeout", NULL, "for name, connection and TLS", "10",
     "Time for looking its name up, connecting and the handshake of TLS.\n", OPTION_SECONDS,
     OF_ITEM(connect_timeout_ms), 0.001, DAY_S},
    {NULL, "deadline", 0, "SEC", "deadline", NULL, "for the whole list", "none",
     "Time for the whole list.\n"
     "What is not done by then ends as\n"
     ".Li deadline .\n",
     OPTION_SECONDS, OF_ALL(deadline_ms), 0.001, DAY_S},
    {NULL, "retries", 0, "N", "retries", NULL, "further attempts at what failed in passing, 0 to 10", "0",
     "Further attempts at what failed in passing, 0 to 10.\n", OPTION_INT, OF_ITEM(retries), 0, 10},
    {NULL, "retry-delay", 0, "SEC", "retry_delay", NULL, "before the first of them, at most", "1",
     "The wait before the first of them is drawn at random below this, and doubles.\n", OPTION_SECONDS,
     OF_ITEM(retry_delay_ms), 0.001, 3600},

    {"What is printed", "output", 'o', "FORMAT", NULL, CLI_FORMATS, "", "json",
     ".Bl -tag -width Ds\n"
     ".It Cm json\n"
     "An array.\n"
     ".It Cm ndjson\n"
     "A result in each line, with its place in the list as\n"
     ".Li index .\n"
     ".It Cm csv\n"
     "Lines of CSV (RFC 4180) below a head with the names of the fields that each result has.\n"
     "Not with\n"
     ".Fl -include ,\n"
     "for which there is no column.\n"
     ".It Cm table\n"
     "A summary of the whole list, the first that failed and the slowest, as wide as the terminal, at the end.\n"
     ".It Cm har\n"
     "An HTTP Archive (HAR 1.2) with an entry for each request, redirects included.\n"
     "The last entry of each URL has its result, as a line of\n"
     ".Cm ndjson\n"
     "would, as\n"
     ".Li _result .\n"
     "Without\n"
     ".Li headers\n"
     "in\n"
     ".Fl -include\n"
     "Authorization and cookies are left out, without\n"
     ".Li body\n"
     "or\n"
     ".Fl -save\n"
     "the bodies.\n"
     "Not with\n"
     ".Fl -dedupe .\n"
     ".El\n"
     ".Pp\n",
     OPTION_CHOICE, OF_ALL(format)},
    {NULL, "order", 0, "ORDER", NULL, "input|completion", "of the lines of ndjson", "input",
     "Of the lines of\n"
     ".Cm ndjson :\n"
     ".Cm input ,\n"
     "that of the list, or\n"
     ".Cm completion ,\n"
     "as they are done.\n",
     OPTION_CHOICE, OF_ALL(order)},
    {NULL, "include", 0, "LIST", "include", NULL,
     "extra fields: headers,body,timings,redirects,connection,tls,sha256,attempts", NULL,
     "Fields of the results beyond the usual ones, with commas between them:\n"
     ".Cm headers , body , timings , redirects , connection , tls , sha256 , attempts .\n",
     OPTION_INCLUDE, OF_ITEM(include)},
    {NULL, "quiet", 'q', NULL, NULL, NULL, "no progress, no remarks; errors are told", NULL,
     "No progress and no remarks.\n"
     "Errors are told.\n",
     OPTION_FLAG, OF_ALL(quiet)},
    {NULL, "save", 0, "DIR", NULL, NULL, "each body in a file of this folder, \"saved\" tells its name", NULL,
     "Write each body that came, whatever its status, to a file of its own in this folder, which is made when it is "
     "not there.\n"
     "An answer to HEAD and one with status 204 or 304 have none, and leave a file that is there as it is.\n"
     "The result has the name as\n"
     ".Li saved .\n"
     "It is made of the host, path and query of the URL that was asked for: letters, digits,\n"
     ".Ql \\&.\n"
     "and\n"
     ".Ql -\n"
     "stay, all between them becomes\n"
     ".Ql _ .\n"
     "A long name is cut and ends in a hash of the URL; of several that are the same, the second has\n"
     ".Ql -2\n"
     "before its extension, and so on.\n"
     "A file is replaced when the new one is whole.\n"
     "Nothing outside the folder is written, whatever URLs and redirects say, and links in it are not followed.\n",
     OPTION_TEXT, OF_ALL(save)},

    {"Who fetches", "server", 0, "URL", NULL, NULL, "a daemon: http://HOST:PORT, https://HOST, unix:/PATH", NULL,
     "A daemon:\n"
     ".Li http://HOST:PORT , https://HOST\n"
     "or\n"
     ".Li unix:/PATH .\n"
     "Its settings and its address guard apply, and what it refuses is told with the place that is wrong, such as\n"
     ".Li /urls/3/timeout .\n"
     "The whole list goes in one request, so its limits are those of the daemon\n"
     ".Pq Li server.max_urls , server.max_request_bytes .\n",
     OPTION_TEXT, OF_ALL(server)},
    {NULL, "token-file", 0, "FILE", NULL, NULL, "with the token that it is shown (else FETCHPOOL_TOKEN)", NULL,
     "Has the token that the daemon is shown; without it that is\n"
     ".Ev FETCHPOOL_TOKEN .\n"
     "Only with\n"
     ".Fl -server .\n",
     OPTION_TEXT, OF_ALL(token_file)},
    {NULL, "ca-file", 0, "FILE", NULL, NULL, "certificate authorities to trust instead of the system's", NULL,
     "Trust the certificate authorities in it instead of those of the system: of the origins, or with\n"
     ".Fl -server\n"
     "of the daemon, at\n"
     ".Li https:// .\n",
     OPTION_TEXT, OF_ALL(ca_file)},

    {"And", "help", 'h', NULL, NULL, NULL, "this text", NULL, "Print the options and exit.\n", OPTION_FLAG,
     OF_ALL(help)},
    {NULL, "version", 'V', NULL, NULL, NULL, "the version", NULL, "Print the version and exit.\n", OPTION_FLAG,
     OF_ALL(version)},
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
