#include "pool/decode.h"

#include "pool/coding.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DECODE_OUT_BYTES = 16 * 1024 };

/* One coding that is taken off. */
struct stage {
    const struct coding *coding;
    void *stream;
    int64_t read_bytes;
    unsigned char out[DECODE_OUT_BYTES];
};

struct decode {
    decode_sink *sink;
    void *arg;
    int64_t max_read_bytes;
    size_t count;
    struct stage stages[]; /* the last that was applied comes first */
};

/* ---- names ---- */

/* RFC 9110, section 8.4.1; RFC 7932; RFC 8878. */
static const struct {
    const char *name;
    const struct coding *coding; /* NULL: none */
} codings_table[] = {
    {"gzip", &coding_gzip}, {"br", &coding_brotli},   {"zstd", &coding_zstd}, {"deflate", &coding_deflate},
    {"identity", NULL},     {"x-gzip", &coding_gzip}, {"none", NULL},
};

static void add_coding(struct decode_codings *codings, const struct coding *coding) {
    if (codings->count == DECODE_MAX_CODINGS)
        codings->err = ERR_LIMIT;
    else
        codings->applied[codings->count++] = coding;
}

static void add_name(struct decode_codings *codings, const char *name, size_t len) {
    for (size_t i = 0; i < sizeof codings_table / sizeof codings_table[0]; i++)
        if (strlen(codings_table[i].name) == len && strncasecmp(codings_table[i].name, name, len) == 0) {
            if (codings_table[i].coding)
                add_coding(codings, codings_table[i].coding);
            return;
        }
    codings->err = ERR_INVALID;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

void decode_codings_add(struct decode_codings *codings, const char *value, size_t len) {
    const char *end = value + len;
    for (const char *next = value; next < end && !codings->err; next++) {
        const char *name = next;
        const char *comma = memchr(name, ',', (size_t)(end - name));
        next = comma ? comma : end;
        const char *name_end = next;
        while (name < name_end && is_blank(*name))
            name++;
        while (name_end > name && is_blank(name_end[-1]))
            name_end--;
        if (name < name_end) /* lists may have empty places: RFC 9110, section 5.6.1 */
            add_name(codings, name, (size_t)(name_end - name));
    }
}

/* ---- the stages ---- */

enum err decode_create(const struct decode_options *options, struct decode **ret_decode) {
    const struct decode_codings *codings = options->codings;
    if (codings->err)
        return codings->err;
    struct decode *d = malloc(sizeof *d + codings->count * sizeof d->stages[0]);
    if (!d)
        return ERR_NOMEM;
    *d = (struct decode){.sink = options->sink, .arg = options->arg, .max_read_bytes = options->max_read_bytes};
    while (d->count < codings->count) {
        struct stage *stage = &d->stages[d->count];
        stage->coding = codings->applied[codings->count - 1 - d->count];
        bool is_last = d->count + 1 == codings->count;
        stage->stream = stage->coding->open(is_last ? options->max_size_bytes : options->max_read_bytes);
        stage->read_bytes = 0;
        if (!stage->stream) {
            decode_destroy(d);
            return ERR_NOMEM;
        }
        d->count++;
    }
    *ret_decode = d;
    return ERR_NONE;
}

void decode_destroy(struct decode *d) {
    for (size_t i = 0; d && i < d->count; i++)
        d->stages[i].coding->close(d->stages[i].stream);
    free(d);
}

/* Recursion, as deep as there are codings. */
static enum err push(struct decode *d, size_t level, const unsigned char *bytes, size_t n) {
    if (level == d->count)
        return d->sink(d->arg, (const char *)bytes, n);
    struct stage *stage = &d->stages[level];
    struct coding_io io = {.in = bytes, .in_bytes = n};
    enum err err = ERR_NONE;
    stage->read_bytes += (int64_t)n;
    if (stage->read_bytes > d->max_read_bytes)
        return ERR_LIMIT;
    do {
        io.out = stage->out;
        io.out_bytes = sizeof stage->out;
        err = stage->coding->run(stage->stream, &io);
        if (!err && io.out_bytes < sizeof stage->out)
            err = push(d, level + 1, stage->out, sizeof stage->out - io.out_bytes);
    } while (!err && (io.in_bytes > 0 || io.out_bytes == 0));
    return err;
}

enum err decode_write(struct decode *d, const char *bytes, size_t n) {
    return push(d, 0, (const unsigned char *)bytes, n);
}

enum err decode_end(const struct decode *d) {
    for (size_t i = 0; i < d->count; i++)
        if (d->stages[i].read_bytes > 0 && !d->stages[i].coding->is_whole(d->stages[i].stream))
            return ERR_INVALID;
    return ERR_NONE;
}
