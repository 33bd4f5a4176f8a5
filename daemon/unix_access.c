#include "daemon/unix_access.h"

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MODE_MAX = 0777, MODE_DIGITS = 4, OCTAL = 8, DECIMAL = 10 };

const char *unix_access_check_mode(const char *mode) {
    size_t digits = strspn(mode, "01234567");
    bool fine = digits >= 3 && digits <= MODE_DIGITS && mode[digits] == '\0' && strtol(mode, NULL, OCTAL) <= MODE_MAX;
    return fine ? NULL : "must be an octal mode from 000 to 0777";
}

const char *unix_access_check_owner(const char *owner) {
    size_t user = strcspn(owner, ":");
    bool fine = owner[user] == '\0' || (owner[user + 1] != '\0' && !strchr(owner + user + 1, ':'));
    return fine ? NULL : "must be user, user:group or :group";
}

static bool is_number(const char *text, unsigned long *ret_number) {
    if (*text == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > DECIMAL)
        return false;
    *ret_number = strtoul(text, NULL, DECIMAL);
    return *ret_number < UINT32_MAX;
}

static bool find_user(const char *name, uid_t *ret_uid) {
    unsigned long number;
    const struct passwd *found = getpwnam(name); /* a name may look like a number */
    if (!found && !is_number(name, &number))
        return false;
    *ret_uid = found ? found->pw_uid : (uid_t)number;
    return true;
}

static bool find_group(const char *name, gid_t *ret_gid) {
    unsigned long number;
    const struct group *found = getgrnam(name);
    if (!found && !is_number(name, &number))
        return false;
    *ret_gid = found ? found->gr_gid : (gid_t)number;
    return true;
}

static enum err read_owner(const char *owner, struct unix_access *ret_access) {
    char *user = strdup(owner);
    if (!user)
        return ERR_NOMEM;
    char *colon = strchr(user, ':');
    if (colon)
        *colon = '\0';
    bool found =
        (*user == '\0' || find_user(user, &ret_access->uid)) && (!colon || find_group(colon + 1, &ret_access->gid));
    free(user);
    return found ? ERR_NONE : ERR_INVALID;
}

enum err unix_access_read(const char *mode, const char *owner, struct unix_access *ret_access) {
    struct unix_access access = {.uid = (uid_t)-1, .gid = (gid_t)-1};
    if (unix_access_check_mode(mode) || unix_access_check_owner(owner))
        return ERR_INVALID;
    access.mode = (mode_t)strtol(mode, NULL, OCTAL);
    enum err err = read_owner(owner, &access);
    if (!err)
        *ret_access = access;
    return err;
}
