#include "cli/remote_address.h"

#include "cli/read_file.h"
#include "pool/url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err refuse(char error[CLI_ERROR_BYTES], const char *what, const char *why) {
    (void)snprintf(error, CLI_ERROR_BYTES, "%.200s: %s", what, why);
    return ERR_INVALID;
}

static enum err read_socket(const char *path, struct remote_address *a, char error[CLI_ERROR_BYTES]) {
    if (*path != '/' || strlen(path) >= sizeof a->socket)
        return refuse(error, "--server", "unix: has an absolute path behind it, of at most 107 bytes");
    (void)snprintf(a->socket, sizeof a->socket, "%s", path);
    (void)snprintf(a->url, sizeof a->url, "http://localhost/fetch");
    return ERR_NONE;
}

static enum err read_url(const char *server, struct remote_address *a, char error[CLI_ERROR_BYTES]) {
    struct url_origin origin;
    const char *reason;
    size_t len = strlen(server);
    while (len > 0 && server[len - 1] == '/')
        len--;
    int n = snprintf(a->url, sizeof a->url, "%s%.*s/fetch", strstr(server, "://") ? "" : "http://", (int)len, server);
    if (n >= (int)sizeof a->url || strpbrk(server, "?#"))
        return refuse(error, "--server", "it is http://HOST:PORT, https://HOST or unix:/PATH");
    return url_check(a->url, &origin, &reason) ? refuse(error, server, reason) : ERR_NONE;
}

/* RFC 6750 and more: what cannot stand in a header is no token. */
static enum err set_token(struct remote_address *a, const char *text, size_t len, const char *where,
                          char error[CLI_ERROR_BYTES]) {
    while (len > 0 && strchr(" \t\r\n", text[len - 1]))
        len--;
    if (len == 0 || len >= sizeof a->token)
        return refuse(error, where, "there is no token in it, or a very long one");
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] == 0x7F)
            return refuse(error, where, "there is more than a token in it");
    memcpy(a->token, text, len);
    a->token[len] = '\0';
    return ERR_NONE;
}

static enum err read_token_file(const char *path, struct remote_address *a, char error[CLI_ERROR_BYTES]) {
    struct buf text;
    buf_init(&text, REMOTE_TOKEN_BYTES * 2);
    enum err err = read_file(path, &text);
    int reason = errno;
    if (err == ERR_IO)
        (void)refuse(error, path, strerror(reason));
    else if (err == ERR_LIMIT)
        err = refuse(error, path, "there is more than a token in it");
    else if (!err)
        err = set_token(a, text.len ? text.data : "", text.len, path, error);
    if (text.data)
        explicit_bzero(text.data, text.len);
    buf_fini(&text);
    return err;
}

enum err remote_address_read(const struct cli_options *options, struct remote_address *ret_address,
                             char ret_error[CLI_ERROR_BYTES]) {
    static const char variable[] = "FETCHPOOL_TOKEN";
    const char *token = getenv(variable);
    *ret_address = (struct remote_address){0};
    enum err err = strncmp(options->server, "unix:", 5) == 0 ? read_socket(options->server + 5, ret_address, ret_error)
                                                             : read_url(options->server, ret_address, ret_error);
    if (err)
        return err;
    if (options->token_file)
        return read_token_file(options->token_file, ret_address, ret_error);
    return token && *token ? set_token(ret_address, token, strlen(token), variable, ret_error) : ERR_NONE;
}
