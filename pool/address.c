#include "pool/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

struct address address_of_bytes(const uint8_t bytes[16]) {
    struct address a = {0};
    for (int i = 0; i < 8; i++) {
        a.high = a.high << 8 | bytes[i];
        a.low = a.low << 8 | bytes[i + 8];
    }
    return a;
}

bool address_read(const struct sockaddr *socket_address, socklen_t len, struct endpoint *ret_endpoint) {
    if (len >= sizeof(struct sockaddr_in) && socket_address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, socket_address, sizeof v4);
        *ret_endpoint = (struct endpoint){address_of_v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
        return true;
    }
    if (len >= sizeof(struct sockaddr_in6) && socket_address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, socket_address, sizeof v6);
        *ret_endpoint = (struct endpoint){address_of_bytes(v6.sin6_addr.s6_addr), ntohs(v6.sin6_port)};
        return true;
    }
    return false;
}

bool address_parse(const char *text, struct address *ret_address) {
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, text, &v4) == 1) {
        *ret_address = address_of_v4(ntohl(v4.s_addr));
        return true;
    }
    if (inet_pton(AF_INET6, text, &v6) != 1)
        return false;
    *ret_address = address_of_bytes(v6.s6_addr);
    return true;
}

void address_print(struct address a, char ret_text[ADDRESS_TEXT_BYTES]) {
    struct in_addr v4 = {.s_addr = htonl((uint32_t)a.low)};
    struct in6_addr v6;
    for (unsigned i = 0; i < 16; i++)
        v6.s6_addr[i] = address_byte(a, i);
    if (address_is_v4(a))
        (void)inet_ntop(AF_INET, &v4, ret_text, ADDRESS_TEXT_BYTES); /* there is room for the longest */
    else
        (void)inet_ntop(AF_INET6, &v6, ret_text, ADDRESS_TEXT_BYTES);
}
