/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Signed tokens (RFC 7519): RS256, ES256 and EdDSA, and nothing else. */

#include "server/access/jwks.h"

enum { JWT_BYTES_MAX = 8192, JWT_SKEW_S = 60 };

typedef struct JwtRules {
    const char *issuer;   /* must be iss; NULL: not looked at */
    const char *audience; /* must be among aud; NULL: not looked at */
} JwtRules;

/**
 * Checks form, signature and claims. exp is demanded, sub as well.
 *
 * @now_s        Unix time
 * @ret_subject  lives in arena
 *
 * Errors: UNAUTHENTICATED, for the log: clients are not told why
 */
Status jwt_check(const Jwks *jwks, const JwtRules *rules, StringView token, int64_t now_s,
                 Arena *arena, StringView *ret_subject);
