/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Checking signatures with OpenSSL. What is trusted comes from the operator's policy; of a bundle
 * only the claim is used. The hash follows from the key's own curve, never from the bundle. The
 * encoding of releases before 1.0 (an escaped payload) is not accepted.
 *
 * A chain is checked as of the signing certificate's first valid second, as model signing does it:
 * there is no trusted time in these bundles, and a model must load after its certificate has
 * expired. Whoever must be shut out is taken out of the policy. No revocation lists.
 *
 * Thread: any; keys and roots are read only.
 */

#include "runtime/trust/signature.h"

#include "runtime/base/size.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

static void bio_auto_(BIO **bio) {
    BIO_free(*bio);
}
static void certificate_auto_(X509 **certificate) {
    X509_free(*certificate);
}
#define OWN(type) __attribute__((cleanup(type##_auto_)))

static Status denied(const char *why) {
    ERR_clear_error();
    return status_error(STATUS_PERMISSION_DENIED, "%s", why);
}

/* --- keys --- */

const EVP_MD *signature_hash(const EVP_PKEY *key) {
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC)
        return NULL;
    const struct {
        const char *curve;
        const EVP_MD *hash;
    } rows[] = {
        { "prime256v1", EVP_sha256() },
        { "secp384r1", EVP_sha384() },
        { "secp521r1", EVP_sha512() },
    };
    char name[80] = "";
    if (EVP_PKEY_get_group_name(key, name, sizeof name, NULL) != 1)
        return NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (strcmp(name, rows[i].curve) == 0)
            return rows[i].hash;
    return NULL;
}

Status signature_key_hint(EVP_PKEY *key, Digest *ret_hint) {
    OWN(bio) BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    if (!bio || PEM_write_bio_PUBKEY(bio, key) != 1)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    long bytes = BIO_get_mem_data(bio, &pem);
    *ret_hint = digest_of(pem, (size_t)bytes);
    return status_ok();
}

Status trust_key_read(const char *pem, size_t length, TrustKey *ret_key) {
    OWN(bio) BIO *bio = length <= INT32_MAX ? BIO_new_mem_buf(pem, (int)length) : NULL;
    TrustKey key = { .key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL };
    if (!key.key || !signature_hash(key.key)) {
        trust_key_deinit(&key);
        ERR_clear_error();
        return status_error(STATUS_INVALID_ARGUMENT,
                            "expected a public key (PEM) on P-256, P-384 or P-521");
    }
    Status status = signature_key_hint(key.key, &key.hint);
    if (!status_is_ok(&status)) {
        trust_key_deinit(&key);
        return status;
    }
    *ret_key = key;
    return status_ok();
}

void trust_key_deinit(TrustKey *key) {
    EVP_PKEY_free(key->key);
    *key = (TrustKey){ 0 };
}

Status trust_roots_add(const char *pem, size_t length, X509_STORE *roots) {
    OWN(bio) BIO *bio = length <= INT32_MAX ? BIO_new_mem_buf(pem, (int)length) : NULL;
    size_t count = 0;
    for (;;) {
        OWN(certificate) X509 *root = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
        if (!root || X509_STORE_add_cert(roots, root) != 1)
            break;
        count++;
    }
    ERR_clear_error(); /* the end of the file is one */
    if (count == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "expected certificates (PEM)");
    return status_ok();
}

/* --- signatures --- */

Status signature_encode(StringView payload, Arena *arena, StringView *ret_encoded) {
    char head[128];
    int length = snprintf(head, sizeof head, "DSSEv1 %zu %s %zu ", sizeof BUNDLE_PAYLOAD_TYPE - 1,
                          BUNDLE_PAYLOAD_TYPE, payload.length);
    char *encoded = arena_alloc(arena, (size_t)length + payload.length);
    if (!encoded)
        return arena_exhausted(arena);
    memcpy(encoded, head, (size_t)length);
    memcpy(encoded + length, payload.data, payload.length);
    *ret_encoded = (StringView){ encoded, (size_t)length + payload.length };
    return status_ok();
}

static Status check(const Bundle *bundle, EVP_PKEY *key) {
    const EVP_MD *hash = signature_hash(key);
    AUTO(arena_free) Arena *arena = NULL;
    StringView encoded;
    if (!hash)
        return denied("its key is not on P-256, P-384 or P-521");
    TRY(arena_new(4096, bundle->payload.length + 8192, &arena));
    TRY(signature_encode(bundle->payload, arena, &encoded));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context && EVP_DigestVerifyInit(context, NULL, hash, NULL, key) == 1 &&
                EVP_DigestVerify(context, (const unsigned char *)bundle->signature.data,
                                 bundle->signature.length, (const unsigned char *)encoded.data,
                                 encoded.length) == 1;
    EVP_MD_CTX_free(context);
    return good ? status_ok() : denied("the signature does not fit");
}

Status signature_check_key(const Bundle *bundle, const TrustKey *key) {
    Digest hint;
    if (bundle->certificate_count)
        return denied("it is signed by a certificate, not by a key");
    if (bundle->key_hint.length &&
        (!digest_parse(bundle->key_hint, &hint) || !digest_equal(&hint, &key->hint)))
        return status_error(STATUS_PERMISSION_DENIED, "signed by key %.*s, trusted is %s",
                            (int)MIN_OF(bundle->key_hint.length, (size_t)2 * DIGEST_BYTES),
                            bundle->key_hint.data, DIGEST_TEXT(&key->hint));
    return check(bundle, key->key);
}

/* --- certificates --- */

static X509 *read_certificate(StringView der) {
    const unsigned char *at = (const unsigned char *)der.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.length);
    if (certificate && at != (const unsigned char *)der.data + der.length) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

/* Its key usage must say so, or else its extended one. */
static bool may_sign(X509 *certificate) {
    uint32_t usage = X509_get_key_usage(certificate);
    if (usage != UINT32_MAX && (usage & KU_DIGITAL_SIGNATURE))
        return true;
    uint32_t extended = X509_get_extended_key_usage(certificate);
    return extended != UINT32_MAX && (extended & XKU_CODE_SIGN);
}

static Status copy_name(const ASN1_STRING *text, Arena *arena, StringView *ret_name) {
    const unsigned char *data = ASN1_STRING_get0_data(text);
    size_t length = (size_t)ASN1_STRING_length(text);
    if (memchr(data, '\0', length))
        return denied("a name in its certificate holds a NUL");
    char *copy = arena_strndup(arena, (const char *)data, length);
    if (!copy)
        return arena_exhausted(arena);
    *ret_name = (StringView){ copy, length };
    return status_ok();
}

static Status find_name(X509 *certificate, Arena *arena, StringView *ret_name) {
    Status status = status_ok();
    StringView name = { "", 0 };
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && name.length == 0; i++) {
        const GENERAL_NAME *one = sk_GENERAL_NAME_value(names, i);
        if (one->type == GEN_URI || one->type == GEN_EMAIL)
            status = copy_name(one->d.ia5, arena, &name);
    }
    GENERAL_NAMES_free(names);
    X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (status_is_ok(&status) && name.length == 0 && at >= 0)
        status =
            copy_name(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), arena, &name);
    *ret_name = name;
    return status;
}

static time_t first_valid_second(const X509 *certificate) {
    struct tm begin = { 0 };
    if (ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &begin) != 1)
        return 0;
    return timegm(&begin);
}

static bool chain_holds(X509 *signer, STACK_OF(X509) * others, X509_STORE *roots) {
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool good = context && X509_STORE_CTX_init(context, roots, signer, others) == 1;
    if (good) {
        X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);
        X509_VERIFY_PARAM_set_time(rules, first_valid_second(signer));
        good = X509_verify_cert(context) == 1;
    }
    X509_STORE_CTX_free(context);
    return good;
}

Status signature_check_chain(const Bundle *bundle, X509_STORE *roots, Arena *arena,
                             StringView *ret_name) {
    if (bundle->certificate_count == 0)
        return denied("it is signed by a key, not by a certificate");
    OWN(certificate) X509 *signer = read_certificate(bundle->certificates[0]);
    if (!signer)
        return denied("its certificate cannot be read");
    STACK_OF(X509) *others = sk_X509_new_null();
    bool good = others != NULL;
    for (size_t i = 1; i < bundle->certificate_count && good; i++) {
        X509 *other = read_certificate(bundle->certificates[i]);
        good = other && sk_X509_push(others, other) > 0;
        if (!good)
            X509_free(other);
    }
    good = good && chain_holds(signer, others, roots);
    sk_X509_pop_free(others, X509_free);
    if (!good)
        return denied("its certificate leads to no trusted root");
    if (!may_sign(signer))
        return denied("its certificate may not sign");
    TRY(check(bundle, X509_get0_pubkey(signer)));
    return find_name(signer, arena, ret_name);
}
