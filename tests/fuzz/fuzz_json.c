/* The scanner against a plain twin, and cJSON and the walk over members against what it accepts. */
#include "base/json_names.h"
#include "base/json_scan.h"
#include "base/json_walk.h"
#include "fuzz.h"
#include "json_twin.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 5000 };

/* cJSON_Compare takes twice as long for each level of objects. */
static bool is_same(const cJSON *a, const cJSON *b) {
    if (a->type != b->type || (a->string != NULL) != (b->string != NULL))
        return false;
    if (a->string && strcmp(a->string, b->string) != 0)
        return false;
    if (cJSON_IsString(a))
        return strcmp(a->valuestring, b->valuestring) == 0;
    if (cJSON_IsNumber(a))
        return fabs(a->valuedouble - b->valuedouble) <= fabs(a->valuedouble) * 1e-15;
    for (a = a->child, b = b->child; a && b && is_same(a, b); a = a->next, b = b->next)
        continue;
    return !a && !b;
}

/* Its values, in the way the scanner counts them. */
static size_t check_tree(const cJSON *json, size_t depth) {
    const cJSON *child;
    size_t count = 1;
    assert(depth <= JSON_SCAN_MAX_DEPTH);
    assert(!cJSON_IsNumber(json) || isfinite(json->valuedouble));
    cJSON_ArrayForEach(child, json) {
        for (const cJSON *other = child->next; other && cJSON_IsObject(json); other = other->next)
            assert(strcmp(child->string, other->string) != 0);
        count += check_tree(child, depth + 1);
    }
    return count;
}

static void check_members(const cJSON *json, const struct json_part *whole) {
    struct json_walk walk;
    struct json_part name, value;
    const cJSON *child = json->child;
    json_walk_begin(&walk, whole->text);
    for (; json_walk_next(&walk, &name, &value); child = child->next) {
        assert(child);
        cJSON *alone = cJSON_ParseWithLength(value.text, value.len);
        assert(alone);
        for (const cJSON *a = alone->child, *b = child->child; a || b; a = a->next, b = b->next)
            assert(a && b && is_same(a, b));
        assert(check_tree(alone, 1) == value.values);
        cJSON_Delete(alone);
        if (!cJSON_IsObject(json))
            continue;
        alone = cJSON_ParseWithLength(name.text, name.len);
        assert(cJSON_IsString(alone) && strcmp(alone->valuestring, child->string) == 0);
        char decoded[JSON_NAMES_MAX_BYTES];
        size_t len = json_names_decode(name.text + 1, name.len - 2, decoded);
        assert(len == strlen(child->string) && memcmp(decoded, child->string, len) == 0);
        cJSON_Delete(alone);
    }
    assert(!child);
}

/* Printed and read again it is the same, and what is printed is JSON. */
static void check_round_trip(const cJSON *json) {
    struct json_scan_fault fault;
    char *text = cJSON_PrintUnformatted(json);
    assert(text);
    enum json_scan_verdict verdict = json_scan(text, strlen(text), MAX_VALUES, &fault);
    if (verdict == JSON_SCAN_BEYOND) /* printing may round up to a number, or make a name longer */
        assert(strcmp(fault.reason, "a number is too large") == 0 || strcmp(fault.reason, "a name is too long") == 0);
    else
        assert(verdict == JSON_SCAN_OK);
    cJSON *again = cJSON_Parse(text);
    assert(again && is_same(json, again));
    cJSON_Delete(again);
    cJSON_free(text);
}

static void check_accepted(const char *text, size_t len) {
    const char *end = NULL;
    cJSON *json = cJSON_ParseWithLengthOpts(text, len + 1, &end, true);
    assert(json);
    struct json_part whole = json_walk_whole(text);
    assert(whole.text + whole.len <= text + len);
    assert(check_tree(json, 0) == whole.values && whole.values <= MAX_VALUES);
    if (cJSON_IsArray(json) || cJSON_IsObject(json))
        check_members(json, &whole);
    check_round_trip(json);
    cJSON_Delete(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct json_scan_fault fault;
    char *text = fuzz_copy(data, size);
    enum json_scan_verdict verdict = json_scan(text, size, MAX_VALUES, &fault);
    if (verdict != JSON_SCAN_OK)
        assert(fault.reason && fault.offset <= size);
    if (verdict == JSON_SCAN_OK || verdict == JSON_SCAN_MALFORMED)
        assert(json_twin_accepts(text, size) == (verdict == JSON_SCAN_OK));
    if (verdict == JSON_SCAN_OK)
        check_accepted(text, size);
    free(text);
    return 0;
}
