#include "cli/command_line.h"

#include "base/utf8.h"
#include "cli/option_value.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_ROWS = 64, FIRST_CODE = 256, HELP_COLUMN = 25 };

/* ---- for getopt ---- */

struct getopt_form {
    struct option longs[MAX_ROWS];
    char letters[MAX_ROWS * 2 + 2];
};

static void fill(struct getopt_form *form) {
    char *letter = form->letters;
    *form = (struct getopt_form){.letters = ":"};
    letter++;
    for (size_t i = 0; i < option_table_count && i + 1 < MAX_ROWS; i++) {
        const struct option_row *row = &option_table[i];
        form->longs[i] =
            (struct option){row->name, row->value ? required_argument : no_argument, NULL, FIRST_CODE + (int)i};
        if (!row->letter)
            continue;
        *letter++ = row->letter;
        if (row->value)
            *letter++ = ':';
    }
}

static const struct option_row *row_of(int code) {
    if (code >= FIRST_CODE)
        return &option_table[code - FIRST_CODE];
    for (size_t i = 0; i < option_table_count; i++)
        if (option_table[i].letter && option_table[i].letter == code)
            return &option_table[i];
    return NULL;
}

/* ---- what is wrong ---- */

/* A word of the command line may hold anything. */
static void make_printable(char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            *text = '?';
}

static enum err refuse(struct cli_options *o, const char *format, const char *name, const char *more) {
    char text[CLI_ERROR_BYTES - 64];
    (void)snprintf(text, sizeof text, format, name, more);
    (void)snprintf(o->error, sizeof o->error, "%s; see fetchpool --help", text);
    make_printable(o->error);
    return ERR_INVALID;
}

/* The options that begin so, "--a, --b". How many they are. */
static size_t list_options(const char *begin, char *ret_names, size_t size) {
    size_t count = 0, len = 0;
    for (size_t i = 0; i < option_table_count && len < size; i++)
        if (strncmp(option_table[i].name, begin, strlen(begin)) == 0)
            len +=
                (size_t)snprintf(ret_names + len, size - len, "%s--%s", count++ > 0 ? ", " : "", option_table[i].name);
    return count;
}

static enum err refuse_unknown(struct cli_options *o, const char *word) {
    char name[64], names[1024];
    if (strncmp(word, "--", 2) != 0)
        return refuse(o, "there is no option %.64s%s", word, "");
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    if (list_options(name, names, sizeof names) > 1)
        return refuse(o, "--%s is ambiguous: %s", name, names);
    const char *meant = option_table_suggest(name);
    return meant ? refuse(o, "there is no option %.64s (did you mean --%s?)", word, meant)
                 : refuse(o, "there is no option %.64s%s", word, "");
}

/* What cannot be read is nothing that --help could tell. */
static enum err refuse_value(struct cli_options *o, const struct option_row *row, const char *why) {
    if (o->body_unreadable) {
        (void)snprintf(o->error, sizeof o->error, "--%s %.1024s", row->name, why);
        make_printable(o->error);
        return ERR_IO;
    }
    char name[CLI_ERROR_BYTES / 2];
    (void)snprintf(name, sizeof name, "%s", why);
    return refuse(o, "--%s %s", row->name, name);
}

/* getopt tells of a letter in `optopt`, of a name in the word before `optind`. */
static enum err refuse_getopt(struct cli_options *o, int code, char **argv) {
    char letter[] = {'-', (char)optopt, '\0'};
    const struct option_row *row = row_of(optopt);
    if (code == ':')
        return refuse(o, "--%s needs a value, %s", row ? row->name : "?", row ? row->value : "");
    if (row && optopt >= FIRST_CODE)
        return refuse(o, "--%s takes no value%s", row->name, "");
    return optopt ? refuse(o, "there is no option %s%s", letter, "") : refuse_unknown(o, argv[optind - 1]);
}

static enum err check_urls(struct cli_options *o) {
    for (size_t i = 0; i < o->url_count; i++)
        if (!utf8_is_valid(o->urls[i], strlen(o->urls[i])))
            return refuse(o, "%s%s", "a URL is not UTF-8 text", "");
    return ERR_NONE;
}

static bool reads_list_from_input(const struct cli_options *o) {
    for (size_t i = 0; i < o->input_count; i++)
        if (strcmp(o->inputs[i], "-") == 0)
            return true;
    return o->input_count == 0 && o->url_count == 0;
}

/* What concerns more than one option. */
static enum err check(struct cli_options *o) {
    struct fetch_options *fetch = &o->values.fetch;
    const struct option_row *method = option_table_find_field("method");
    if (o->help || o->version)
        return ERR_NONE;
    if (fetch->body && !option_table_is_set(&o->values, method)) {
        fetch->method = "POST";
        o->values.set |= UINT64_C(1) << (method - option_table);
    }
    if (fetch->body && strcmp(fetch->method, "HEAD") == 0)
        return refuse(o, "%s%s", "a HEAD request has no body: --data and --method exclude each other", "");
    if (o->body_from_input && reads_list_from_input(o))
        return refuse(o, "%s%s", "standard input cannot be both the list and the body", "");
    if (o->order == CLI_ORDER_COMPLETION && o->format != CLI_FORMAT_NDJSON)
        return refuse(o, "%s%s", "--order completion is for -o ndjson: the others keep the order of the list", "");
    if (o->token_file && !o->server)
        return refuse(o, "%s%s", "--token-file is for --server", "");
    if (o->ca_file && o->server && strncasecmp(o->server, "https://", 8) != 0)
        return refuse(o, "%s%s", "--ca-file is for a server with https://", "");
    if (o->dedupe && o->format == CLI_FORMAT_HAR)
        return refuse(o, "%s%s", "-o har tells of each request, so each URL needs its own: not with --dedupe", "");
    o->values.is_csv = o->format == CLI_FORMAT_CSV;
    if (o->values.is_csv && fetch->include)
        return refuse(o, "%s%s", "-o csv has no column for what --include asks for", "");
    return check_urls(o);
}

enum err command_line_parse(int argc, char **argv, struct arena *arena, struct cli_options *ret_options) {
    struct cli_options *o = ret_options;
    char why[CLI_ERROR_BYTES] = "";
    *o = (struct cli_options){.max_concurrent = 5, .values.fetch.method = "GET"};
    const struct option_target target = {.options = o, .values = &o->values, .arena = arena, .error = why};
    struct getopt_form form;
    int code;
    fill(&form);
    opterr = 0;
    optind = 0; /* getopt begins anew */
    while ((code = getopt_long(argc, argv, form.letters, form.longs, NULL)) != -1) {
        if (code == ':' || code == '?')
            return refuse_getopt(o, code, argv);
        const struct option_row *row = row_of(code);
        if (!option_value_read(row, optarg, &target))
            return refuse_value(o, row, why);
    }
    o->urls = argv + optind;
    o->url_count = (size_t)(argc - optind);
    return check(o);
}

/* ---- --help ---- */

static const char usage[] = "usage: fetchpool [OPTION]... [URL]...\n"
                            "       fetchpool token new NAME [KEY=VALUE]...\n"
                            "\n"
                            "Fetches the URLs, many at once, and prints one result for each, in their order.\n"
                            "Without a URL they are read from standard input, one in each line, or an item in\n"
                            "JSON: {\"url\": ..., \"id\": ..., \"method\": ..., \"headers\": ..., \"timeout\": ...}.\n"
                            "Addresses of loopback and private networks are fetched, too: it is your shell.\n"
                            "The second form makes a token for a caller of fetchpoold: fetchpool token --help.\n";

static const char ending[] = "\nExit status: 0 all were answered with a status below 400, 1 some were not, 2 the\n"
                             "command line or the list is wrong, 3 it could not run, 130 Ctrl-C.\n";

static enum err print_row(const struct option_row *row, struct buf *out) {
    char name[64];
    (void)snprintf(name, sizeof name, "%c%c%s --%s%s%s", row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
                   row->letter ? "," : " ", row->name, row->value ? " " : "", row->value ? row->value : "");
    enum err err = buf_printf(out, "  %-*s", HELP_COLUMN, name);
    if (!err && row->choices)
        err = buf_printf(out, " %s", row->choices);
    if (!err && row->help[0])
        err = buf_printf(out, " %s", row->help);
    if (!err && row->preset)
        err = buf_printf(out, " (%s)", row->preset);
    return err ? err : buf_append_char(out, '\n');
}

enum err command_line_help(struct buf *out) {
    enum err err = buf_append_text(out, usage);
    for (size_t i = 0; i < option_table_count && !err; i++) {
        if (option_table[i].section)
            err = buf_printf(out, "\n%s:\n", option_table[i].section);
        if (!err)
            err = print_row(&option_table[i], out);
    }
    return err ? err : buf_append_text(out, ending);
}
