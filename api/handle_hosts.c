#include "api/batch_decode.h"
#include "api/context.h"
#include "api/handlers.h"
#include "api/json_parse.h"
#include "api/respond.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "pool/pool_hosts.h"
#include "pool/url.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HOSTS_DEFAULT_LIMIT = 100,
    HOSTS_MAX_LIMIT = 1000,
    HOSTS_MAX_BYTES = HOSTS_MAX_LIMIT * (SCHED_HOST_NAME_BYTES + 512),
    HOST_PATCH_MAX_BYTES = 4096,
    HOST_PATCH_MAX_VALUES = 64,
    HOST_MAX_CONCURRENT = 100000,
    HOST_MAX_DELAY_S = 3600,
    HOST_MAX_PAUSE_S = 24 * 3600,
    HOST_RETRY_AFTER_S = 5
};

/* ---- answers ---- */

static void put_paused_until(struct json *j, int64_t until_ms) {
    char text[CLOCK_RFC3339_BYTES];
    json_key(j, "paused_until");
    if (until_ms == 0 || until_ms == CLOCK_NEVER) {
        json_null(j);
        return;
    }
    clock_wall_text_at(until_ms, text);
    json_text(j, text);
}

static void put_host(struct json *j, const struct pool_host *host) {
    json_object_open(j);
    json_key(j, "host");
    json_text(j, host->name);
    json_key(j, "running");
    json_int(j, (int64_t)host->running);
    json_key(j, "waiting");
    json_int(j, (int64_t)host->waiting);
    json_key(j, "max_concurrent");
    json_int(j, host->max_concurrent);
    json_key(j, "delay");
    json_seconds(j, host->delay_ms * 1000);
    json_key(j, "paused");
    json_bool(j, host->paused_until_ms != 0);
    put_paused_until(j, host->paused_until_ms);
    json_key(j, "set_by_hand");
    json_array_open(j);
    if (host->max_concurrent_by_hand)
        json_text(j, "max_concurrent");
    if (host->delay_by_hand)
        json_text(j, "delay");
    json_array_close(j);
    json_object_close(j);
}

static void end_answer(struct request *r, struct json *j) {
    struct problem problem = {0};
    if (json_end(j) || buf_append_char(j->out, '\n')) {
        problem_set(&problem, 503, "out of memory");
        respond_problem(r, &problem);
    } else {
        respond_json(r, 200, j->out);
    }
    buf_fini(j->out);
}

static void respond_host(struct request *r, const struct pool_host *host) {
    struct buf body;
    struct json j;
    buf_init(&body, HOSTS_MAX_BYTES);
    json_begin(&j, &body);
    put_host(&j, host);
    end_answer(r, &j);
}

static void respond_hosts(struct request *r, const struct pool_host *hosts, size_t count, size_t total) {
    struct buf body;
    struct json j;
    buf_init(&body, HOSTS_MAX_BYTES);
    json_begin(&j, &body);
    json_object_open(&j);
    json_key(&j, "hosts");
    json_array_open(&j);
    for (size_t i = 0; i < count; i++)
        put_host(&j, &hosts[i]);
    json_array_close(&j);
    json_key(&j, "total");
    json_int(&j, (int64_t)total);
    json_object_close(&j);
    end_answer(r, &j);
}

/* ---- parameters and names ---- */

struct hosts_query {
    size_t limit;
    bool takes_limit;
    struct problem *problem;
};

/* 1 to HOSTS_MAX_LIMIT in digits alone; 0: it is not. */
static size_t read_limit(const char *text) {
    size_t len = strlen(text);
    if (len == 0 || len > 4 || strspn(text, "0123456789") != len)
        return 0;
    size_t limit = strtoul(text, NULL, 10);
    return limit <= HOSTS_MAX_LIMIT ? limit : 0;
}

static void read_parameter(void *arg, const char *name, const char *value) {
    struct hosts_query *query = arg;
    char pointer[PROBLEM_POINTER_BYTES];
    (void)snprintf(pointer, sizeof pointer, "?%.64s", name);
    if (!query->takes_limit || strcmp(name, "limit") != 0) {
        problem_add(query->problem, pointer, "there is no parameter of this name");
        return;
    }
    query->limit = read_limit(value);
    if (query->limit == 0)
        problem_add(query->problem, pointer, "limit must be a whole number from 1 to %d", HOSTS_MAX_LIMIT);
}

/* The host that the path names; a path with what cannot be one leads nowhere. */
static void read_host_name(const struct request *r, char ret_name[URL_HOST_MAX_BYTES + 1], struct problem *problem) {
    struct hosts_query query = {.problem = problem};
    const char *reason;
    if (url_check_host(strrchr(r->path, '/') + 1, ret_name, &reason))
        problem_set(problem, 404, "there is no such host: %s", reason);
    else
        request_query(r, read_parameter, &query);
}

/* ---- GET ---- */

void handle_hosts(struct request *r) {
    struct problem problem = {0};
    struct hosts_query query = {.limit = HOSTS_DEFAULT_LIMIT, .takes_limit = true, .problem = &problem};
    struct pool_host *hosts = NULL;
    size_t count, total;
    request_query(r, read_parameter, &query);
    if (problem.status == 0) {
        hosts = malloc(query.limit * sizeof *hosts);
        if (!hosts)
            problem_set(&problem, 503, "out of memory");
    }
    if (problem.status) {
        respond_problem(r, &problem);
        return;
    }
    pool_list_hosts(api_options(r->api)->pool, query.limit, hosts, &count, &total);
    respond_hosts(r, hosts, count, total);
    free(hosts);
}

void handle_host(struct request *r) {
    struct problem problem = {0};
    char name[URL_HOST_MAX_BYTES + 1];
    read_host_name(r, name, &problem);
    if (problem.status) {
        respond_problem(r, &problem);
        return;
    }
    struct pool_host host;
    pool_find_host(api_options(r->api)->pool, name, &host);
    respond_host(r, &host);
}

/* ---- PATCH ---- */

static bool is_within(const cJSON *value, double least, double most) {
    return cJSON_IsNumber(value) && value->valuedouble >= least && value->valuedouble <= most;
}

static int64_t to_ms(const cJSON *value) {
    return (int64_t)(value->valuedouble * 1000 + 0.5);
}

static void read_paused(const cJSON *value, struct pool_host_change *change, struct problem *problem) {
    if (!cJSON_IsBool(value))
        problem_add(problem, "/paused", "paused must be true or false");
    change->set_pause = true;
    change->paused_until_ms = cJSON_IsTrue(value) ? CLOCK_NEVER : 0;
}

static void read_pause(const cJSON *value, struct pool_host_change *change, struct problem *problem) {
    if (!is_within(value, 0.001, HOST_MAX_PAUSE_S))
        problem_add(problem, "/pause", "pause must be seconds from 0.001 to %d", HOST_MAX_PAUSE_S);
    else
        change->paused_until_ms = clock_after_ms(to_ms(value));
    change->set_pause = true;
}

static void read_max_concurrent(const cJSON *value, struct pool_host_change *change, struct problem *problem) {
    change->set_max_concurrent = true;
    if (cJSON_IsNull(value))
        change->max_concurrent = POOL_HOST_DEFAULT;
    else if (is_within(value, 1, HOST_MAX_CONCURRENT) && floor(value->valuedouble) == value->valuedouble)
        change->max_concurrent = (int64_t)value->valuedouble;
    else
        problem_add(problem, "/max_concurrent", "max_concurrent must be a whole number from 1 to %d, or null",
                    HOST_MAX_CONCURRENT);
}

static void read_delay(const cJSON *value, struct pool_host_change *change, struct problem *problem) {
    change->set_delay = true;
    if (cJSON_IsNull(value))
        change->delay_ms = POOL_HOST_DEFAULT;
    else if (is_within(value, 0, HOST_MAX_DELAY_S))
        change->delay_ms = to_ms(value);
    else
        problem_add(problem, "/delay", "delay must be seconds from 0 to %d, or null", HOST_MAX_DELAY_S);
}

static const struct patch_field {
    const char *name;
    void (*read)(const cJSON *value, struct pool_host_change *change, struct problem *problem);
} patch_fields[] = {
    {"paused", read_paused},
    {"pause", read_pause},
    {"max_concurrent", read_max_concurrent},
    {"delay", read_delay},
};

static void read_field(const cJSON *field, struct pool_host_change *change, struct problem *problem) {
    for (size_t i = 0; i < sizeof patch_fields / sizeof patch_fields[0]; i++)
        if (strcmp(patch_fields[i].name, field->string) == 0) {
            patch_fields[i].read(field, change, problem);
            return;
        }
    problem_add_unknown(problem, "", field->string);
}

static void read_change(const cJSON *json, struct pool_host_change *change, struct problem *problem) {
    const cJSON *field;
    if (!cJSON_IsObject(json) || !json->child) {
        problem_add(problem, "", "the body must be an object with paused or pause, max_concurrent or delay");
        return;
    }
    cJSON_ArrayForEach(field, json) read_field(field, change, problem);
    if (cJSON_GetObjectItemCaseSensitive(json, "paused") && cJSON_GetObjectItemCaseSensitive(json, "pause"))
        problem_add(problem, "/pause", "either paused or pause");
}

/* A merge patch (RFC 7396) has a type of its own, without parameters. */
static bool type_is_json(const char *type) {
    enum batch_format format = BATCH_FORMAT_TEXT;
    struct problem ignored = {0};
    if (type && strcasecmp(type, "application/merge-patch+json") == 0)
        return true;
    return batch_decode_format(type, &format, &ignored) && format == BATCH_FORMAT_JSON;
}

static void decode_change(const struct request *r, struct pool_host_change *change, struct problem *problem) {
    if (!type_is_json(request_header(r, "Content-Type")))
        problem_set(problem, 415, "send the change with Content-Type application/json");
    else if (r->body.len > HOST_PATCH_MAX_BYTES)
        problem_set(problem, 413, "the body is larger than %d bytes", HOST_PATCH_MAX_BYTES);
    if (problem->status)
        return;
    cJSON *json = json_parse(r->body.data, r->body.len, HOST_PATCH_MAX_VALUES, 0, problem);
    if (json)
        read_change(json, change, problem);
    cJSON_Delete(json);
}

static void log_change(const struct request *r, const struct pool_host *host) {
    char caller[REQUEST_CALLER_BYTES];
    char paused[CLOCK_RFC3339_BYTES] = "no";
    if (host->paused_until_ms == CLOCK_NEVER)
        (void)snprintf(paused, sizeof paused, "until resumed");
    else if (host->paused_until_ms != 0)
        clock_wall_text_at(host->paused_until_ms, paused);
    request_caller(r, caller);
    log_info("host changed by hand", log_text("host", host->name), log_text("paused", paused),
             log_int("max_concurrent", host->max_concurrent), log_seconds("delay", host->delay_ms * 1000),
             log_text("caller", caller));
}

static void apply(struct request *r, const char *name, const struct pool_host_change *change, struct problem *problem,
                  struct pool_host *ret_host) {
    enum err err = pool_set_host(api_options(r->api)->pool, name, change, ret_host);
    if (err)
        problem_set(problem, 503, "%s", err == ERR_FULL ? "too many hosts are remembered" : err_text(err));
    else
        log_change(r, ret_host);
    problem->retry_after_s = err ? HOST_RETRY_AFTER_S : 0;
}

void handle_host_patch(struct request *r) {
    struct problem problem = {0};
    struct pool_host_change change = {0};
    struct pool_host host;
    char name[URL_HOST_MAX_BYTES + 1];
    read_host_name(r, name, &problem);
    if (problem.status == 0)
        decode_change(r, &change, &problem);
    if (problem.status == 0)
        apply(r, name, &change, &problem, &host);
    if (problem.status)
        respond_problem(r, &problem);
    else
        respond_host(r, &host);
}
