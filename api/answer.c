#include "api/answer.h"

#include "pool/result_csv.h"
#include "pool/result_har.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOST_OUTCOME "\"status\":0,\"error\":\"out of memory\",\"error_code\":\"internal\",\"elapsed\":0.0}"

const struct answer_format answer_array = {
    .head = "[",
    .between = ",\n",
    .after = "",
    .tail = "]\n",
    .lost = "{\"url\":\"\"," LOST_OUTCOME,
    .lost_rest = "",
};

const struct answer_format answer_lines = {
    .head = "",
    .between = "",
    .after = "\n",
    .lost = "{\"url\":\"\",\"index\":",
    .lost_rest = "," LOST_OUTCOME,
    .is_indexed = true,
    .is_separable = true,
};

const struct answer_format answer_csv = {
    .head = RESULT_CSV_HEAD,
    .between = "",
    .after = RESULT_CSV_LINE_END,
    .tail = "",
    .lost = "\"\",",
    .lost_rest = ",0,,out of memory,internal,0.0,",
    .encoding = ANSWER_CSV,
    .is_indexed = true,
    .is_separable = true,
    .is_plain = true,
};

const struct answer_format answer_har = {
    .head = RESULT_HAR_HEAD,
    .between = RESULT_HAR_BETWEEN,
    .after = "",
    .tail = RESULT_HAR_TAIL,
    .lost = RESULT_HAR_LOST "\"_result\":{\"url\":\"\",\"index\":",
    .lost_rest = "," LOST_OUTCOME "}",
    .encoding = ANSWER_HAR,
    .is_indexed = true,
    .keeps_hops = true,
};

/* ---- results for which not even the memory to encode a failure was there ---- */

/* Such a result has no chunk: its slot holds its index, told from a pointer by the lowest bit. */
static struct answer_chunk *mark_lost(size_t index) {
    return (struct answer_chunk *)((uintptr_t)index << 1 | 1);
}

static bool is_lost(const struct answer_chunk *chunk) {
    return (uintptr_t)chunk & 1;
}

static void write_lost(struct answer *a, const struct answer_chunk *lost) {
    char index[32] = "";
    if (a->format->is_indexed)
        (void)snprintf(index, sizeof index, "%zu", (size_t)((uintptr_t)lost >> 1));
    (void)snprintf(a->fixed, sizeof a->fixed, "%s%s%s", a->format->lost, index, a->format->lost_rest);
}

/* ---- what several results have in common ---- */

struct answer_tail {
    atomic_uint refs;
    size_t held; /* results that were not read; of the one answer that has them */
    size_t len;
    char *bytes;
};

struct answer_tail *answer_tail_create(struct buf *b) {
    struct answer_tail *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    atomic_init(&t->refs, 1);
    t->bytes = buf_take(b, &t->len);
    if (!t->bytes) {
        free(t);
        return NULL;
    }
    return t;
}

struct answer_tail *answer_tail_ref(struct answer_tail *t) {
    atomic_fetch_add(&t->refs, 1);
    return t;
}

void answer_tail_unref(struct answer_tail *t) {
    if (!t || atomic_fetch_sub(&t->refs, 1) > 1)
        return;
    free(t->bytes);
    free(t);
}

void answer_free_chunk(struct answer_chunk *chunk) {
    if (!chunk || is_lost(chunk))
        return;
    answer_tail_unref(chunk->tail);
    free(chunk);
}

/* A tail counts once, however many results end with it. */
static void hold_tail(struct answer *a, const struct answer_chunk *chunk) {
    struct answer_tail *t = is_lost(chunk) ? NULL : chunk->tail;
    if (t && t->held++ == 0)
        a->held_bytes += t->len;
}

static void let_tail_go(struct answer *a, const struct answer_chunk *chunk) {
    struct answer_tail *t = is_lost(chunk) ? NULL : chunk->tail;
    if (t && --t->held == 0)
        a->held_bytes -= t->len;
}

/* ---- what comes next: a result with what stands around it, or the end ---- */

enum { PART_BEFORE, PART_RESULT, PART_TAIL, PART_AFTER, PART_COUNT };

struct part {
    const char *bytes;
    size_t len;
};

static struct part part_of(const char *text) {
    return (struct part){.bytes = text, .len = strlen(text)};
}

static struct part result_part(struct answer *a, size_t place) {
    const struct answer_chunk *chunk = a->slots[place];
    if (!is_lost(chunk))
        return (struct part){.bytes = chunk->bytes, .len = chunk->len};
    write_lost(a, chunk);
    return part_of(a->fixed);
}

static struct part shared_part(const struct answer *a, size_t place) {
    const struct answer_chunk *chunk = a->slots[place];
    const struct answer_tail *t = is_lost(chunk) ? NULL : chunk->tail;
    return t ? (struct part){.bytes = t->bytes, .len = t->len} : part_of("");
}

static struct part end_part(struct answer *a) {
    if (a->format->tail)
        return part_of(a->format->tail);
    (void)snprintf(a->fixed, sizeof a->fixed,
                   "{\"done\":true,\"counts\":{\"total\":%zu,\"succeeded\":%zu,\"failed\":%zu,\"cancelled\":%zu}}\n",
                   a->count, a->counts[ANSWER_SUCCEEDED], a->counts[ANSWER_FAILED], a->counts[ANSWER_CANCELLED]);
    return part_of(a->fixed);
}

/* The parts of what stands at that place; `count` is the place of the end. They may stand in `fixed`. */
static void get_parts(struct answer *a, size_t place, struct part ret_parts[PART_COUNT]) {
    bool is_end = place == a->count;
    ret_parts[PART_BEFORE] = part_of(place == 0 ? a->format->head : is_end ? "" : a->format->between);
    ret_parts[PART_RESULT] = is_end ? part_of("") : result_part(a, place);
    ret_parts[PART_TAIL] = is_end ? part_of("") : shared_part(a, place);
    ret_parts[PART_AFTER] = is_end ? end_part(a) : part_of(a->format->after);
}

static size_t bytes_at(struct answer *a, size_t place) {
    struct part parts[PART_COUNT];
    get_parts(a, place, parts);
    return parts[PART_BEFORE].len + parts[PART_RESULT].len + parts[PART_TAIL].len + parts[PART_AFTER].len;
}

/* ---- life ---- */

enum err answer_init(struct answer *a, size_t count, const struct answer_format *format, enum answer_order order) {
    *a = (struct answer){.count = count, .format = format, .order = order};
    a->slots = calloc(count ? count : 1, sizeof(struct answer_chunk *));
    if (!a->slots)
        return ERR_NOMEM;
    a->ready_bytes = count == 0 ? bytes_at(a, 0) : 0;
    return ERR_NONE;
}

static void free_slots(struct answer *a) {
    for (size_t i = a->sent; i < a->count && a->slots; i++)
        answer_free_chunk(a->slots[i]);
    free(a->slots);
    a->slots = NULL;
}

void answer_fini(struct answer *a) {
    free_slots(a);
    *a = (struct answer){0};
}

void answer_abandon(struct answer *a) {
    free_slots(a);
    a->held_bytes = 0;
    a->ready_bytes = 0;
    a->abandoned = true;
}

/* ---- results in ---- */

enum err answer_begin_chunk(struct buf *b) {
    const struct answer_chunk head = {0};
    return buf_append(b, &head, sizeof head);
}

struct answer_chunk *answer_take_chunk(struct buf *b) {
    size_t len;
    char *data = buf_take(b, &len);
    if (!data)
        return NULL;
    char *fitting = realloc(data, len); /* what the buffer had to spare */
    struct answer_chunk *chunk = (struct answer_chunk *)(void *)(fitting ? fitting : data);
    chunk->len = len - sizeof *chunk;
    return chunk;
}

void answer_put(struct answer *a, size_t index, enum answer_outcome outcome, struct answer_chunk *chunk) {
    size_t place = a->order == ANSWER_ORDER_INPUT ? index : a->put;
    assert(index < a->count && place < a->count);
    a->put++;
    a->counts[outcome]++;
    if (a->abandoned) {
        answer_free_chunk(chunk);
        return;
    }
    assert(place >= a->ready && !a->slots[place]);
    a->slots[place] = chunk ? chunk : mark_lost(index);
    a->held_bytes += result_part(a, place).len;
    hold_tail(a, a->slots[place]);
    while (a->ready < a->count && a->slots[a->ready])
        a->ready_bytes += bytes_at(a, a->ready++);
    if (answer_is_complete(a))
        a->ready_bytes += bytes_at(a, a->count);
}

/* ---- bytes out ---- */

static void pass(struct answer *a) {
    if (a->sent == a->count)
        return;
    let_tail_go(a, a->slots[a->sent]);
    answer_free_chunk(a->slots[a->sent]);
    a->slots[a->sent++] = NULL;
    a->offset = 0;
}

/* `offset` counts through all parts. */
static size_t read_piece(struct answer *a, char *ret_bytes, size_t size) {
    struct part parts[PART_COUNT];
    size_t skip = a->offset, left = 0, n = 0;
    get_parts(a, a->sent, parts);
    for (int i = 0; i < PART_COUNT; i++) {
        size_t from = skip < parts[i].len ? skip : parts[i].len;
        size_t there = parts[i].len - from;
        size_t take = there < size - n ? there : size - n;
        memcpy(ret_bytes + n, parts[i].bytes + from, take);
        n += take;
        skip -= from;
        left += there - take;
        if (i == PART_RESULT)
            a->held_bytes -= take;
    }
    a->offset += n;
    a->ready_bytes -= n;
    if (left == 0)
        pass(a);
    return n;
}

size_t answer_read(struct answer *a, char *ret_bytes, size_t size) {
    size_t total = 0;
    while (total < size && a->ready_bytes > 0)
        total += read_piece(a, ret_bytes + total, size - total);
    return total;
}

bool answer_is_complete(const struct answer *a) {
    return a->put == a->count;
}

bool answer_is_read(const struct answer *a) {
    return answer_is_complete(a) && a->ready_bytes == 0;
}
