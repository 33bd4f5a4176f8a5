/* Stands in for getifaddrs(3) in programs that are linked with --wrap=getifaddrs,--wrap=freeifaddrs. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_INTERFACES_H
#define FETCHPOOL_TESTS_UNIT_UNIT_INTERFACES_H

/* The host has these addresses from now on, up to the first NULL; those of a test's string literals. Any thread. */
void unit_interfaces_set(const char *first, const char *second);

/* From now on they cannot be read, or they can. */
void unit_interfaces_fail(int fails);

/* How often they were read. */
unsigned unit_interfaces_reads(void);

#endif
