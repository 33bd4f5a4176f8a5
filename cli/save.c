#include "cli/save.h"

#include "base/list.h"
#include "base/table.h"
#include "cli/save_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A name that is taken. */
struct taken {
    struct table_node in_names;
    size_t next; /* the number that the next one of that name gets */
    char text[SAVE_NAME_NUMBERED_BYTES];
};

struct save {
    int folder_fd;
    size_t count;
    struct taken **names; /* by item */
};

static enum err take(struct table *names, const char *text, struct taken **ret_name) {
    struct taken *name = calloc(1, sizeof *name);
    if (!name)
        return ERR_NOMEM;
    name->next = 2;
    (void)snprintf(name->text, sizeof name->text, "%s", text);
    table_add(names, &name->in_names, name->text, strlen(name->text));
    *ret_name = name;
    return ERR_NONE;
}

/* A numbered name may be that of another URL. */
static enum err take_for(struct table *names, const char *url, struct taken **ret_name) {
    char plain[SAVE_NAME_BYTES], numbered[SAVE_NAME_NUMBERED_BYTES];
    save_name_make(url, plain);
    struct table_node *node = table_find(names, plain, strlen(plain));
    if (!node)
        return take(names, plain, ret_name);
    struct taken *same = LIST_ENTRY(node, struct taken, in_names);
    do
        save_name_number(plain, same->next++, numbered);
    while (table_find(names, numbered, strlen(numbered)));
    return take(names, numbered, ret_name);
}

static enum err take_names(struct save *s, const struct fetch_batch *list) {
    struct table names;
    enum err err = ERR_NONE;
    table_init(&names);
    for (; s->count < list->count && !err; s->count += !err)
        err = take_for(&names, list->items[s->count].url, &s->names[s->count]);
    for (size_t i = 0; i < s->count; i++)
        table_remove(&names, &s->names[i]->in_names);
    table_fini(&names);
    return err;
}

static enum err open_folder(struct save *s, const char *folder) {
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return ERR_IO;
    s->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return s->folder_fd < 0 ? ERR_IO : ERR_NONE;
}

enum err save_create(const char *folder, const struct fetch_batch *list, struct save **ret_save) {
    struct save *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->folder_fd = -1;
    s->names = calloc(list->count + 1, sizeof *s->names);
    enum err err = s->names ? open_folder(s, folder) : ERR_NOMEM;
    if (!err)
        err = take_names(s, list);
    int reason = errno;
    if (err)
        save_destroy(s);
    else
        *ret_save = s;
    errno = reason;
    return err;
}

void save_destroy(struct save *s) {
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        free(s->names[i]);
    free(s->names);
    if (s->folder_fd >= 0)
        (void)close(s->folder_fd); /* it was only read */
    free(s);
}

const char *save_name(const struct save *s, size_t index) {
    return s->names[index]->text;
}

/* ---- a file ---- */

enum { PART_NAME_BYTES = 64 };

static int open_part(int folder_fd, const char *name) {
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(folder_fd, name, flags, 0666);
    if (fd >= 0 || errno != EEXIST || unlinkat(folder_fd, name, 0) != 0) /* of a process that had our number */
        return fd;
    return openat(folder_fd, name, flags, 0666);
}

static enum err write_all(int fd, const char *bytes, size_t left) {
    while (left > 0) {
        ssize_t n = write(fd, bytes, left);
        if (n < 0 && errno != EINTR)
            return ERR_IO;
        if (n > 0) {
            bytes += n;
            left -= (size_t)n;
        }
    }
    return ERR_NONE;
}

enum err save_body(const struct save *s, size_t index, const struct buf *body) {
    char part[PART_NAME_BYTES];
    (void)snprintf(part, sizeof part, ".fetchpool-%d-%zu", (int)getpid(), index);
    int fd = open_part(s->folder_fd, part);
    if (fd < 0)
        return ERR_IO;
    enum err err = write_all(fd, body->data, body->len);
    int reason = errno;
    if (close(fd) != 0 && !err) {
        reason = errno;
        err = ERR_IO;
    }
    if (!err && renameat(s->folder_fd, part, s->folder_fd, save_name(s, index)) != 0) {
        reason = errno;
        err = ERR_IO;
    }
    if (err)
        (void)unlinkat(s->folder_fd, part, 0); /* best effort: what went wrong is told */
    errno = reason;
    return err;
}
