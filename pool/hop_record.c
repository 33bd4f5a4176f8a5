#include "pool/hop_record.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

void hop_record_begin(struct fetch_hop *hop) {
    if (!hop)
        return;
    buf_clear(&hop->request);
    buf_clear(&hop->response);
    hop->performed_us = clock_now_us();
}

static bool is_whole(const struct buf *head) {
    return head->len >= 4 && memcmp(head->data + head->len - 4, "\r\n\r\n", 4) == 0;
}

void hop_record_trace(struct fetch_hop *hop, curl_infotype type, const char *text, size_t n) {
    if (!hop || type != CURLINFO_HEADER_OUT)
        return;
    if (is_whole(&hop->request))
        buf_clear(&hop->request);
    if (buf_append(&hop->request, text, n))
        buf_clear(&hop->request);
}

enum err hop_record_line(struct fetch_hop *hop, bool begins, const char *line, size_t n) {
    if (hop && begins)
        buf_clear(&hop->response);
    return hop ? buf_append(&hop->response, line, n) : ERR_NONE;
}

static int64_t info_us(CURL *easy, CURLINFO info) {
    curl_off_t value = 0;
    (void)curl_easy_getinfo(easy, info, &value);
    return value;
}

void hop_record_end(struct fetch_hop *hop, CURL *easy, bool was_connected, int64_t length_bytes) {
    char *ip = NULL;
    long port = 0;
    if (!hop)
        return;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip);
    (void)curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port);
    (void)snprintf(hop->remote_ip, sizeof hop->remote_ip, "%s", ip ? ip : "");
    hop->local_port = (int)port;
    hop->was_connected = was_connected;
    hop->length_bytes = length_bytes;
    hop->connect_us = info_us(easy, CURLINFO_CONNECT_TIME_T);
    hop->appconnect_us = info_us(easy, CURLINFO_APPCONNECT_TIME_T);
    hop->pretransfer_us = info_us(easy, CURLINFO_PRETRANSFER_TIME_T);
    hop->starttransfer_us = info_us(easy, CURLINFO_STARTTRANSFER_TIME_T);
}
