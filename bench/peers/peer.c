#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *peer_alloc(size_t bytes) {
    void *memory = calloc(1, bytes ? bytes : 1);
    if (!memory) {
        perror("peer");
        exit(1);
    }
    return memory;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg) {
    (void)bytes, (void)arg;
    return size * count;
}

CURL *peer_open_handle(long connections) {
    CURL *easy = curl_easy_init();
    const char *ca_file = getenv("CA_FILE");
    if (!easy) {
        (void)fprintf(stderr, "peer: no handle\n");
        exit(1);
    }
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "peer/1");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30000L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    if (connections)
        curl_easy_setopt(easy, CURLOPT_MAXCONNECTS, connections);
    if (ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    return easy;
}

static void split_lines(struct peer_list *list) {
    size_t capacity = 1;
    for (const char *c = list->text; *c; c++)
        capacity += *c == '\n';
    list->urls = peer_alloc(capacity * sizeof *list->urls);
    list->count = 0;
    char *rest = NULL;
    for (char *line = strtok_r(list->text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        list->urls[list->count++] = line;
}

static void read_list(const char *path, struct peer_list *list) {
    FILE *file = fopen(path, "re");
    if (!file || fseek(file, 0, SEEK_END)) {
        perror(path);
        exit(1);
    }
    size_t bytes = (size_t)ftell(file);
    rewind(file);
    list->text = peer_alloc(bytes + 1);
    if (fread(list->text, 1, bytes, file) != bytes) {
        perror(path);
        exit(1);
    }
    (void)fclose(file);
    split_lines(list);
}

int peer_serve(peer_run_fn run) {
    char line[4096];
    curl_global_init(CURL_GLOBAL_DEFAULT);
    while (fgets(line, sizeof line, stdin)) {
        struct peer_list list;
        char *path = NULL;
        unsigned concurrency = (unsigned)strtoul(line, &path, 10);
        path[strcspn(path, "\n")] = '\0';
        read_list(path + 1, &list);
        (void)printf("%zu\n", run(&list, concurrency));
        (void)fflush(stdout);
        free(list.urls);
        free(list.text);
    }
    return 0;
}
