#include "cli/options.h"

#include "pool/fetch_include.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char cli_usage[] = "usage: fetchpool [OPTION]... [URL]...\n"
                         "       fetchpool token new NAME [KEY=VALUE]...\n"
                         "\n"
                         "Fetches the URLs and prints a JSON array with one result for each, in their order.\n"
                         "Without a URL, they are read from standard input, one in each line.\n"
                         "Addresses of loopback and private networks are fetched, too: it is your shell.\n"
                         "The second form makes a token for a caller of fetchpoold: fetchpool token --help.\n"
                         "\n"
                         "  -c, --max-concurrent N   fetches at once, 1 to 1000 (5)\n"
                         "      --timeout SECONDS    for each URL (30)\n"
                         "      --include LIST       extra fields: headers,body,timings,redirects,connection\n"
                         "  -h, --help               this text\n"
                         "  -V, --version            the version\n"
                         "\n"
                         "Exit status: 0 all were answered with a status below 400, 1 some were not, 2 the\n"
                         "command line is wrong, 3 it could not run.\n";

enum { OPTION_TIMEOUT = 256, OPTION_INCLUDE };

static const struct option long_options[] = {
    {"max-concurrent", required_argument, NULL, 'c'},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"include", required_argument, NULL, OPTION_INCLUDE},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

static bool read_include(const char *text, unsigned *ret_include) {
    unsigned include = 0;
    for (;;) {
        size_t n = strcspn(text, ",");
        unsigned part = fetch_include_find(text, n);
        if (part == 0)
            return false;
        include |= part;
        if (text[n] == '\0')
            break;
        text += n + 1;
    }
    *ret_include = include;
    return true;
}

static bool read_number(const char *text, double min, double max, double *ret_number) {
    char *end;
    if (*text == '\0' || text[strspn(text, "0123456789.")] != '\0')
        return false;
    double number = strtod(text, &end);
    *ret_number = number;
    return *end == '\0' && number >= min && number <= max;
}

static bool read_option(struct cli_options *o, int option, const char *value) {
    double number = 0;
    switch (option) {
    case 'h':
        o->help = true;
        return true;
    case 'V':
        o->version = true;
        return true;
    case 'c':
        if (!read_number(value, 1, CLI_MAX_CONCURRENT, &number) || strchr(value, '.'))
            break;
        o->max_concurrent = (size_t)number;
        return true;
    case OPTION_TIMEOUT:
        if (!read_number(value, 0.001, 86400, &number))
            break;
        o->timeout_ms = (int64_t)(number * 1000 + 0.5);
        return true;
    case OPTION_INCLUDE:
        if (!read_include(value, &o->include))
            break;
        return true;
    default:
        return false;
    }
    (void)snprintf(o->error, sizeof o->error, "'%.64s' is not a value for this option; see fetchpool --help", value);
    return false;
}

enum err cli_options_parse(int argc, char **argv, struct cli_options *ret_options) {
    struct cli_options *o = ret_options;
    *o = (struct cli_options){.max_concurrent = 5, .timeout_ms = 30000};
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":c:hV", long_options, NULL)) != -1) {
        if (read_option(o, option, optarg))
            continue;
        if (*o->error == '\0')
            (void)snprintf(o->error, sizeof o->error,
                           option == ':' ? "%.64s needs a value; see fetchpool --help"
                                         : "there is no option %.64s; see fetchpool --help",
                           argv[optind - 1]);
        return ERR_INVALID;
    }
    o->urls = argv + optind;
    o->url_count = (size_t)(argc - optind);
    return ERR_NONE;
}
