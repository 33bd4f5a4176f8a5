/* What the peers that are written with libcurl have in common. They are told "CONCURRENCY FILE" in lines of their
 * standard input, fetch the URLs in the lines of that file, and answer each with the number of 200s. What is warm
 * stays warm from line to line, as it does in a service. CA_FILE in the environment names trusted certificates. */
#ifndef FETCHPOOL_BENCH_PEERS_PEER_H
#define FETCHPOOL_BENCH_PEERS_PEER_H

#include <curl/curl.h>
#include <stddef.h>

struct peer_list {
    char *text;
    char **urls; /* into `text` */
    size_t count;
};

/* Fetches the list, with so many at once; gives how many were answered with 200. */
typedef size_t (*peer_run_fn)(const struct peer_list *list, unsigned concurrency);

/* Reads commands to the end of standard input. The exit status. */
int peer_serve(peer_run_fn run);

/* A handle with the options that fetchpoold fetches with, without its guard and its cancelling. Exits on failure. */
CURL *peer_open_handle(long connections);

/* Memory that is there, or the process ends. */
void *peer_alloc(size_t bytes);

#endif
