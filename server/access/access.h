/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who asks, and whether he may: the one place that both transports come to. Who asks is settled on
 * the headers (access_identify); whether he may, when the action and the model are known
 * (access_decide). Tokens, keys and policy come from files that may change while we serve; a file
 * that cannot be read leaves what was in force.
 */

#include "server/access/action.h"
#include "server/access/jwt.h"
#include "server/access/policy.h"

#include <stdint.h>

enum { ACCESS_RESTRICTIONS_MAX = 16 };

typedef struct AccessOptions {
    const char *tokens_file; /* lines "NAME SHA256-in-hex"; NULL */
    const char *jwks_file;   /* NULL */
    JwtRules jwt;
    const char *policy_file; /* NULL: whoever proved who he is may do all */
    bool certificates;       /* clients show certificates: they are principals */
    /* Triton's "group,group:header=value" */
    const char *const *grpc_restrictions, *const *http_restrictions;
    size_t grpc_restriction_count, http_restriction_count;
} AccessOptions;

typedef enum AccessTransport { ACCESS_GRPC, ACCESS_HTTP, ACCESS_TRANSPORTS } AccessTransport;

typedef struct Access Access;
typedef struct AccessState AccessState;

/* Whom a request comes from. */
typedef struct Caller {
    const AccessState *state; /* a reference: caller_deinit; NULL: not begun */
    AccessTransport transport;
    StringView principal; /* in the request's arena */
    bool proven;          /* not "anonymous" */
    uint32_t opened;      /* restrictions whose header was there, a bit each */
} Caller;

typedef struct AccessCounts {
    uint64_t unauthenticated, denied, reloads, failures;
} AccessCounts;

/**
 * @ret_access  NULL when nothing is asked for: everybody may do everything
 *
 * Errors: INVALID_ARGUMENT of the file or flag that is wrong
 * Thread: main
 */
Status access_new(const AccessOptions *options, Access **ret_access);
void access_free(Access *access);
DEFINE_AUTO(Access, access_free);
/* Takes changed files over. Thread: main, about once a second. */
void access_refresh(Access *access);
AccessCounts access_counts(Access *access);

/* --- one request --- */

/* Nobody yet. Thread: any, as all that follows. */
void caller_init(Access *access, AccessTransport transport, Caller *caller);
void caller_deinit(Caller *caller);
/* Which restrictions a header opens: for Caller.opened. */
uint32_t access_opened(const Access *access, AccessTransport transport, StringView name,
                       StringView value);
/* Whether clients' certificates count. */
bool access_wants_certificate(const Access *access);

/**
 * Settles who asks, after all headers.
 *
 * @authorization  of the header of that name; empty: there is none
 * @certificate    tls_peer_name's, or the core's; empty: there is none
 *
 * Errors: UNAUTHENTICATED (a token is there and is not valid)
 */
Status access_identify(Access *access, StringView authorization, const char *certificate,
                       Arena *arena, Caller *caller);

/**
 * The decision. The reason of a refusal is logged, not told.
 *
 * @caller  NULL: a way in that forgot to ask: refused
 *
 * Errors: UNAUTHENTICATED (nobody in particular asks), PERMISSION_DENIED
 */
Status access_decide(Access *access, const Caller *caller, Action action, StringView model);
/* The same as far as it can be told without the model: before the body is read. */
Status access_decide_early(Access *access, const Caller *caller, Action action);
