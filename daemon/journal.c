#include "daemon/journal.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

bool journal_is_behind(int fd) {
    const char *stream = getenv("JOURNAL_STREAM");
    uintmax_t device, inode;
    char rest;
    struct stat status;
    return stream && sscanf(stream, "%ju:%ju%c", &device, &inode, &rest) == 2 && fstat(fd, &status) == 0 &&
           status.st_dev == device && status.st_ino == inode;
}

int journal_open(void) {
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd); /* nothing was sent */
    return -1;
}

/* ---- an entry ---- */

static void put(struct journal_entry *e, const char *bytes, size_t len) {
    memcpy(e->bytes + e->len, bytes, len);
    e->len += len;
}

/* The value is one line; a newline goes behind it. */
static void put_pair(struct journal_entry *e, const char *name, const char *value, size_t value_len) {
    size_t name_len = strlen(name);
    if (name_len + 1 + value_len + 1 > sizeof e->bytes - e->len)
        return;
    put(e, name, name_len);
    put(e, "=", 1);
    put(e, value, value_len);
    put(e, "\n", 1);
}

/* What a line has between its priority and its newline. */
static void put_message(struct journal_entry *e, const struct log_event *event) {
    struct log_line line;
    log_line_write(&line, LOG_FORMAT_JOURNAL, event);
    size_t prefix = strlen("<6>");
    put_pair(e, "MESSAGE", line.bytes + prefix, line.len - prefix - 1);
}

/* "FETCHPOOL_ERROR_CODE" for "error_code": the journal takes capitals, digits and underscores. */
static void field_name(const char *name, char *ret_name, size_t size) {
    int len = snprintf(ret_name, size, "FETCHPOOL_%s", name);
    for (int i = 0; i < len && ret_name[i]; i++)
        if (ret_name[i] >= 'a' && ret_name[i] <= 'z')
            ret_name[i] = (char)(ret_name[i] - 'a' + 'A');
}

static void put_field(struct journal_entry *e, const struct log_field *field) {
    char name[64]; /* which is what the journal takes of a name */
    struct log_line value;
    field_name(field->name, name, sizeof name);
    log_line_write_value(&value, field);
    put_pair(e, name, value.bytes, value.len);
}

void journal_entry_write(struct journal_entry *ret_entry, const struct log_event *event) {
    static const char *const priorities[] = {"3", "4", "6", "7"};
    struct journal_entry *e = ret_entry;
    e->len = 0;
    put_message(e, event);
    put_pair(e, "PRIORITY", priorities[event->level], 1);
    put_pair(e, "SYSLOG_IDENTIFIER", "fetchpoold", strlen("fetchpoold"));
    for (size_t i = 0; i < event->count; i++)
        put_field(e, &event->fields[i]);
}

bool journal_send(int fd, const struct journal_entry *entry) {
    ssize_t n;
    do
        n = send(fd, entry->bytes, entry->len, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n >= 0;
}
