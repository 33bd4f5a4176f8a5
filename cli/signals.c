#include "cli/signals.h"

#include "base/thread.h"

#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
enum { NUMBER_COUNT = sizeof numbers / sizeof numbers[0], EXIT_BY_SIGNAL = 128 };

static bool is_ignored(int number) {
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void fill(sigset_t *set) {
    sigemptyset(set);
    for (size_t i = 0; i < NUMBER_COUNT; i++)
        if (!is_ignored(numbers[i]))
            sigaddset(set, numbers[i]);
}

void signals_block(void) {
    sigset_t set;
    fill(&set);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL); /* fails only for a wrong first argument */
}

/* SIGUSR1 is nobody's but signals_stop's. */
static void *run(void *arg) {
    struct signals *s = arg;
    sigset_t set;
    int number;
    fill(&set);
    sigaddset(&set, SIGUSR1);
    while (sigwait(&set, &number) != 0 || !atomic_load(&s->ended)) {
        int first = 0;
        if (number == SIGUSR1)
            continue;
        if (!atomic_compare_exchange_strong(&s->number, &first, number))
            _exit(EXIT_BY_SIGNAL + first);
        s->told(s->arg);
    }
    return NULL;
}

enum err signals_start(struct signals *s, void (*told)(void *arg), void *arg) {
    s->told = told;
    s->arg = arg;
    atomic_init(&s->number, 0);
    atomic_init(&s->ended, false);
    return thread_start("fp-signals", run, s, false, &s->thread);
}

void signals_stop(struct signals *s) {
    atomic_store(&s->ended, true);
    (void)pthread_kill(s->thread, SIGUSR1); /* the thread is there */
    (void)pthread_join(s->thread, NULL);
}

int signals_number(struct signals *s) {
    return atomic_load(&s->number);
}
