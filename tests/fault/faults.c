/* For LD_PRELOAD: what a program asks the system for fails when the test says so. The test and the program share the
 * struct below, mapped from the file that FAULTS_CONTROL names.
 *
 * With FAULTS_REPORT the program is started once for each call that can fail, in a child of its own from main on: with
 * the first one failing, with the second, and so on, until none is left or `last` is reached. The file of that name
 * tells which of them ended other than by itself. With FAULTS_TERMINATE as well, a SIGTERM is waiting for each. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum kind {
    KIND_MEMORY = 1,
    KIND_THREAD = 2,
    KIND_SOCKET = 4,
    KIND_EPOLL_ADD = 8,
    KIND_EVENTFD = 16,
    KIND_ACCEPT = 32,
    KIND_EPOLL_DELETE = 64
};

enum { EARLY_BYTES = 64 * 1024, CHILD_SECONDS = 20, MILLION = 1000 * 1000 };

/* As rig/faults.py has it. */
struct control {
    _Atomic uint32_t kinds;       /* what fails; 0: nothing */
    _Atomic uint32_t nth;         /* the call that fails, from 1; 0: by chance */
    _Atomic uint32_t onwards;     /* 1: and all that follow */
    _Atomic uint32_t per_million; /* by chance: how many */
    _Atomic uint32_t step;        /* from one start to the next: 1 tries each */
    _Atomic uint32_t last;        /* the last start; 0: no limit */
    _Atomic uint64_t counted;     /* calls of these kinds */
    _Atomic uint64_t failed;
    _Atomic int64_t live; /* allocations that were not freed, from the beginning */
};

static struct control idle_control;
static struct control *control = &idle_control;

/* What comes before the real allocator is known: from here, and never freed. */
static _Alignas(max_align_t) char early[EARLY_BYTES];
static size_t early_used;
static bool is_looking;

static void *(*real_malloc)(size_t size);
static void *(*real_calloc)(size_t n, size_t size);
static void *(*real_realloc)(void *p, size_t size);
static void (*real_free)(void *p);
static void *(*real_memalign)(size_t alignment, size_t size);

static void *take_early(size_t size) {
    size_t rounded = (size + 15) / 16 * 16;
    if (rounded > sizeof early - early_used)
        abort();
    void *p = early + early_used;
    early_used += rounded;
    return p;
}

static bool is_early(const void *p) {
    return (const char *)p >= early && (const char *)p < early + sizeof early;
}

static void *next(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

/* The address of a function is no object's: ISO C has no conversion, POSIX does. */
#define NEXT(variable, name) (*(void **)&(variable) = next(name))

static bool find_allocator(void) {
    if (real_free)
        return true;
    if (is_looking)
        return false;
    is_looking = true;
    NEXT(real_malloc, "malloc");
    NEXT(real_calloc, "calloc");
    NEXT(real_realloc, "realloc");
    NEXT(real_memalign, "memalign");
    NEXT(real_free, "free");
    is_looking = false;
    return true;
}

static uint32_t draw(void) {
    static _Thread_local uint32_t state __attribute__((tls_model("initial-exec")));
    if (state == 0)
        state = (uint32_t)gettid() * 2654435761U | 1;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static bool fails(enum kind kind) {
    struct control *c = control;
    if (!(atomic_load(&c->kinds) & kind))
        return false;
    uint64_t number = atomic_fetch_add(&c->counted, 1) + 1;
    uint32_t nth = atomic_load(&c->nth);
    bool now = nth ? number == nth || (number > nth && atomic_load(&c->onwards))
                   : draw() % MILLION < atomic_load(&c->per_million);
    if (now)
        atomic_fetch_add(&c->failed, 1);
    return now;
}

/* ---- memory ---- */

static void *count_live(void *p) {
    if (p)
        atomic_fetch_add(&control->live, 1);
    return p;
}

static void *fail_memory(void) {
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size) {
    if (!find_allocator())
        return take_early(size);
    return fails(KIND_MEMORY) ? fail_memory() : count_live(real_malloc(size));
}

void *calloc(size_t n, size_t size) {
    if (!find_allocator())
        return take_early(n * size); /* zero, as all that is static */
    return fails(KIND_MEMORY) ? fail_memory() : count_live(real_calloc(n, size));
}

void *realloc(void *p, size_t size) {
    if (!p)
        return malloc(size);
    if (is_early(p))
        abort(); /* its size is not known; nobody does that */
    if (fails(KIND_MEMORY))
        return fail_memory();
    return real_realloc(p, size);
}

void *memalign(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size) {
    if (!find_allocator() || fails(KIND_MEMORY))
        return fail_memory();
    return count_live(real_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size) {
    void *p = memalign(alignment, size);
    if (!p)
        return ENOMEM;
    *ret = p;
    return 0;
}

void free(void *p) {
    if (!p || is_early(p))
        return;
    atomic_fetch_sub(&control->live, 1);
    real_free(p);
}

/* ---- threads and descriptors ---- */

static int fail_call(int error) {
    errno = error;
    return -1;
}

int pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *arg), void *arg) {
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (!real)
        NEXT(real, "pthread_create");
    return fails(KIND_THREAD) ? EAGAIN : real(ret, attr, run, arg);
}

int socket(int domain, int type, int protocol) {
    static int (*real)(int, int, int);
    if (!real)
        NEXT(real, "socket");
    return fails(KIND_SOCKET) ? fail_call(EMFILE) : real(domain, type, protocol);
}

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags) {
    static int (*real)(int, struct sockaddr *, socklen_t *, int);
    if (!real)
        NEXT(real, "accept4");
    return fails(KIND_ACCEPT) ? fail_call(EMFILE) : real(fd, address, len, flags);
}

int eventfd(unsigned count, int flags) {
    static int (*real)(unsigned, int);
    if (!real)
        NEXT(real, "eventfd");
    return fails(KIND_EVENTFD) ? fail_call(EMFILE) : real(count, flags);
}

int epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event) {
    static int (*real)(int, int, int, struct epoll_event *);
    if (!real)
        NEXT(real, "epoll_ctl");
    if (operation == EPOLL_CTL_ADD && fails(KIND_EPOLL_ADD))
        return fail_call(ENOSPC);
    if (operation == EPOLL_CTL_DEL && fails(KIND_EPOLL_DELETE))
        return fail_call(EBADF);
    return real(epoll_fd, operation, fd, event);
}

/* ---- one start for each call ---- */

typedef int main_fn(int argc, char **argv, char **environment);
static main_fn *real_main;

static void wait_for_child(pid_t child, int *ret_status, bool *ret_hung) {
    const struct timespec patience = {.tv_sec = CHILD_SECONDS};
    sigset_t ended;
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    *ret_hung = false;
    while (waitpid(child, ret_status, WNOHANG) != child)
        if (sigtimedwait(&ended, NULL, &patience) < 0 && errno == EAGAIN) {
            *ret_hung = true;
            (void)kill(child, SIGKILL);
        }
}

static void run_child(int argc, char **argv, char **environment, const sigset_t *signals) {
    sigset_t mask = *signals;
    if (getenv("FAULTS_TERMINATE")) {
        sigaddset(&mask, SIGTERM);
        (void)sigprocmask(SIG_SETMASK, &mask, NULL);
        (void)raise(SIGTERM); /* waits until the program takes it */
    }
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    exit(real_main(argc, argv, environment));
}

static int run_each(int argc, char **argv, char **environment) {
    int report = open(getenv("FAULTS_REPORT"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    uint32_t kinds = atomic_exchange(&control->kinds, 0), n = 0, starts = 0;
    sigset_t ended, signals;
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &ended, &signals);
    do {
        n += n == 0 ? 1 : atomic_load(&control->step);
        starts++;
        atomic_store(&control->counted, 0);
        atomic_store(&control->failed, 0);
        atomic_store(&control->nth, n);
        pid_t child = fork();
        if (child == 0) {
            atomic_store(&control->kinds, kinds);
            run_child(argc, argv, environment, &signals);
        }
        int status;
        bool hung;
        wait_for_child(child, &status, &hung);
        atomic_store(&control->kinds, 0);
        if (hung || !WIFEXITED(status))
            (void)dprintf(report, "%s %u %d\n", hung ? "hang" : "crash", n, hung ? 0 : WTERMSIG(status));
    } while (atomic_load(&control->failed) > 0 &&
             (atomic_load(&control->last) == 0 || n < atomic_load(&control->last)));
    (void)dprintf(report, "starts %u %u\n", starts, n);
    return 0;
}

static int instead_of_main(int argc, char **argv, char **environment) {
    const char *path = getenv("FAULTS_CONTROL");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *shared = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED)
        abort();
    (void)close(fd);
    ((struct control *)shared)->live = control->live;
    control = shared;
    return getenv("FAULTS_REPORT") ? run_each(argc, argv, environment) : real_main(argc, argv, environment);
}

int __libc_start_main(main_fn *program, int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end);
int __libc_start_main(main_fn *program, int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end) {
    int (*real)(main_fn *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
    NEXT(real, "__libc_start_main");
    real_main = program;
    return real(instead_of_main, argc, argv, init, fini, rtld_fini, stack_end);
}
