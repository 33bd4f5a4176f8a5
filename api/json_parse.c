#include "api/json_parse.h"

#include "api/json_scan.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *find_doubled(const char **names, size_t count) {
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            return names[i];
    return NULL;
}

/* RFC 8259 leaves open what a name that stands twice means, so it is refused. */
static void check_names(const cJSON *object, struct problem *problem) {
    const cJSON *field;
    size_t count = (size_t)cJSON_GetArraySize(object);
    const char **names = malloc((count + 1) * sizeof *names);
    size_t n = 0;
    if (!names) {
        problem_set(problem, 503, "out of memory");
        return;
    }
    cJSON_ArrayForEach(field, object) names[n++] = field->string;
    const char *doubled = find_doubled(names, n);
    if (doubled)
        problem_set(problem, 400, "the body is not valid JSON: the name '%.64s' stands twice in one object", doubled);
    free(names);
}

/* As deep as JSON_SCAN_MAX_DEPTH at most. */
static void check_tree(const cJSON *json, struct problem *problem) {
    const cJSON *child;
    if (cJSON_IsObject(json) && json->child && json->child->next)
        check_names(json, problem);
    cJSON_ArrayForEach(child, json) if (child->child && problem->status == 0) check_tree(child, problem);
}

cJSON *json_parse(const char *text, size_t len, size_t max_values, size_t offset, struct problem *problem) {
    struct json_scan_fault fault;
    enum json_scan_verdict verdict = json_scan(text, len, max_values, &fault);
    if (verdict == JSON_SCAN_TOO_MANY)
        problem_set(problem, 413, "the body has more than %zu JSON values", max_values);
    else if (verdict != JSON_SCAN_OK)
        problem_set(problem, 400, "the body is not valid JSON: %s at byte %zu", fault.reason, offset + fault.offset);
    if (verdict != JSON_SCAN_OK)
        return NULL;
    struct problem found = {0};
    cJSON *json = cJSON_ParseWithLength(text, len);
    if (!json)
        problem_set(&found, 503, "out of memory");
    else
        check_tree(json, &found);
    if (found.status == 0)
        return json;
    cJSON_Delete(json);
    problem_set(problem, found.status, "%s", found.detail);
    return NULL;
}
