/* Values of options, from the command line and from the JSON items of a list. */
#ifndef FETCHPOOL_CLI_OPTION_VALUE_H
#define FETCHPOOL_CLI_OPTION_VALUE_H

#include "base/arena.h"
#include "base/json_walk.h"
#include "cli/option_table.h"

/* Where the values go, and where texts are kept. */
struct option_target {
    struct cli_options *options;  /* NULL: it is an item, and what only the list can say is not asked for */
    struct option_values *values; /* of the list or of the item */
    struct arena *arena;
    char *error; /* CLI_ERROR_BYTES: why not, a phrase that goes behind the option's name */
};

/* Reads the value as it stands on the command line; NULL for an option without one. False: `error` is set. */
bool option_value_read(const struct option_row *row, const char *text, const struct option_target *target);

/* Reads the value of a field of an item, a part of a text that json_scan has accepted. False: `error` is set. */
bool option_value_read_json(const struct option_row *row, const struct json_part *value,
                            const struct option_target *target);

/* A string in a JSON text as it is meant; in the arena. NULL: memory ran out. */
char *option_value_decode(const struct json_part *string, struct arena *arena, size_t *ret_len);

#endif
