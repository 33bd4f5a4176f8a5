/* A small name server on the loopback for tests of lookups: it answers each name as its records say, by UDP, and by
 * TCP what is longer than 512 bytes. */
#ifndef FETCHPOOL_TESTS_UNIT_UNIT_NAMES_H
#define FETCHPOOL_TESTS_UNIT_UNIT_NAMES_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNIT_NAMES_NO_SUCH_NAME = 3, UNIT_NAMES_FAILURE = 2, UNIT_NAMES_QUERIES = 4096 };

/* What a name has. Names without a record do not exist. */
struct unit_record {
    const char *name;
    const char *alias; /* of which it is, with `alias_ttl`; NULL: none */
    const char *v4[4]; /* up to the first NULL */
    const char *v6[4];
    uint32_t ttl;
    uint32_t alias_ttl;
    unsigned copies;  /* of each IPv4 address, the last byte counted up; 0: just it */
    unsigned code;    /* answered instead, if not 0 */
    bool is_silent;   /* no answer */
    bool waits;       /* for `go`, once for each query */
    bool is_wildcard; /* stands for all names that end in it */
};

/* `asked`, `go` and `servers` may be used by the test, the rest is private. */
struct unit_names {
    const struct unit_record *records; /* up to the first without a name */
    sem_t asked;                       /* posted with each query */
    sem_t go;
    char servers[32]; /* as names_options has them */
    int fd;
    int listen_fd;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    size_t query_count;
    char queries[UNIT_NAMES_QUERIES][64];
};

void unit_names_start(struct unit_names *n, const struct unit_record *records);
void unit_names_stop(struct unit_names *n);

/* Queries for that name so far, whatever their type; NULL: for all names. */
size_t unit_names_queries(struct unit_names *n, const char *name);

/* Names that are kept, those that are being looked up included. */
struct names;
uint64_t unit_names_cached(const struct names *names);

#endif
