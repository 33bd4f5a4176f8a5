/* The options of fetchpool: one table. The command line, --help, the list in the manual, the fields of JSON items and
 * what is said to a daemon follow from it, and from --help the completion of shells. */
#ifndef FETCHPOOL_CLI_OPTION_TABLE_H
#define FETCHPOOL_CLI_OPTION_TABLE_H

#include "pool/fetch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CLI_ERROR_BYTES = 2048,
    CLI_MAX_CONCURRENT = 1000,
    CLI_MAX_INPUTS = 32,
};

/* The names of the formats, in the order of their numbers. */
#define CLI_FORMATS "json|ndjson|csv|table|har"
enum cli_format { CLI_FORMAT_JSON, CLI_FORMAT_NDJSON, CLI_FORMAT_CSV, CLI_FORMAT_TABLE, CLI_FORMAT_HAR };
enum cli_order { CLI_ORDER_INPUT, CLI_ORDER_COMPLETION };

/* What may be said of a single item as well. */
struct option_values {
    struct fetch_options fetch;
    uint64_t set;     /* the rows of the table (bits) that have said something */
    unsigned printed; /* enum fetch_include: of what `fetch` includes the part that is printed */
    bool is_csv;      /* the form has no room for it */
};

struct cli_options {
    struct option_values values;
    int64_t max_concurrent;
    int64_t per_host;
    int64_t host_delay_ms;
    int64_t deadline_ms; /* how long from the start */
    int format;          /* enum cli_format */
    int order;           /* enum cli_order */
    const char *save;    /* the texts are NULL when they were not given; borrowed from argv */
    const char *server;
    const char *token_file;
    const char *ca_file;
    const char *inputs[CLI_MAX_INPUTS];
    size_t input_count;
    bool dedupe;
    bool quiet;
    bool help;
    bool version;
    bool body_from_input; /* the body is standard input */
    bool body_unreadable; /* its file cannot be read */
    char **urls;          /* borrowed from argv */
    size_t url_count;
    char error[CLI_ERROR_BYTES];
};

enum option_kind {
    OPTION_FLAG,    /* bool, becomes true */
    OPTION_NOT,     /* bool, becomes false */
    OPTION_COUNT,   /* int64_t */
    OPTION_INT,     /* int */
    OPTION_SECONDS, /* int64_t, milliseconds */
    OPTION_BYTES,   /* int64_t */
    OPTION_TEXT,    /* const char * */
    OPTION_CHOICE,  /* int, the place in `choices` */
    OPTION_METHOD,
    OPTION_HEADER,
    OPTION_BODY,
    OPTION_INCLUDE,
    OPTION_INPUT,
};

/* `offset` is that of its field: in struct fetch_options for those that are `per_item`, else in struct cli_options. */
struct option_row {
    const char *section; /* of --help; NULL: as the row before */
    const char *name;
    char letter;         /* 0: none */
    const char *value;   /* what it is called in --help; NULL: it takes none */
    const char *field;   /* its name in the API; NULL: it is the program's own */
    const char *choices; /* "a|b|c", or NULL */
    const char *help;    /* behind the choices; a few words */
    const char *preset;  /* the default; NULL: it needs no words */
    const char *manual;  /* lines of mdoc(7), without choices and default */
    enum option_kind kind;
    bool per_item;
    size_t offset;
    double min;
    double max;
};

extern const struct option_row option_table[];
extern const size_t option_table_count;

/* The row of that name in the API, or NULL. */
const struct option_row *option_table_find_field(const char *field);

/* The name that is probably meant, or NULL. */
const char *option_table_suggest(const char *name);

/* Whether the row has been said. */
bool option_table_is_set(const struct option_values *values, const struct option_row *row);

/* What the rows that are set in `values` say, over what `fetch` has. */
void option_table_apply(const struct option_values *values, struct fetch_options *fetch);

#endif
