#include "pool/gate.h"

/* The serial is read first: rules that change meanwhile are judged by again. */
static bool admits(struct gate *g, const struct endpoint *peer) {
    g->serial = guard_serial(g->guard);
    g->refused = g->refused || !guard_admits(g->guard, peer, g->host);
    g->peer = *peer;
    g->has_peer = true;
    return !g->refused;
}

bool gate_admits(struct gate *g, const struct sockaddr *address, socklen_t len) {
    struct endpoint peer;
    if (address_read(address, len, &peer))
        return admits(g, &peer);
    g->refused = true;
    return false;
}

bool gate_admits_text(struct gate *g, const char *address, int port) {
    struct endpoint peer = {.port = (uint16_t)port};
    if (port > 0 && port <= UINT16_MAX && address_parse(address, &peer.address))
        return admits(g, &peer);
    g->refused = true;
    return false;
}

bool gate_still_admits(struct gate *g) {
    if (g->refused || !g->has_peer || g->serial == guard_serial(g->guard))
        return !g->refused;
    const struct endpoint peer = g->peer;
    return admits(g, &peer);
}
