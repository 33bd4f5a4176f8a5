/* Which ports may be connected to: numbers and ranges as text. Used inside pool/, and to check a setting. */
#ifndef FETCHPOOL_POOL_PORTS_H
#define FETCHPOOL_POOL_PORTS_H

#include <stdbool.h>
#include <stdint.h>

struct port_range {
    uint16_t first;
    uint16_t last;
};

/* "443" or "8000-8099"; 0 is no port. False: it is neither. */
bool ports_parse(const char *text, struct port_range *ret_range);

/* NULL when the text is a port or a range, else what it must be; static. Fits settings_load_check. */
const char *ports_check(const char *text);

#endif
