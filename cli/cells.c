#include "cli/cells.h"

#include "base/utf8.h"

#include <string.h>

/* One character as it is shown. */
struct cell {
    const char *text;
    size_t len;
    size_t columns;
};

static unsigned code_point(const char *text, size_t len) {
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    unsigned code = (unsigned char)text[0] & masks[len];
    for (size_t i = 1; i < len; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3F);
    return code;
}

struct range {
    unsigned first;
    unsigned last;
};

static bool is_in(const struct range *ranges, size_t count, unsigned code) {
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* Controls, combining marks, what has no width, and what turns the direction of reading. */
static bool is_hidden(unsigned code) {
    static const struct range hidden[] = {{0, 0x1F},        {0x7F, 0x9F},      {0xAD, 0xAD},     {0x300, 0x36F},
                                          {0x200B, 0x200F}, {0x2028, 0x202E},  {0x2060, 0x206F}, {0xFE00, 0xFE0F},
                                          {0xFEFF, 0xFEFF}, {0xE0000, 0xE0FFF}};
    return is_in(hidden, sizeof hidden / sizeof hidden[0], code);
}

/* The larger blocks of Unicode's East Asian wide characters, and pictures. */
static bool is_wide(unsigned code) {
    static const struct range wide[] = {{0x1100, 0x115F}, {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},
                                        {0xF900, 0xFAFF}, {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                                        {0xFFE0, 0xFFE6}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}};
    return is_in(wide, sizeof wide / sizeof wide[0], code);
}

/* The character that `text` begins with, and its length in `ret_len`. */
static struct cell read_cell(const char *text, bool utf8, size_t *ret_len) {
    size_t len = utf8_sequence(text, strnlen(text, 4));
    *ret_len = len ? len : 1;
    if (len == 0 || (len > 1 && !utf8) || is_hidden(code_point(text, len)))
        return (struct cell){"?", 1, 1};
    return (struct cell){text, len, is_wide(code_point(text, len)) ? 2 : 1};
}

size_t cells_width(const char *text, bool utf8) {
    size_t width = 0, len;
    for (; *text; text += len)
        width += read_cell(text, utf8, &len).columns;
    return width;
}

static enum err pad(struct buf *out, size_t columns) {
    enum err err = ERR_NONE;
    for (; columns > 0 && !err; columns--)
        err = buf_append_char(out, ' ');
    return err;
}

/* Appends what fits into `columns` and tells how many were used. */
static enum err put_head(struct buf *out, const char *text, size_t columns, bool utf8, size_t *ret_used) {
    enum err err = ERR_NONE;
    size_t used = 0, len;
    for (; *text && !err; text += len) {
        struct cell cell = read_cell(text, utf8, &len);
        if (used + cell.columns > columns)
            break;
        used += cell.columns;
        err = buf_append(out, cell.text, cell.len);
    }
    *ret_used = used;
    return err;
}

/* The end of the text that fits into `columns`. */
static const char *find_tail(const char *text, size_t columns, bool utf8) {
    size_t width = cells_width(text, utf8), len;
    while (width > columns) {
        width -= read_cell(text, utf8, &len).columns;
        text += len;
    }
    return text;
}

static enum err put_cut(struct buf *out, const char *text, size_t columns, bool utf8) {
    size_t tail = (columns - 1) / 3, head = 0, end = 0;
    enum err err = put_head(out, text, columns - 1 - tail, utf8, &head);
    if (!err)
        err = buf_append_text(out, utf8 ? "…" : "~");
    if (!err)
        err = put_head(out, find_tail(text, tail, utf8), tail, utf8, &end);
    return err ? err : pad(out, columns - head - 1 - end);
}

enum err cells_put(struct buf *out, const char *text, size_t columns, enum cells_side side, bool utf8) {
    size_t width = cells_width(text, utf8), used;
    if (columns == 0)
        return ERR_NONE;
    if (width > columns)
        return put_cut(out, text, columns, utf8);
    enum err err = side == CELLS_RIGHT ? pad(out, columns - width) : ERR_NONE;
    if (!err)
        err = put_head(out, text, columns, utf8, &used);
    return err || side == CELLS_RIGHT ? err : pad(out, columns - width);
}
