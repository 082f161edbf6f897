/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the files said is an immutable, counted state; a request keeps the one it began with, so
 * that all its decisions come from the same. access_decide is the one decision point; refusals are
 * counted and logged there, at a limited rate, with who, what and why, and never with a token.
 * Health is always answered unless a restriction closes it: an orchestrator that cannot ask kills.
 */

#include "server/access/access.h"

#include "runtime/base/log.h"
#include "runtime/base/size.h"
#include "runtime/base/thread.h"
#include "server/access/static_token.h"
#include "server/text_file.h"

#include <openssl/crypto.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

enum { FILES = 3 };

struct AccessState {
    StaticTokens tokens;
    Jwks jwks;
    Policy policy;
    Arena *arena;
    atomic_uint references;
};

typedef struct Restriction {
    uint32_t actions;
    char header[128], value[256];
} Restriction;

struct Access {
    /* fixed after new */
    AccessOptions options;
    Restriction restrictions[ACCESS_TRANSPORTS][ACCESS_RESTRICTIONS_MAX];
    size_t restriction_count[ACCESS_TRANSPORTS];
    bool identities; /* there is a way to prove who one is, or a policy */
    /* main thread */
    struct stat marks[FILES];
    /* any thread */
    atomic_uint_fast64_t unauthenticated, denied, reloads, failures;
    /* under mutex */
    Mutex mutex;
    AccessState *current;
};

/* --- states --- */

static void state_free(AccessState *state) {
    jwks_deinit(&state->jwks);
    arena_free(state->arena);
    free(state);
}
DEFINE_AUTO(AccessState, state_free);

static void state_unref(const AccessState *shared) {
    AccessState *state = (AccessState *)(uintptr_t)shared;
    if (atomic_fetch_sub_explicit(&state->references, 1, memory_order_acq_rel) == 1)
        state_free(state);
}

static Status with_path(const Status *status, const char *path) {
    return status_is_ok(status) ? *status : status_prefix(status, "%s", path);
}

static Status read_state(const AccessOptions *options, AccessState **ret_state) {
    AUTO(state_free) AccessState *state = calloc(1, sizeof *state);
    if (!state)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    TRY(arena_new(16384, 16 * (size_t)TEXT_FILE_LIMIT, &state->arena));
    const char *text;
    size_t length;
    Status status = status_ok();
    if (options->tokens_file) {
        TRY(text_file_read(options->tokens_file, state->arena, &text, &length));
        status = static_tokens_parse(text, length, state->arena, &state->tokens);
        TRY(with_path(&status, options->tokens_file));
    }
    if (options->jwks_file) {
        TRY(text_file_read(options->jwks_file, state->arena, &text, &length));
        status = jwks_parse(text, length, state->arena, &state->jwks);
        TRY(with_path(&status, options->jwks_file));
    }
    if (options->policy_file) {
        TRY(text_file_read(options->policy_file, state->arena, &text, &length));
        status = policy_parse(text, length, state->arena, &state->policy);
        TRY(with_path(&status, options->policy_file));
    }
    atomic_init(&state->references, 1);
    *ret_state = TAKE(state);
    return status_ok();
}

static void look_at(const AccessOptions *options, struct stat marks[static FILES]) {
    const char *const files[FILES] = { options->tokens_file, options->jwks_file,
                                       options->policy_file };
    for (size_t i = 0; i < FILES; i++) {
        struct stat info;
        memset(&marks[i], 0, sizeof marks[i]); /* padding too: they are compared */
        if (!files[i] || stat(files[i], &info))
            continue;
        marks[i].st_mtim = info.st_mtim;
        marks[i].st_size = info.st_size;
        marks[i].st_ino = info.st_ino;
        marks[i].st_dev = info.st_dev;
    }
}

static void publish(Access *access, AccessState *state) {
    mutex_lock(&access->mutex);
    AccessState *before = access->current;
    access->current = state;
    mutex_unlock(&access->mutex);
    if (before)
        state_unref(before);
}

void access_refresh(Access *access) {
    struct stat marks[FILES];
    look_at(&access->options, marks);
    if (!memcmp(marks, access->marks, sizeof marks))
        return;
    memcpy(access->marks, marks, sizeof marks);
    AccessState *state;
    Status status = read_state(&access->options, &state);
    if (!status_is_ok(&status)) {
        atomic_fetch_add(&access->failures, 1);
        log_event(LOG_WARN, "access_reload_failed", "reason=%s", LOG_TEXT(status.message));
        return;
    }
    publish(access, state);
    atomic_fetch_add(&access->reloads, 1);
    log_event(LOG_INFO, "access_reloaded", "tokens=%zu keys=%zu rules=%zu", state->tokens.count,
              state->jwks.count, state->policy.count);
}

/* --- restrictions --- */

/* "group,group:header=value" */
static Status read_restriction(const char *text, AccessTransport transport, Restriction *dst) {
    static const char *const prefixes[] = {
        [ACCESS_GRPC] = "triton-grpc-protocol-", [ACCESS_HTTP] = ""
    };
    const char *colon = strchr(text, ':');
    const char *equals = colon ? strchr(colon, '=') : NULL;
    if (!equals || equals == colon + 1 || !equals[1])
        return status_error(STATUS_INVALID_ARGUMENT,
                            "expected a restriction like 'model-repository:key=value', got '%s'",
                            text);
    for (const char *at = text; at < colon;) {
        size_t length = strcspn(at, ",:");
        uint32_t actions = action_group((StringView){ at, length });
        if (!actions)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "'%.*s' is no group of the API that can be restricted", (int)length,
                                at);
        dst->actions |= actions;
        at += length + 1;
    }
    int header = snprintf(dst->header, sizeof dst->header, "%s%.*s", prefixes[transport],
                          (int)(equals - colon - 1), colon + 1);
    int value = snprintf(dst->value, sizeof dst->value, "%s", equals + 1);
    if ((size_t)header >= sizeof dst->header || (size_t)value >= sizeof dst->value)
        return status_error(STATUS_INVALID_ARGUMENT, "a restriction's key or value is too long");
    for (char *at = dst->header; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at |= 0x20;
    return status_ok();
}

static Status read_restrictions(Access *access, AccessTransport transport, const char *const *texts,
                                size_t count) {
    if (count > ACCESS_RESTRICTIONS_MAX)
        return status_error(STATUS_INVALID_ARGUMENT, "at most %d restrictions can be given",
                            ACCESS_RESTRICTIONS_MAX);
    for (size_t i = 0; i < count; i++)
        TRY(read_restriction(texts[i], transport, &access->restrictions[transport][i]));
    access->restriction_count[transport] = count;
    return status_ok();
}

Status access_new(const AccessOptions *options, Access **ret_access) {
    *ret_access = NULL;
    bool identities = options->tokens_file || options->jwks_file || options->policy_file;
    if (!identities && !options->grpc_restriction_count && !options->http_restriction_count)
        return status_ok();
    AUTO(access_free) Access *access = calloc(1, sizeof *access);
    if (!access)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    mutex_init(&access->mutex);
    access->options = *options;
    access->identities = identities;
    TRY(read_restrictions(access, ACCESS_GRPC, options->grpc_restrictions,
                          options->grpc_restriction_count));
    TRY(read_restrictions(access, ACCESS_HTTP, options->http_restrictions,
                          options->http_restriction_count));
    if (options->jwks_file && (!options->jwt.issuer || !options->jwt.audience))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "--jwks-file needs --jwt-issuer and --jwt-audience: a token for "
                            "another service must not be good here");
    look_at(options, access->marks);
    TRY(read_state(options, &access->current));
    *ret_access = TAKE(access);
    return status_ok();
}

void access_free(Access *access) {
    if (!access)
        return;
    if (access->current)
        state_unref(access->current);
    mutex_deinit(&access->mutex);
    free(access);
}

AccessCounts access_counts(Access *access) {
    return (AccessCounts){ .unauthenticated = atomic_load(&access->unauthenticated),
                           .denied = atomic_load(&access->denied),
                           .reloads = atomic_load(&access->reloads),
                           .failures = atomic_load(&access->failures) };
}

/* --- who --- */

void caller_init(Access *access, AccessTransport transport, Caller *caller) {
    *caller = (Caller){ .transport = transport, .principal = { "anonymous", 9 } };
    LOCKED(&access->mutex);
    atomic_fetch_add_explicit(&access->current->references, 1, memory_order_relaxed);
    caller->state = access->current;
}

void caller_deinit(Caller *caller) {
    if (caller->state)
        state_unref(caller->state);
    *caller = (Caller){ 0 };
}

uint32_t access_opened(const Access *access, AccessTransport transport, StringView name,
                       StringView value) {
    uint32_t opened = 0;
    for (size_t i = 0; i < access->restriction_count[transport]; i++) {
        const Restriction *restriction = &access->restrictions[transport][i];
        if (strlen(restriction->header) == name.length &&
            !strncasecmp(restriction->header, name.data, name.length) &&
            strlen(restriction->value) == value.length &&
            !CRYPTO_memcmp(restriction->value, value.data, value.length))
            opened |= 1u << i;
    }
    return opened;
}

bool access_wants_certificate(const Access *access) {
    return access->options.certificates;
}

static Status set_principal(Caller *caller, const char *kind, StringView name, Arena *arena) {
    size_t prefix = strlen(kind);
    char *text = arena_alloc(arena, prefix + name.length);
    if (!text)
        return arena_exhausted(arena);
    memcpy(text, kind, prefix);
    memcpy(text + prefix, name.data, name.length);
    caller->principal = (StringView){ text, prefix + name.length };
    caller->proven = true;
    return status_ok();
}

/* Behind "Bearer "; false: another scheme. */
static bool bearer_of(StringView authorization, StringView *ret_token) {
    static const char scheme[] = "bearer ";
    size_t length = sizeof scheme - 1;
    if (authorization.length <= length || strncasecmp(authorization.data, scheme, length) != 0)
        return false;
    while (length < authorization.length && authorization.data[length] == ' ')
        length++;
    *ret_token = (StringView){ authorization.data + length, authorization.length - length };
    return true;
}

static Status check_token(const Access *access, StringView token, Arena *arena, Caller *caller) {
    StringView name;
    if (static_tokens_find(&caller->state->tokens, token, &name))
        return set_principal(caller, "token:", name, arena);
    if (!caller->state->jwks.count)
        return status_error(STATUS_UNAUTHENTICATED, "the token is not known");
    TRY(jwt_check(&caller->state->jwks, &access->options.jwt, token, (int64_t)time(NULL), arena,
                  &name));
    return set_principal(caller, "jwt:", name, arena);
}

Status access_identify(Access *access, StringView authorization, const char *certificate,
                       Arena *arena, Caller *caller) {
    static LogLimit limit;
    StringView token;
    if (authorization.length && (access->options.tokens_file || access->options.jwks_file)) {
        Status status = status_error(STATUS_UNAUTHENTICATED, "only bearer tokens are taken");
        if (bearer_of(authorization, &token))
            status = check_token(access, token, arena, caller);
        if (status_is_ok(&status))
            return status;
        atomic_fetch_add(&access->unauthenticated, 1);
        log_event_limited(&limit, LOG_WARN, "access_unauthenticated", "reason=%s",
                          LOG_TEXT(status.message));
        return status_error(STATUS_UNAUTHENTICATED, "the credentials are not valid");
    }
    if (*certificate)
        return set_principal(caller, "cert:", (StringView){ certificate, strlen(certificate) },
                             arena);
    return status_ok();
}

/* --- whether --- */

typedef enum Verdict { ALLOWED, NOBODY, NOT_HE, CLOSED } Verdict;

static bool is_closed(const Access *access, const Caller *caller, Action action) {
    for (size_t i = 0; i < access->restriction_count[caller->transport]; i++)
        if ((access->restrictions[caller->transport][i].actions >> action & 1) &&
            !(caller->opened >> i & 1))
            return true;
    return false;
}

/* model NULL: not known yet. */
static Verdict judge(const Access *access, const Caller *caller, Action action,
                     const StringView *model) {
    if (is_closed(access, caller, action))
        return CLOSED;
    if (action == ACTION_HEALTH || action == ACTION_CONSOLE || !access->identities)
        return ALLOWED;
    bool allowed = caller->proven;
    if (access->options.policy_file) {
        const Policy *policy = &caller->state->policy;
        allowed = model ? policy_allows(policy, caller->principal, action, *model)
                        : policy_may_allow(policy, caller->principal, action);
    }
    if (allowed)
        return ALLOWED;
    return caller->proven ? NOT_HE : NOBODY;
}

static Status refuse(Access *access, const Caller *caller, Action action, const StringView *model,
                     Verdict verdict) {
    static LogLimit limit;
    static const char *const reasons[] = { [NOBODY] = "no credentials",
                                           [NOT_HE] = "no rule allows it",
                                           [CLOSED] = "this part of the API is restricted" };
    char who[128], what[128];
    snprintf(who, sizeof who, "%.*s", (int)caller->principal.length, caller->principal.data);
    snprintf(what, sizeof what, "%.*s", model ? (int)model->length : 0, model ? model->data : "");
    atomic_fetch_add(verdict == NOBODY ? &access->unauthenticated : &access->denied, 1);
    log_event_limited(&limit, LOG_WARN, "access_denied",
                      "principal=%s action=%s model=%s reason=%s", LOG_TEXT(who),
                      action_name(action), LOG_TEXT(what), LOG_TEXT(reasons[verdict]));
    if (verdict == NOBODY)
        return status_error(STATUS_UNAUTHENTICATED, "this needs credentials");
    if (verdict == CLOSED && caller->transport == ACCESS_GRPC)
        return status_error(STATUS_UNAVAILABLE, "This protocol is restricted, expecting header");
    if (verdict == CLOSED)
        return status_error(STATUS_PERMISSION_DENIED, "This API is restricted, expecting header");
    return status_error(STATUS_PERMISSION_DENIED, "you may not %s this", action_name(action));
}

static Status decide(Access *access, const Caller *caller, Action action, const StringView *model) {
    static const Caller nobody = { .principal = { "anonymous", 9 } };
    if (!access)
        return status_ok();
    if (!caller || !caller->state)
        return refuse(access, &nobody, action, model, NOBODY);
    Verdict verdict = judge(access, caller, action, model);
    return verdict == ALLOWED ? status_ok() : refuse(access, caller, action, model, verdict);
}

Status access_decide(Access *access, const Caller *caller, Action action, StringView model) {
    return decide(access, caller, action, &model);
}

Status access_decide_early(Access *access, const Caller *caller, Action action) {
    return decide(access, caller, action, NULL);
}
