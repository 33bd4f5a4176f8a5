#include "api/trace.h"

#include <stddef.h>
#include <string.h>

enum {
    VERSION_LEN = 2,
    ID_LEN = TRACE_ID_BYTES - 1,
    PARENT_LEN = TRACE_PARENT_BYTES - 1,
    FLAGS_LEN = 2,
    ID_AT = VERSION_LEN + 1,
    PARENT_AT = ID_AT + ID_LEN + 1,
    FLAGS_AT = PARENT_AT + PARENT_LEN + 1,
    WHOLE_LEN = FLAGS_AT + FLAGS_LEN,
};

/* `len` digits in lower case from there on; the text may end before. */
static bool is_hex(const char *text, size_t len) {
    return strspn(text, "0123456789abcdef") >= len;
}

static bool is_zero(const char *text, size_t len) {
    return strspn(text, "0") >= len;
}

static bool is_separated(const char *text) {
    return text[ID_AT - 1] == '-' && text[PARENT_AT - 1] == '-' && text[FLAGS_AT - 1] == '-';
}

/* What follows is for later versions to say; version ff is none. */
static bool has_sound_version(const char *text) {
    bool is_first = is_zero(text, VERSION_LEN);
    bool is_none = strncmp(text, "ff", VERSION_LEN) == 0;
    char behind = text[WHOLE_LEN];
    return is_hex(text, VERSION_LEN) && !is_none && (behind == '\0' || (!is_first && behind == '-'));
}

bool trace_read(const char *traceparent, struct trace *ret_trace) {
    const char *t = traceparent;
    *ret_trace = (struct trace){.id = ""};
    bool sound = strnlen(t, WHOLE_LEN) == WHOLE_LEN && is_separated(t) && has_sound_version(t) &&
                 is_hex(t + ID_AT, ID_LEN) && !is_zero(t + ID_AT, ID_LEN) && is_hex(t + PARENT_AT, PARENT_LEN) &&
                 !is_zero(t + PARENT_AT, PARENT_LEN) && is_hex(t + FLAGS_AT, FLAGS_LEN);
    if (!sound)
        return false;
    memcpy(ret_trace->id, t + ID_AT, ID_LEN);
    memcpy(ret_trace->parent, t + PARENT_AT, PARENT_LEN);
    return true;
}
