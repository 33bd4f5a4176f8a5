#include "unit.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* The linker leads the allocating functions here, see CMakeLists.txt. */
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);
int __wrap_asprintf(char **ret, const char *format, ...);
int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...);
int __wrap_vasprintf(char **ret, const char *format, va_list args);
int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list args);
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);

static atomic_uint armed; /* the allocation to fail */
static atomic_uint counted;
static atomic_uint failed;

void unit_fail_allocation(unsigned n) {
    counted = 0;
    failed = 0;
    armed = n;
}

unsigned unit_failed_allocations(void) {
    return failed;
}

static bool fails(void) {
    unsigned nth = armed;
    if (nth == 0 || ++counted < nth)
        return false;
    failed++;
    return true;
}

void *__wrap_malloc(size_t size) {
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size) {
    return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *text) {
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t n) {
    return fails() ? NULL : __real_strndup(text, n);
}

static int format_text(char **ret, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
static int format_text(char **ret, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = n < 0 || fails() ? NULL : __real_malloc((size_t)n + 1);
    if (!text)
        return -1;
    *ret = text;
    return vsnprintf(text, (size_t)n + 1, format, args);
}

int __wrap_asprintf(char **ret, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = format_text(ret, format, args);
    va_end(args);
    return n;
}

int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...) {
    (void)flag;
    va_list args;
    va_start(args, format);
    int n = format_text(ret, format, args);
    va_end(args);
    return n;
}

int __wrap_vasprintf(char **ret, const char *format, va_list args) {
    return format_text(ret, format, args);
}

int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list args) {
    (void)flag;
    return format_text(ret, format, args);
}

void unit_fail_each_allocation(void (*step)(void)) {
    unsigned nth = 0;
    do {
        unit_fail_allocation(++nth);
        step();
    } while (unit_failed_allocations() > 0);
    unit_fail_allocation(0);
    assert_true(nth > 1); /* something was allocated at all */
}
