#include "api/accept.h"

#include <assert.h>
#include <string.h>

enum { ACCEPT_FULL_QUALITY = 1000 };

/* How exactly a range names the type: 3 itself, 2 its kind, 1 everything, 0 something else. */
static int match(const char *range, size_t len, const char *type) {
    size_t kind = strcspn(type, "/") + 1;
    if (len == strlen(type) && strncasecmp(range, type, len) == 0)
        return 3;
    if (len == kind + 1 && range[kind] == '*' && strncasecmp(range, type, kind) == 0)
        return 2;
    return len == 3 && memcmp(range, "*/*", 3) == 0 ? 1 : 0;
}

/* A weight such as "0.25", in thousandths. What is none counts as if it were not there. */
static int read_weight(const char *text) {
    size_t digits = strspn(text, "0123456789");
    size_t decimals = text[digits] == '.' ? strspn(text + digits + 1, "0123456789") : 0;
    const char *end = text + digits + (text[digits] == '.') + decimals;
    if (digits + decimals == 0 || strcspn(end, ",; \t") > 0)
        return ACCEPT_FULL_QUALITY;
    if (strspn(text, "0") < digits)
        return ACCEPT_FULL_QUALITY;
    int weight = 0;
    for (size_t i = 0, unit = 100; i < decimals && unit > 0; i++, unit /= 10)
        weight += (text[digits + 1 + i] - '0') * (int)unit;
    return weight;
}

/* The parameters of a range end at a comma. */
static int quality_of(const char *parameters) {
    const char *p = parameters + strcspn(parameters, ",;");
    for (; *p == ';'; p += strcspn(p, ",;")) {
        p += 1 + strspn(p + 1, " \t");
        if (strncasecmp(p, "q=", 2) == 0)
            return read_weight(p + 2);
    }
    return ACCEPT_FULL_QUALITY;
}

void accept_init(struct accept *a, const char *const *types, size_t count) {
    assert(count <= ACCEPT_MAX_OFFERS);
    *a = (struct accept){.count = count};
    for (size_t i = 0; i < count; i++)
        a->offers[i].type = types[i];
}

static void read_range(struct accept *a, const char *range) {
    size_t len = strcspn(range, ",; \t");
    a->restricted = true;
    for (size_t i = 0; i < a->count; i++) {
        struct accept_offer *offer = &a->offers[i];
        int how = match(range, len, offer->type);
        if (how <= offer->match)
            continue;
        offer->match = how;
        offer->quality = quality_of(range + len);
    }
}

void accept_read(struct accept *a, const char *value) {
    const char *range = value + strspn(value, " \t,");
    while (*range) {
        read_range(a, range);
        range += strcspn(range, ",");
        range += strspn(range, " \t,");
    }
}

static bool is_better(const struct accept_offer *one, const struct accept_offer *other) {
    if (one->quality != other->quality)
        return one->quality > other->quality;
    return one->match > other->match;
}

size_t accept_choose(const struct accept *a) {
    size_t best = 0;
    for (size_t i = 1; i < a->count; i++)
        if (is_better(&a->offers[i], &a->offers[best]))
            best = i;
    return a->restricted && a->offers[best].quality == 0 ? ACCEPT_NONE : best;
}
