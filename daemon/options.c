#include "daemon/options.h"

#include "config/settings_print.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    OPTION_CONFIG = 256, /* above all characters: there are no short options */
    OPTION_LISTEN,
    OPTION_SET,
    OPTION_CHECK,
    OPTION_DUMP,
    OPTION_HEALTH,
    OPTION_VERSION,
    OPTION_HELP,
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"set", required_argument, NULL, OPTION_SET},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"dump", no_argument, NULL, OPTION_DUMP},
    {"health", no_argument, NULL, OPTION_HEALTH},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {0},
};

__attribute__((format(printf, 2, 3))) static enum err refuse(struct options *o, const char *format, ...) {
    char what[OPTIONS_ERROR_BYTES - 32];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args); /* a long message may be cut */
    va_end(args);
    for (char *c = what; *c; c++)
        if (*c < 0x20 || *c == 0x7F)
            *c = '?';
    (void)snprintf(o->error, sizeof o->error, "%s; try fetchpoold --help", what);
    return ERR_INVALID;
}

static enum err add_assignment(struct options *o, const char *before, const char *value) {
    char **assignments = realloc(o->assignments, (o->assignment_count + 1) * sizeof *assignments);
    if (!assignments)
        return ERR_NOMEM;
    o->assignments = assignments;
    if (asprintf(&assignments[o->assignment_count], "%s%s", before, value) < 0)
        return ERR_NOMEM;
    o->assignment_count++;
    return ERR_NONE;
}

static enum err set_action(struct options *o, enum options_action action) {
    if (o->action == OPTIONS_ACTION_HELP || o->action == OPTIONS_ACTION_VERSION)
        return ERR_NONE;
    bool wins = action == OPTIONS_ACTION_HELP || action == OPTIONS_ACTION_VERSION;
    if (!wins && o->action != OPTIONS_ACTION_RUN && o->action != action)
        return refuse(o, "--check, --dump and --health exclude each other");
    o->action = action;
    return ERR_NONE;
}

static const char *name_of(int option) {
    for (const struct option *o = long_options; o->name; o++)
        if (o->val == option)
            return o->name;
    return "";
}

static enum err take_option(struct options *o, int option, const char *word) {
    switch (option) {
    case OPTION_CONFIG:
        o->config_path = optarg;
        return ERR_NONE;
    case OPTION_LISTEN:
        return add_assignment(o, "server.listen=", optarg);
    case OPTION_SET:
        return add_assignment(o, "", optarg);
    case OPTION_CHECK:
        return set_action(o, OPTIONS_ACTION_CHECK);
    case OPTION_DUMP:
        return set_action(o, OPTIONS_ACTION_DUMP);
    case OPTION_HEALTH:
        return set_action(o, OPTIONS_ACTION_HEALTH);
    case OPTION_VERSION:
        return set_action(o, OPTIONS_ACTION_VERSION);
    case OPTION_HELP:
        return set_action(o, OPTIONS_ACTION_HELP);
    case ':':
        return refuse(o, "--%s needs a value", name_of(optopt));
    default:
        break;
    }
    if (optopt >= OPTION_CONFIG)
        return refuse(o, "--%s takes no value", name_of(optopt));
    return refuse(o, "no such option: %s", word);
}

enum err options_parse(int argc, char **argv, struct options *ret_options) {
    struct options *o = ret_options;
    *o = (struct options){0};
    optind = 0; /* from the start, also when it was used before */
    opterr = 0;
    for (;;) {
        const char *word = argv[optind > 0 ? optind : 1];
        int option = getopt_long(argc, argv, ":", long_options, NULL);
        if (option == -1)
            break;
        enum err err = take_option(o, option, word);
        if (err)
            return err;
    }
    if (optind < argc)
        return refuse(o, "\"%s\" is not an option", argv[optind]);
    return ERR_NONE;
}

void options_fini(struct options *o) {
    for (size_t i = 0; i < o->assignment_count; i++)
        free(o->assignments[i]);
    free(o->assignments);
    *o = (struct options){0};
}

enum err options_print_help(struct buf *out) {
    static const char usage[] =
        "usage: fetchpoold [--config FILE] [--listen ADDRESS]... [--set SECTION.KEY=VALUE]...\n"
        "                  [--check | --dump | --health]\n"
        "\n"
        "Fetches lists of URLs for other programs: POST a list to /fetch, get a JSON array back.\n"
        "\n"
        "  --config FILE            settings file (default: /etc/fetchpool/fetchpool.conf, if there is one)\n"
        "  --listen ADDRESS         host:port, [v6]:port or unix:/path; may be repeated\n"
        "  --set SECTION.KEY=VALUE  a setting, over file and environment; may be repeated\n"
        "  --check                  look at all settings and exit\n"
        "  --dump                   print the settings in effect as a settings file and exit\n"
        "  --health                 ask the daemon that runs with these settings how it is; exit 0 if it is well\n"
        "  --version                print the version and exit\n"
        "  --help                   print this and exit\n"
        "\n"
        "Settings, also as FETCHPOOL_SECTION_KEY in the environment:\n";
    enum err err = buf_append_text(out, usage);
    return err ? err : settings_print_help(out);
}
