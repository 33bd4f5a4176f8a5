#include "api/accept.h"

#include <stddef.h>
#include <string.h>

/* How exactly a range names the type: 3 itself, 2 its kind, 1 everything, 0 something else. */
static int match(const char *range, size_t len, const char *type) {
    size_t kind = strcspn(type, "/") + 1;
    if (len == strlen(type) && strncasecmp(range, type, len) == 0)
        return 3;
    if (len == kind + 1 && range[kind] == '*' && strncasecmp(range, type, kind) == 0)
        return 2;
    return len == 3 && memcmp(range, "*/*", 3) == 0 ? 1 : 0;
}

/* The parameters of a range have ";q=0", whatever the number of its zeros. */
static bool is_excluded(const char *parameters, size_t len) {
    for (size_t i = 0; i + 3 <= len; i++) {
        size_t blank = parameters[i] == ';' ? strspn(parameters + i + 1, " \t") : 0;
        const char *q = parameters + i + 1 + blank;
        if (parameters[i] == ';' && strncasecmp(q, "q=", 2) == 0)
            return q[2] == '0' && strspn(q + 3, ".0 \t") == strcspn(q + 3, ",;");
    }
    return false;
}

bool accept_allows(const char *accept, const char *type) {
    int best = 0;
    bool allowed = !accept || *accept == '\0';
    while (accept && *accept) {
        accept += strspn(accept, " \t,");
        size_t whole = strcspn(accept, ",");
        size_t len = strcspn(accept, ",; \t");
        int how = match(accept, len, type);
        if (how > best) {
            best = how;
            allowed = !is_excluded(accept + len, whole - len);
        }
        accept += whole;
    }
    return allowed;
}
