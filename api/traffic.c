#include "api/traffic.h"

void traffic_count_answer(struct traffic *t, const struct route *route, int status) {
    int hundreds = status / 100;
    if (hundreds >= 1 && hundreds <= TRAFFIC_CLASSES)
        counter_add_shared(&t->answers[router_index(route)][hundreds - 1], 1);
}

void traffic_count_refusal(struct traffic *t, const struct problem *p) {
    counter_add_shared(&t->refusals[problem_reason(p)], 1);
}

void traffic_read(const struct traffic *t, struct traffic_totals *ret_totals) {
    for (size_t route = 0; route <= ROUTER_MAX_ROUTES; route++)
        for (size_t i = 0; i < TRAFFIC_CLASSES; i++)
            ret_totals->answers[route][i] = counter_read(&t->answers[route][i]);
    for (size_t i = 0; i < PROBLEM_REASON_COUNT; i++)
        ret_totals->refusals[i] = counter_read(&t->refusals[i]);
}
