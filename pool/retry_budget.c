#include "pool/retry_budget.h"

void retry_budget_init(struct retry_budget *b, int percent) {
    *b = (struct retry_budget){.percent = percent};
    pthread_mutex_init(&b->lock, NULL);
}

void retry_budget_fini(struct retry_budget *b) {
    pthread_mutex_destroy(&b->lock);
}

void retry_budget_set(struct retry_budget *b, int percent) {
    pthread_mutex_lock(&b->lock);
    b->percent = percent;
    pthread_mutex_unlock(&b->lock);
}

static void move_on_locked(struct retry_budget *b, int64_t now_ms) {
    int64_t half = now_ms / (RETRY_BUDGET_SPAN_MS / 2);
    if (half <= b->half) /* another thread may have looked at the clock before us and come later */
        return;
    b->before = half == b->half + 1 ? b->now : (struct retry_count){0};
    b->now = (struct retry_count){0};
    b->half = half;
}

void retry_budget_count(struct retry_budget *b, int64_t now_ms) {
    pthread_mutex_lock(&b->lock);
    move_on_locked(b, now_ms);
    b->now.fetches++;
    pthread_mutex_unlock(&b->lock);
}

bool retry_budget_take(struct retry_budget *b, int64_t now_ms) {
    pthread_mutex_lock(&b->lock);
    move_on_locked(b, now_ms);
    int64_t allowed = (b->now.fetches + b->before.fetches) * b->percent / 100 + RETRY_BUDGET_FREE;
    bool take = b->percent > 0 && b->now.retries + b->before.retries < allowed;
    b->now.retries += take;
    pthread_mutex_unlock(&b->lock);
    return take;
}
