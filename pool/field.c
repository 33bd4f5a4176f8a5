#include "pool/field.h"

#include <string.h>

/* RFC 9110, section 5.6.2. */
bool field_name_is_valid(const char *text) {
    static const char extra[] = "!#$%&'*+-.^_`|~";
    if (*text == '\0')
        return false;
    for (; *text; text++) {
        bool alnum = (*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
        if (!alnum && !strchr(extra, *text))
            return false;
    }
    return true;
}

bool field_value_is_valid(const char *text) {
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7F)
            return false;
    return true;
}
