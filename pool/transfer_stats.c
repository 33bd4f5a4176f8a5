#include "pool/transfer_stats.h"

enum {
    TRANSFER_STATS_JOINED_BYTES = 64 * 1024, /* a smaller body goes out in one piece with its head */
    TRANSFER_STATS_HEADS_LIBCURL = 0x080700, /* from then on what it tells of the head is of nothing else */
};

static int64_t info(CURL *easy, CURLINFO what) {
    curl_off_t value = 0;
    (void)curl_easy_getinfo(easy, what, &value);
    return value;
}

/* What went out in one piece is told as the head and, once more, as the body. */
static int64_t sent_bytes(const struct transfer_stats *told) {
    long head = 0;
    (void)curl_easy_getinfo(told->easy, CURLINFO_REQUEST_SIZE, &head);
    if (!told->request->body)
        return head;
    bool is_joined = told->request->body_bytes < TRANSFER_STATS_JOINED_BYTES &&
                     curl_version_info(CURLVERSION_NOW)->version_num < TRANSFER_STATS_HEADS_LIBCURL;
    return is_joined ? head : head + info(told->easy, CURLINFO_SIZE_UPLOAD_T);
}

/* Each phase that was got through; a connection that was there already has none of its own. */
static void count_connecting(CURL *easy, struct stats *s) {
    int64_t connected_us = info(easy, CURLINFO_CONNECT_TIME_T);
    int64_t secured_us = info(easy, CURLINFO_APPCONNECT_TIME_T);
    if (connected_us > 0)
        stats_count_phase(s, STATS_CONNECT, connected_us - info(easy, CURLINFO_NAMELOOKUP_TIME_T));
    if (secured_us > 0)
        stats_count_phase(s, STATS_TLS, secured_us - connected_us);
}

/* Over a connection that was there nothing comes before the request. */
static void count_answer(CURL *easy, bool opened, struct stats *s) {
    int64_t began_us = info(easy, CURLINFO_STARTTRANSFER_TIME_T);
    stats_count_phase(s, STATS_WAIT, began_us - (opened ? info(easy, CURLINFO_PRETRANSFER_TIME_T) : 0));
    stats_count_phase(s, STATS_TRANSFER, info(easy, CURLINFO_TOTAL_TIME_T) - began_us);
}

void transfer_stats_count(const struct transfer_stats *told, struct stats *s) {
    const struct stats_bytes bytes = {
        .received = told->received_bytes,
        .decoded = told->decoded_bytes,
        .sent = sent_bytes(told),
    };
    if (told->opened)
        count_connecting(told->easy, s);
    if (told->received_bytes > 0)
        count_answer(told->easy, told->opened, s);
    stats_count_bytes(s, &bytes);
}
