/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A set of public keys (RFC 7517) that may sign tokens. */

#include "runtime/base/arena.h"
#include "runtime/tensor/dtype.h"

#include <openssl/evp.h>

enum { JWKS_KEYS_MAX = 64 };

/* What a key may sign with follows from its kind, never from a token. */
typedef enum JwtAlgorithm {
    JWT_NONE,
    JWT_RS256, /* RSA of 2048 to 8192 bits */
    JWT_ES256, /* P-256 */
    JWT_EDDSA, /* Ed25519 */
} JwtAlgorithm;

typedef struct JwksKey {
    StringView id; /* empty: the key has none */
    JwtAlgorithm algorithm;
    EVP_PKEY *key;
} JwksKey;

typedef struct Jwks {
    JwksKey keys[JWKS_KEYS_MAX];
    size_t count;
} Jwks;

/**
 * Keys of kinds that we do not know, and those that are for encryption, are left out; a set without
 * any key that is left is a mistake.
 *
 * @arena  keeps the ids
 * @jwks   zeroed; what was read is in it on failure too: jwks_deinit
 *
 * Errors: INVALID_ARGUMENT (not JSON, a key without its numbers, an id twice)
 */
Status jwks_parse(const char *text, size_t length, Arena *arena, Jwks *jwks);
void jwks_deinit(Jwks *jwks);

/* NULL: there is none that fits. Without an id the only key of that algorithm. */
const JwksKey *jwks_find(const Jwks *jwks, StringView id, JwtAlgorithm algorithm);
