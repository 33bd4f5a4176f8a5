#include "api/auth.h"

#include "api/auth_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AUTH_CHALLENGE "Bearer realm=\"fetchpool\""

enum { AUTH_TELL_MS = 10 * 1000 };

/* The account of token `i` is accounts[i], that of anonymous requests the one behind them all. */
struct auth_policy {
    bool demands_tokens; /* else the rest is empty */
    bool allows_anonymous;
    struct token_file file;
    size_t account_count;
    struct auth_account **accounts;
};

/* ---- policies ---- */

static const struct token *token_at(const struct auth_policy *p, size_t i) {
    return i < p->file.count ? &p->file.tokens[i] : &p->file.anonymous;
}

static enum err make_accounts(struct auth_policy *p) {
    p->accounts = calloc(p->file.count + 1, sizeof(struct auth_account *));
    if (!p->accounts)
        return ERR_NOMEM;
    for (size_t i = 0; i <= p->file.count; i++) {
        struct auth_account *account = calloc(1, sizeof *account);
        if (!account)
            return ERR_NOMEM;
        memcpy(account->name, token_at(p, i)->name, sizeof account->name);
        account->is_anonymous = token_is_anonymous(token_at(p, i));
        p->accounts[p->account_count++] = account;
    }
    return ERR_NONE;
}

enum err auth_prepare(const char *token_file, bool allow_anonymous, struct auth_policy **ret_policy,
                      char ret_error[TOKEN_FILE_ERROR_BYTES]) {
    struct auth_policy *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    p->demands_tokens = token_file[0] != '\0';
    p->allows_anonymous = allow_anonymous;
    enum err err = p->demands_tokens ? token_file_read(token_file, &p->file, ret_error) : ERR_NONE;
    if (!err && p->demands_tokens)
        err = make_accounts(p);
    if (err) {
        auth_policy_destroy(p);
        return err;
    }
    *ret_policy = p;
    return ERR_NONE;
}

void auth_policy_destroy(struct auth_policy *p) {
    if (!p)
        return;
    for (size_t i = 0; i < p->account_count; i++)
        free(p->accounts[i]);
    free(p->accounts);
    token_file_fini(&p->file);
    free(p);
}

bool auth_policy_is_open(const struct auth_policy *p) {
    return !p->demands_tokens || p->allows_anonymous;
}

bool auth_policy_is_writable_by_all(const struct auth_policy *p) {
    return p->file.writable_by_all;
}

size_t auth_policy_count(const struct auth_policy *p) {
    return p->file.count;
}

/* ---- accounts ---- */

struct auth_account *auth_unref_locked(struct auth *a, struct auth_account *account) {
    if (--account->refs > 0)
        return NULL;
    table_remove(&a->accounts, &account->by_name);
    return account;
}

/* A name that has an account keeps it; the fresh one stands in its place in the policy no longer. */
static void adopt_locked(struct auth *a, struct auth_policy *p) {
    for (size_t i = 0; i < p->account_count; i++) {
        struct auth_account *fresh = p->accounts[i];
        size_t len = strlen(fresh->name);
        struct table_node *node = table_find(&a->accounts, fresh->name, len);
        if (node) {
            p->accounts[i] = (struct auth_account *)(void *)((char *)node - offsetof(struct auth_account, by_name));
            free(fresh);
        } else {
            table_add(&a->accounts, &fresh->by_name, fresh->name, len);
        }
        p->accounts[i]->refs++;
    }
}

/* What nothing else refers to stays in the policy, to be freed with it. */
static void disown_locked(struct auth *a, struct auth_policy *p) {
    for (size_t i = 0; i < p->account_count; i++)
        p->accounts[i] = auth_unref_locked(a, p->accounts[i]);
}

enum err auth_create(struct auth_policy *policy, struct auth **ret_auth) {
    struct auth *a = calloc(1, sizeof *a);
    if (!a)
        return ERR_NOMEM;
    pthread_mutex_init(&a->lock, NULL);
    table_init(&a->accounts);
    a->wrong_told_at_ms = -AUTH_TELL_MS;
    a->policy = policy;
    atomic_store(&a->demands_tokens, policy->demands_tokens);
    adopt_locked(a, policy); /* nobody else knows it yet */
    *ret_auth = a;
    return ERR_NONE;
}

void auth_destroy(struct auth *a) {
    if (!a)
        return;
    disown_locked(a, a->policy);
    auth_policy_destroy(a->policy);
    table_fini(&a->accounts);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

void auth_apply(struct auth *a, struct auth_policy *policy) {
    pthread_mutex_lock(&a->lock);
    struct auth_policy *before = a->policy;
    adopt_locked(a, policy);
    disown_locked(a, before);
    a->policy = policy;
    atomic_store(&a->demands_tokens, policy->demands_tokens);
    pthread_mutex_unlock(&a->lock);
    auth_policy_destroy(before);
}

/* ---- requests ---- */

__attribute__((format(printf, 4, 5))) static void refuse(struct problem *problem, int status, const char *challenge,
                                                         const char *format, ...) {
    char text[PROBLEM_DETAIL_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    problem_set(problem, status, "%s", text);
    (void)snprintf(problem->authenticate, sizeof problem->authenticate, "%s", challenge);
}

/* "Bearer" in any case, a blank, and a b64token: RFC 9110, section 11.4, and RFC 6750, section 2.1. */
static const char *bearer_token(const char *value, size_t *ret_len) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
    size_t scheme_len = strlen("Bearer ");
    if (strncasecmp(value, "Bearer ", scheme_len) != 0)
        return NULL;
    const char *token = value + scheme_len;
    size_t len = strspn(token, letters);
    size_t padding = strspn(token + len, "=");
    if (len == 0 || token[len + padding] != '\0' || len + padding > TOKEN_MAX_LEN)
        return NULL;
    *ret_len = len + padding;
    return token;
}

/* All are compared, whichever it is. */
static size_t find_locked(const struct auth_policy *p, const unsigned char digest[TOKEN_DIGEST_BYTES]) {
    size_t found = p->file.count;
    for (size_t i = 0; i < p->file.count; i++)
        found = token_digest_equal(p->file.tokens[i].digest, digest) ? i : found;
    return found;
}

/* On the terms of token `i`, or of anonymous. The policy may have become one that asks nobody since it was looked at.
 */
static bool admit_locked(struct auth *a, size_t i, unsigned scopes, struct auth_pass *ret_pass) {
    const struct auth_policy *p = a->policy;
    if (!p->demands_tokens)
        return true;
    if (!(token_at(p, i)->scopes & scopes) || (i == p->file.count && !p->allows_anonymous))
        return false;
    p->accounts[i]->refs++;
    *ret_pass = (struct auth_pass){
        .auth = a, .account = p->accounts[i], .limits = token_at(p, i)->limits, .scopes = token_at(p, i)->scopes};
    return true;
}

static void refuse_scope(unsigned scopes, struct problem *problem) {
    char challenge[PROBLEM_AUTHENTICATE_BYTES];
    const char *scope = token_scope_name((enum token_scope)scopes);
    (void)snprintf(challenge, sizeof challenge, AUTH_CHALLENGE ", error=\"insufficient_scope\", scope=\"%s\"", scope);
    refuse(problem, 403, challenge, "the token is not good for this: it lacks the scope %s", scope);
}

static enum auth_verdict admit_anonymous(struct auth *a, unsigned scopes, struct auth_pass *ret_pass,
                                         struct problem *problem) {
    pthread_mutex_lock(&a->lock);
    bool admitted = admit_locked(a, a->policy->file.count, scopes, ret_pass);
    pthread_mutex_unlock(&a->lock);
    if (admitted)
        return AUTH_ADMITTED;
    refuse(problem, 401, AUTH_CHALLENGE, "this needs a token: send Authorization: Bearer TOKEN");
    return AUTH_REFUSED;
}

static enum auth_verdict admit_token(struct auth *a, const unsigned char digest[TOKEN_DIGEST_BYTES], unsigned scopes,
                                     struct auth_pass *ret_pass, struct problem *problem) {
    pthread_mutex_lock(&a->lock);
    size_t i = find_locked(a->policy, digest);
    bool is_known = i < a->policy->file.count || !a->policy->demands_tokens;
    bool admitted = is_known && admit_locked(a, i, scopes, ret_pass);
    pthread_mutex_unlock(&a->lock);
    if (admitted)
        return AUTH_ADMITTED;
    if (is_known) {
        refuse_scope(scopes, problem);
        return AUTH_REFUSED;
    }
    refuse(problem, 401, AUTH_CHALLENGE ", error=\"invalid_token\"", "there is no such token");
    return AUTH_WRONG_TOKEN;
}

bool auth_asks(struct auth *a, unsigned scopes) {
    return a && scopes != AUTH_OPEN && atomic_load(&a->demands_tokens);
}

enum auth_verdict auth_admit(struct auth *a, const struct auth_claim *claim, unsigned scopes,
                             struct auth_pass *ret_pass, struct problem *ret_problem) {
    unsigned char digest[TOKEN_DIGEST_BYTES];
    size_t len;
    if (!auth_asks(a, scopes))
        return AUTH_ADMITTED;
    if (claim->count == 0)
        return admit_anonymous(a, scopes, ret_pass, ret_problem);
    if (claim->count > 1) {
        problem_set(ret_problem, 400, "more than one Authorization header");
        return AUTH_REFUSED;
    }
    const char *token = bearer_token(claim->value, &len);
    if (!token) {
        refuse(ret_problem, 401, AUTH_CHALLENGE, "the Authorization header is not Bearer TOKEN");
        return AUTH_REFUSED;
    }
    if (token_digest(token, len, digest)) {
        problem_set(ret_problem, 503, "out of memory");
        return AUTH_REFUSED;
    }
    return admit_token(a, digest, scopes, ret_pass, ret_problem);
}

bool auth_may(struct auth *a, const struct auth_pass *pass, unsigned scopes) {
    return (pass->scopes & scopes) || !auth_asks(a, scopes);
}

void auth_leave(struct auth_pass *pass) {
    if (!pass->account)
        return;
    pthread_mutex_lock(&pass->auth->lock);
    struct auth_account *last = auth_unref_locked(pass->auth, pass->account);
    pthread_mutex_unlock(&pass->auth->lock);
    free(last);
    *pass = (struct auth_pass){0};
}

const char *auth_pass_name(const struct auth_pass *pass) {
    return pass->account && !pass->account->is_anonymous ? pass->account->name : NULL;
}

uint64_t auth_count_wrong(struct auth *a, int64_t now_ms) {
    uint64_t tell = 0;
    pthread_mutex_lock(&a->lock);
    a->wrong_untold++;
    if (now_ms - a->wrong_told_at_ms >= AUTH_TELL_MS) {
        tell = a->wrong_untold;
        a->wrong_untold = 0;
        a->wrong_told_at_ms = now_ms;
    }
    pthread_mutex_unlock(&a->lock);
    return tell;
}
