/* The address guard against its twin. The first byte is 4 or 6, then the address in binary, then lines: "+prefix" is
 * allowed, "-prefix" denied. */
#include "fuzz.h"
#include "guard_twin.h"
#include "pool/guard_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RULES = 16 };

static bool judge(const struct guard_rules *rules, const uint8_t *bytes, size_t count) {
    static const struct own_addresses none;
    uint8_t mapped[16] = {[10] = 0xFF, [11] = 0xFF};
    memcpy(count == 4 ? mapped + 12 : mapped, bytes, count);
    return guard_rules_judge(rules, &none, address_of_bytes(mapped)).reason == GUARD_ALLOWED;
}

/* A prefix that mixes the families is left to the guard's own tests. */
static bool is_plain(const char *prefix) {
    uint8_t start[16];
    char text[INET6_ADDRSTRLEN] = "";
    strncat(text, prefix, strcspn(prefix, "/") < sizeof text ? strcspn(prefix, "/") : 0);
    return inet_pton(AF_INET6, text, start) != 1 || memcmp(start, (uint8_t[12]){[10] = 0xFF, [11] = 0xFF}, 12) != 0;
}

static void read_rules(char *rest, struct guard_twin *twin) {
    for (char *line; (line = fuzz_next(&rest, '\n'));) {
        if ((line[0] != '+' && line[0] != '-') || guard_rules_check_prefix(line + 1) || !is_plain(line + 1))
            continue;
        if (line[0] == '+' && twin->allow_count < MAX_RULES)
            twin->allow[twin->allow_count++] = line + 1;
        if (line[0] == '-' && twin->deny_count < MAX_RULES)
            twin->deny[twin->deny_count++] = line + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct guard_twin twin = {0};
    struct guard_rules *rules;
    const char *bad;
    size_t count = size > 0 && data[0] == '4' ? 4 : 16;
    if (size < 1 + count)
        return 0;
    char *text = fuzz_copy(data + 1 + count, size - 1 - count);
    read_rules(text, &twin);
    const struct settings settings = {
        .guard.allow = {(char **)(uintptr_t)twin.allow, twin.allow_count},
        .guard.deny = {(char **)(uintptr_t)twin.deny, twin.deny_count},
    };
    assert(guard_rules_create(&settings, &rules, &bad) == ERR_NONE);
    assert(judge(rules, data + 1, count) == guard_twin_allows(&twin, data + 1, count));
    guard_rules_destroy(rules);
    free(text);
    return 0;
}
