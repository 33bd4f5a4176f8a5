/* File descriptors: how many there may be. */
#ifndef FETCHPOOL_BASE_FILES_H
#define FETCHPOOL_BASE_FILES_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* What a handle may take, in use or idle: its wake-up pair, and its connection. */
enum { FILES_PER_HANDLE = 3 };

/* What a fetch in flight may take beside its handle: a second attempt at connecting. */
enum { FILES_PER_FETCH = 1 };

/* Raises the soft limit of open files to the hard one and tells it, setrlimit(2). ERR_IO: errno tells why. Before
 * threads. */
enum err files_raise_limit(int64_t *ret_files) ERR_MUST_CHECK;

/* Has the kernel make room for `files` descriptors at once: growing the table while threads run holds all of them up
 * for tens of milliseconds, again and again. Best effort. Before threads. */
void files_reserve(int64_t files);

/* Opens /dev/null for those of standard input, output and error that are closed, or a socket would get such a number,
 * and what is meant for the log. Best effort. Any thread. */
void files_fill_standard(void);

/* How many of `files` fetches may have: the last 64, or a quarter of very few, are left to the front end, so that
 * whoever asks how the service fares gets an answer. */
int64_t files_without_spare(int64_t files);

/* Whether `fd` is one of those last ones, by the limit of now. Descriptors are given out lowest first, open(2). Any
 * thread. */
bool files_is_spare(int fd);

/* Whether `count` more can be opened without those. Any thread. */
bool files_are_left(int count);

/* socketpair(2) of the whole program: stands before the C library's, for the libraries too. It differs in that what it
 * opens is closed on exec: libcurl 7.88 makes its wake-up pairs without that, and gives no other way to have it. */

#endif
