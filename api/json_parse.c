#include "api/json_parse.h"

#include "base/json_scan.h"

#include <cjson/cJSON.h>

bool json_parse_check(const char *text, size_t len, size_t max_values, size_t offset, struct problem *problem) {
    struct json_scan_fault fault;
    enum json_scan_verdict verdict = json_scan(text, len, max_values, &fault);
    if (verdict == JSON_SCAN_TOO_MANY)
        problem_set(problem, 413, "more than %zu JSON values, at byte %zu", max_values, offset + fault.offset);
    else if (verdict != JSON_SCAN_OK)
        problem_set(problem, 400, "the body is not valid JSON: %s at byte %zu", fault.reason, offset + fault.offset);
    return verdict == JSON_SCAN_OK;
}

cJSON *json_parse_tree(const char *text, size_t len, struct problem *problem) {
    cJSON *json = cJSON_ParseWithLength(text, len);
    if (!json)
        problem_set(problem, 503, "out of memory");
    return json;
}

cJSON *json_parse(const char *text, size_t len, size_t max_values, size_t offset, struct problem *problem) {
    return json_parse_check(text, len, max_values, offset, problem) ? json_parse_tree(text, len, problem) : NULL;
}
