#include "config/settings_place.h"

#include <stdio.h>

void settings_place_variable(const char *name, char ret_variable[SETTINGS_VARIABLE_BYTES]) {
    (void)snprintf(ret_variable, SETTINGS_VARIABLE_BYTES, "FETCHPOOL_%s", name);
    for (char *c = ret_variable; *c; c++) {
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
        else if (*c == '.')
            *c = '_';
    }
}

void settings_place_text(struct settings_place place, const char *name, char ret_text[SETTINGS_PLACE_BYTES]) {
    char variable[SETTINGS_VARIABLE_BYTES];
    switch (place.source) {
    case SETTINGS_SOURCE_FILE:
        (void)snprintf(ret_text, SETTINGS_PLACE_BYTES, "%s:%d: %s", place.path, place.line, name);
        return;
    case SETTINGS_SOURCE_ENVIRONMENT:
        settings_place_variable(name, variable);
        (void)snprintf(ret_text, SETTINGS_PLACE_BYTES, "environment: %s", variable);
        return;
    case SETTINGS_SOURCE_COMMAND_LINE:
        (void)snprintf(ret_text, SETTINGS_PLACE_BYTES, "command line: %s", name);
        return;
    case SETTINGS_SOURCE_DEFAULT:
    case SETTINGS_SOURCE_FITTED:
        break;
    }
    (void)snprintf(ret_text, SETTINGS_PLACE_BYTES, "%s", name);
}

const char *settings_place_printable(const char *text, size_t len, char *ret_text, size_t size) {
    size_t n = len < size ? len : size - 4;
    for (size_t i = 0; i < n; i++)
        ret_text[i] = text[i] >= 0x20 && text[i] < 0x7F ? text[i] : '?';
    (void)snprintf(ret_text + n, size - n, "%s", n < len ? "..." : "");
    return ret_text;
}
