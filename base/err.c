#include "base/err.h"

const char *err_text(enum err err) {
    switch (err) {
    case ERR_NONE:
        return "no error";
    case ERR_NOMEM:
        return "out of memory";
    case ERR_INVALID:
        return "invalid input";
    case ERR_LIMIT:
        return "over a limit";
    case ERR_FULL:
        return "queue is full";
    case ERR_CLOSED:
        return "draining";
    case ERR_THREAD:
        return "no thread could be started";
    case ERR_IO:
        return "the system refused";
    case ERR_LIBRARY:
        return "a library failed";
    }
    return "unknown error";
}
