#include "pool/plan_json.h"

#include "base/clock.h"
#include "pool/fetch_plan.h"
#include "pool/result_json.h"

#include <string.h>

static void put_text(struct json *j, const char *key, const char *text) {
    json_key(j, key);
    json_text(j, text);
}

/* "192.0.2.1,[2001:db8::1]" */
static void put_addresses(struct json *j, const char *list) {
    json_key(j, "addresses");
    json_array_open(j);
    for (const char *p = list + strspn(list, ",[]"); *p; p += strspn(p, ",[]")) {
        size_t len = strcspn(p, ",]");
        json_string(j, p, len);
        p += len;
    }
    json_array_close(j);
}

static void put_paused_until(struct json *j, int64_t until_ms) {
    char text[CLOCK_RFC3339_BYTES];
    json_key(j, "paused_until");
    if (until_ms == CLOCK_NEVER) {
        json_null(j);
    } else {
        clock_wall_text_at(until_ms, text);
        json_text(j, text);
    }
}

static void put_host(struct json *j, const struct pool_host *host) {
    json_key(j, "host");
    json_object_open(j);
    json_key(j, "max_concurrent");
    json_int(j, host->max_concurrent);
    json_key(j, "delay");
    json_seconds(j, host->delay_ms * 1000);
    json_key(j, "paused");
    json_bool(j, host->paused_until_ms != 0);
    if (host->paused_until_ms != 0)
        put_paused_until(j, host->paused_until_ms);
    json_object_close(j);
}

/* What is for who looks after the service. */
static void put_told(struct json *j, const struct fetch_plan *plan) {
    if (*plan->refused) {
        put_text(j, "refused_address", plan->refused);
        put_text(j, "refused_rule", plan->refused_rule);
    }
    put_host(j, &plan->host);
}

void plan_json_put(struct json *j, const struct fetch_item *item, size_t index, const struct fetch_result *result) {
    const struct fetch_plan *plan = result->plan;
    json_object_open(j);
    put_text(j, "url", item->url);
    if (index != RESULT_JSON_NO_INDEX) {
        json_key(j, "index");
        json_int(j, (int64_t)index);
    }
    put_text(j, "plan", result->error ? "fail" : "fetch");
    if (result->error) {
        put_text(j, "error", result->error_text);
        put_text(j, "error_code", fetch_error_name(result->error));
    }
    if (item->id)
        put_text(j, "id", item->id);
    if (plan->url) {
        put_text(j, "fetched_url", plan->url);
        put_text(j, "origin", plan->origin);
    }
    if (plan->addresses)
        put_addresses(j, plan->addresses);
    if (plan->is_told)
        put_told(j, plan);
    json_object_close(j);
}
