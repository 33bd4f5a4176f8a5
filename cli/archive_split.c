#include "cli/archive_split.h"

/* The document, its log, the list of entries, an entry. What stands there that is no list is not so deep. */
enum { ENTRY_DEPTH = 4 };

static void see_in_string(struct archive_split *s, char c) {
    if (s->is_escaped)
        s->is_escaped = false;
    else if (c == '\\')
        s->is_escaped = true;
    else if (c == '"')
        s->in_string = false;
}

static void see(struct archive_split *s, char c) {
    if (s->in_string)
        see_in_string(s, c);
    else if (c == '"')
        s->in_string = true;
    else if (c == '{' || c == '[')
        s->depth++;
    else if ((c == '}' || c == ']') && s->depth > 0)
        s->is_whole = --s->depth == 0;
}

struct archive_piece archive_split_next(struct archive_split *s, const char *bytes, size_t len) {
    struct archive_piece piece = {.start = s->depth >= ENTRY_DEPTH ? 0 : len};
    while (piece.len < len && !piece.is_whole) {
        unsigned before = s->depth;
        see(s, bytes[piece.len]);
        if (before < ENTRY_DEPTH && s->depth == ENTRY_DEPTH)
            piece.start = piece.len;
        piece.is_whole = before == ENTRY_DEPTH && s->depth < ENTRY_DEPTH;
        piece.len++;
    }
    if (piece.start > piece.len)
        piece.start = piece.len;
    return piece;
}
