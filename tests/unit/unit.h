/* What every unit test includes: cmocka with what it wants in front, and failing allocations. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_H
#define FETCHPOOL_TESTS_UNIT_UNIT_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

/* Each module's tests have one; it gets another name in the program that has them all. */
int main(void);

/* A test's name says what is so. */
#define TEST(name) static void name(__attribute__((unused)) void **state)

/* From now on the `n`-th allocation by the code under test fails, counted from 1, and all after it; 0: none. Threads
 * that allocate are counted too. */
void unit_fail_allocation(unsigned n);

/* Allocations that were made to fail since the last unit_fail_allocation. */
unsigned unit_failed_allocations(void);

/* Calls `step` with the first, second, third... allocation failing until none fails; it must cope with each. */
void unit_fail_each_allocation(void (*step)(void));

#endif
