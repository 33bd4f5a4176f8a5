#include "daemon/access.h"

#include "base/log.h"
#include "daemon/listen_address.h"

#include <netinet/in.h>
#include <stdio.h>

/* A mapped address, ::ffff:127.0.0.1, is not looked into: a socket of ours is of one family. */
static bool is_local(const struct listen_address *a) {
    if (a->storage.ss_family == AF_UNIX)
        return true;
    if (a->storage.ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)&a->storage)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return a->storage.ss_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)&a->storage)->sin6_addr);
}

bool access_is_local(int fd) {
    struct listen_address a = {.len = sizeof a.storage};
    return getsockname(fd, (struct sockaddr *)&a.storage, &a.len) == 0 && is_local(&a);
}

static enum err read_policy(const struct settings *settings, struct auth_policy **ret_policy,
                            char ret_error[ACCESS_ERROR_BYTES]) {
    char wrong[TOKEN_FILE_ERROR_BYTES] = "";
    enum err err = auth_prepare(settings->auth.token_file, settings->auth.allow_anonymous, ret_policy, wrong);
    if (err)
        (void)snprintf(ret_error, ACCESS_ERROR_BYTES, "auth.token_file: %s", *wrong ? wrong : err_text(err));
    return err;
}

static enum err refuse_open(const char *address, char ret_error[ACCESS_ERROR_BYTES]) {
    (void)snprintf(ret_error, ACCESS_ERROR_BYTES,
                   "%s is beyond loopback: set auth.token_file ('fetchpool token new' makes tokens), or "
                   "auth.allow_anonymous = yes to let whoever reaches it fetch",
                   address);
    return ERR_INVALID;
}

static bool is_open_on_purpose(const struct settings *settings, const struct auth_policy *policy) {
    return settings->auth.allow_anonymous || !auth_policy_is_open(policy);
}

static enum err check_sockets(const struct listen_sockets *sockets, char ret_error[ACCESS_ERROR_BYTES]) {
    for (size_t i = 0; i < sockets->count; i++)
        if (!access_is_local(sockets->items[i].fd))
            return refuse_open(sockets->items[i].address, ret_error);
    return ERR_NONE;
}

enum err access_prepare(const struct settings *settings, const struct listen_sockets *sockets,
                        struct auth_policy **ret_policy, char ret_error[ACCESS_ERROR_BYTES]) {
    struct auth_policy *policy;
    enum err err = read_policy(settings, &policy, ret_error);
    if (err)
        return err;
    if (!is_open_on_purpose(settings, policy))
        err = check_sockets(sockets, ret_error);
    if (err) {
        auth_policy_destroy(policy);
        return err;
    }
    if (auth_policy_is_writable_by_all(policy))
        log_warning("everybody on this machine can add tokens: auth.token_file is writable by all",
                    log_text("file", settings->auth.token_file));
    *ret_policy = policy;
    return ERR_NONE;
}

/* A name that cannot be looked up is told when it is listened on. */
static enum err check_addresses(const struct settings_list *addresses, char ret_error[ACCESS_ERROR_BYTES]) {
    struct listen_address address;
    const char *reason;
    for (size_t i = 0; i < addresses->count; i++)
        if (listen_address_resolve(addresses->items[i], &address, &reason) == ERR_NONE && !is_local(&address))
            return refuse_open(addresses->items[i], ret_error);
    return ERR_NONE;
}

enum err access_check(const struct settings *settings, char ret_error[ACCESS_ERROR_BYTES]) {
    struct auth_policy *policy;
    enum err err = read_policy(settings, &policy, ret_error);
    if (err)
        return err;
    if (!is_open_on_purpose(settings, policy))
        err = check_addresses(&settings->server.listen, ret_error);
    auth_policy_destroy(policy);
    return err;
}
