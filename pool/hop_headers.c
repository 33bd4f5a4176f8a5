#include "pool/hop_headers.h"

#include "pool/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char accept_encoding[] = "Accept-Encoding: " DECODE_ACCEPTED;

static enum err add_header(struct curl_slist **list, const char *line) {
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer)
        return ERR_NOMEM;
    *list = longer;
    return ERR_NONE;
}

/* Frees the list on failure. */
static enum err give(enum err err, struct curl_slist *list, struct curl_slist **ret_list) {
    if (err)
        curl_slist_free_all(list);
    else
        *ret_list = list;
    return err;
}

/* ---- what the caller sets ---- */

/* "Name:" would make libcurl leave the header out; "Name;" sends it empty. */
static enum err add_caller_header(struct curl_slist **list, const char *line) {
    size_t name_len = strcspn(line, ":");
    if (line[name_len] == '\0' || line[name_len + 1 + strspn(line + name_len + 1, " \t")] != '\0')
        return add_header(list, line);
    char *empty = strndup(line, name_len + 1);
    if (!empty)
        return ERR_NOMEM;
    empty[name_len] = ';';
    enum err err = add_header(list, empty);
    free(empty);
    return err;
}

/* They describe the body, and go with it. Fetch standard, HTTP-redirect fetch. */
static bool describes_body(const char *line) {
    return strncasecmp(line, "Content-", strlen("Content-")) == 0;
}

static bool has_header(const struct fetch_options *options, const char *name) {
    size_t len = strlen(name);
    for (size_t i = 0; i < options->header_count; i++)
        if (strncasecmp(options->headers[i], name, len) == 0 && options->headers[i][len] == ':')
            return true;
    return false;
}

/* A part of an encoded body cannot be decoded. */
static bool may_be_encoded(const struct hop_headers *h) {
    return h->options->decompress &&
           !(h->with_caller_headers && (has_header(h->options, "Accept-Encoding") || has_header(h->options, "Range")));
}

enum err hop_headers_build(const struct hop_headers *h, struct curl_slist **ret_list) {
    const struct fetch_options *options = h->options;
    struct curl_slist *list = NULL;
    enum err err = ERR_NONE;
    bool is_plain = !h->sends_body && (options->header_count == 0 || !h->with_caller_headers);
    if (!is_plain && may_be_encoded(h))
        err = add_header(&list, accept_encoding);
    if (!err && h->sends_body) { /* do not wait for a 100, do not guess a type */
        err = add_header(&list, "Expect:");
        if (!err && !(h->with_caller_headers && has_header(options, "Content-Type")))
            err = add_header(&list, "Content-Type:");
    }
    for (size_t i = 0; i < options->header_count && h->with_caller_headers && !err; i++)
        if (!h->body_left || !describes_body(options->headers[i]))
            err = add_caller_header(&list, options->headers[i]);
    if (!err && h->authorization && h->with_caller_headers && !has_header(options, "Authorization"))
        err = add_header(&list, h->authorization);
    return give(err, list, ret_list);
}

/* ---- what is sent when nothing is set ---- */

static enum err add_field(struct curl_slist **list, const char *name, const char *value) {
    char *line = NULL;
    if (asprintf(&line, "%s: %s", name, value) < 0)
        return ERR_NOMEM;
    enum err err = add_header(list, line);
    free(line);
    return err;
}

enum err hop_headers_create_plain(const char *user_agent, struct curl_slist **ret_list) {
    struct curl_slist *list = NULL;
    enum err err = *user_agent ? add_field(&list, "User-Agent", user_agent) : ERR_NONE;
    if (!err)
        err = add_header(&list, accept_encoding);
    return give(err, list, ret_list);
}
