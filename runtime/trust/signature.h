/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who has signed: keys and certificates that are trusted, and checking a bundle against them.
 * ECDSA over P-256, P-384 or P-521 with SHA-256, SHA-384 or SHA-512, as model signing has it.
 */

#include "runtime/trust/bundle.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* A trusted public key. */
typedef struct TrustKey {
    EVP_PKEY *key;
    Digest hint; /* of its PEM: how bundles name it */
} TrustKey;

/* PEM, of an elliptic curve. INVALID_ARGUMENT. */
Status trust_key_read(const char *pem, size_t length, TrustKey *ret_key);
void trust_key_deinit(TrustKey *key);

/* Roots that may stand at the end of a chain; PEM, one or several. INVALID_ARGUMENT. */
Status trust_roots_add(const char *pem, size_t length, X509_STORE *roots);

/* PERMISSION_DENIED when it is not signed by this key. */
Status signature_check_key(const Bundle *bundle, const TrustKey *key);
/**
 * A chain to one of the roots as of the time the certificate began to be valid (which is when model
 * signing looks: models outlive certificates), of a certificate that may sign.
 *
 * @ret_name  of the certificate: its first URI or mail address, else its common name
 *
 * Errors: PERMISSION_DENIED saying what does not hold
 */
Status signature_check_chain(const Bundle *bundle, X509_STORE *roots, Arena *arena,
                             StringView *ret_name);

/* What is signed: DSSE's pre-authentication encoding of the payload. */
Status signature_encode(StringView payload, Arena *arena, StringView *ret_encoded);
/* NULL: not a curve that model signing knows. */
const EVP_MD *signature_hash(const EVP_PKEY *key);
/* SHA-256 of the key's PEM. */
Status signature_key_hint(EVP_PKEY *key, Digest *ret_hint);
