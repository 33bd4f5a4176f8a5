#include "pool/transfer_info.h"

#include <stdio.h>

enum { MAX_RETRY_AFTER_S = 7 * 86400 };

static int64_t info_us(CURL *easy, CURLINFO info) {
    curl_off_t value = 0;
    (void)curl_easy_getinfo(easy, info, &value);
    return value;
}

/* 0 stays 0: it says that the transfer did not come so far. */
static int64_t after_lookup_us(CURL *easy, CURLINFO info, int64_t lookup_us) {
    int64_t us = info_us(easy, info);
    return us > 0 ? us + lookup_us : 0;
}

void transfer_info_add_timings(CURL *easy, int64_t lookup_us, struct fetch_timings *timings) {
    timings->namelookup_us += lookup_us + info_us(easy, CURLINFO_NAMELOOKUP_TIME_T);
    timings->connect_us += after_lookup_us(easy, CURLINFO_CONNECT_TIME_T, lookup_us);
    timings->appconnect_us += after_lookup_us(easy, CURLINFO_APPCONNECT_TIME_T, lookup_us);
    timings->pretransfer_us += after_lookup_us(easy, CURLINFO_PRETRANSFER_TIME_T, lookup_us);
    timings->starttransfer_us += after_lookup_us(easy, CURLINFO_STARTTRANSFER_TIME_T, lookup_us);
}

void transfer_info_connection(CURL *easy, bool reused, struct fetch_connection *ret_connection) {
    char *ip = NULL;
    long port = 0, version = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip);
    (void)curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
    (void)curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    (void)snprintf(ret_connection->remote_ip, sizeof ret_connection->remote_ip, "%s", ip ? ip : "");
    ret_connection->remote_port = (int)port;
    ret_connection->reused = reused;
    ret_connection->http_version = version == CURL_HTTP_VERSION_1_0   ? "1.0"
                                   : version == CURL_HTTP_VERSION_1_1 ? "1.1"
                                   : version == CURL_HTTP_VERSION_2_0 ? "2"
                                                                      : "";
}

int64_t transfer_info_retry_after_ms(CURL *easy, long status) {
    curl_off_t seconds = 0;
    if (status == 429 || status == 503)
        (void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds <= 0) /* a date that has passed, or nonsense */
        return 0;
    return seconds < MAX_RETRY_AFTER_S ? seconds * 1000 : (int64_t)MAX_RETRY_AFTER_S * 1000;
}
