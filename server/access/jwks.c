/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The file is the operator's, yet read like a stranger's: bounded, without recursion, each number
 * checked. Keys become OpenSSL's from their numbers alone. Private parts, if somebody left them in,
 * are not looked at. Thread: main.
 */

#include "server/access/jwks.h"

#include "runtime/base/size.h"
#include "server/access/base64url.h"
#include "runtime/json/json_reader.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <string.h>

enum { RSA_BITS_LEAST = 2048, RSA_BITS_MOST = 8192, P256_BYTES = 32, ED25519_BYTES = 32 };

typedef enum KeyField {
    KEY_KTY,
    KEY_KID,
    KEY_USE,
    KEY_ALG,
    KEY_CRV,
    KEY_N,
    KEY_E,
    KEY_X,
    KEY_Y,
    KEY_FIELDS
} KeyField;

static const char *const FIELD_NAMES[KEY_FIELDS] = {
    [KEY_KTY] = "kty", [KEY_KID] = "kid", [KEY_USE] = "use", [KEY_ALG] = "alg", [KEY_CRV] = "crv",
    [KEY_N] = "n",     [KEY_E] = "e",     [KEY_X] = "x",     [KEY_Y] = "y",
};

static bool is_text(StringView text, const char *other) {
    return text.length == strlen(other) && !memcmp(text.data, other, text.length);
}

static Status bad_key(size_t index, const char *what) {
    return status_error(STATUS_INVALID_ARGUMENT, "key %zu of the JWKS: %s", index, what);
}

/* --- to OpenSSL --- */

static EVP_PKEY *from_params(const char *kind, OSSL_PARAM *params) {
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    if (context && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

static EVP_PKEY *rsa_key(StringView n, StringView e) {
    EVP_PKEY *key = NULL;
    BIGNUM *modulus = BN_bin2bn((const unsigned char *)n.data, (int)n.length, NULL);
    BIGNUM *exponent = BN_bin2bn((const unsigned char *)e.data, (int)e.length, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    bool fits = modulus && exponent && builder && BN_num_bits(modulus) >= RSA_BITS_LEAST &&
                BN_num_bits(modulus) <= RSA_BITS_MOST && BN_num_bits(exponent) <= 64 &&
                BN_is_odd(exponent) && !BN_is_one(exponent);
    if (fits && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1) {
        OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
        key = params ? from_params("RSA", params) : NULL;
        OSSL_PARAM_free(params);
    }
    OSSL_PARAM_BLD_free(builder);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

static EVP_PKEY *p256_key(StringView x, StringView y) {
    unsigned char point[1 + 2 * P256_BYTES] = { 4 }; /* uncompressed */
    char curve[] = "P-256";
    if (x.length != P256_BYTES || y.length != P256_BYTES)
        return NULL;
    memcpy(point + 1, x.data, P256_BYTES);
    memcpy(point + 1 + P256_BYTES, y.data, P256_BYTES);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    return from_params("EC", params); /* which checks that the point is on the curve */
}

static EVP_PKEY *ed25519_key(StringView x) {
    if (x.length != ED25519_BYTES)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)x.data,
                                       x.length);
}

/* --- one key --- */

static Status read_fields(JsonReader *reader, size_t index, Arena *arena,
                          StringView fields[static KEY_FIELDS]) {
    StringView name;
    if (json_peek(reader) != JSON_KIND_OBJECT || !json_open(reader))
        return bad_key(index, "not an object");
    while (json_next_member(reader, arena, &name)) {
        size_t field = 0;
        while (field < KEY_FIELDS && !is_text(name, FIELD_NAMES[field]))
            field++;
        if (field == KEY_FIELDS || json_peek(reader) != JSON_KIND_STRING) {
            json_skip(reader, NULL);
            continue;
        }
        if (fields[field].data)
            return bad_key(index, "a member is there twice");
        if (!json_read_string(reader, arena, &fields[field]))
            break;
    }
    return reader->mistake ? bad_key(index, reader->mistake) : status_ok();
}

static JwtAlgorithm algorithm_of(const StringView fields[static KEY_FIELDS]) {
    static const struct {
        const char *kty, *crv, *alg;
        JwtAlgorithm algorithm;
    } rows[] = { { "RSA", NULL, "RS256", JWT_RS256 },
                 { "EC", "P-256", "ES256", JWT_ES256 },
                 { "OKP", "Ed25519", "EdDSA", JWT_EDDSA } };
    if (fields[KEY_USE].data && !is_text(fields[KEY_USE], "sig"))
        return JWT_NONE;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (is_text(fields[KEY_KTY], rows[i].kty) &&
            (!rows[i].crv || is_text(fields[KEY_CRV], rows[i].crv)) &&
            (!fields[KEY_ALG].data || is_text(fields[KEY_ALG], rows[i].alg)))
            return rows[i].algorithm;
    return JWT_NONE;
}

static Status read_key(JsonReader *reader, size_t index, Arena *arena, Jwks *jwks) {
    StringView fields[KEY_FIELDS] = { 0 }, numbers[KEY_FIELDS] = { 0 };
    TRY(read_fields(reader, index, arena, fields));
    JwtAlgorithm algorithm = algorithm_of(fields);
    if (algorithm == JWT_NONE)
        return status_ok();
    if (jwks->count == JWKS_KEYS_MAX)
        return bad_key(index, "there are more than 64");
    if (fields[KEY_KID].data && jwks_find(jwks, fields[KEY_KID], algorithm))
        return bad_key(index, "its kid is there twice");
    for (size_t i = KEY_N; i < KEY_FIELDS; i++)
        if (fields[i].data && !base64url_decode(fields[i], arena, &numbers[i]))
            return bad_key(index, "a number of it is not base64url");
    EVP_PKEY *key = NULL;
    if (algorithm == JWT_RS256)
        key = rsa_key(numbers[KEY_N], numbers[KEY_E]);
    else if (algorithm == JWT_ES256)
        key = p256_key(numbers[KEY_X], numbers[KEY_Y]);
    else
        key = ed25519_key(numbers[KEY_X]);
    if (!key)
        return bad_key(index, "its numbers are no key of a size that is taken");
    jwks->keys[jwks->count++] =
        (JwksKey){ .id = fields[KEY_KID], .algorithm = algorithm, .key = key };
    return status_ok();
}

Status jwks_parse(const char *text, size_t length, Arena *arena, Jwks *jwks) {
    JsonReader reader = json_reader_of(text, length);
    StringView name;
    size_t index = 0;
    bool found = false;
    if (json_peek(&reader) != JSON_KIND_OBJECT || !json_open(&reader))
        return status_error(STATUS_INVALID_ARGUMENT, "the JWKS is not a JSON object");
    while (json_next_member(&reader, arena, &name)) {
        if (!is_text(name, "keys") || json_peek(&reader) != JSON_KIND_ARRAY || found) {
            json_skip(&reader, NULL);
            continue;
        }
        found = true;
        json_open(&reader);
        while (json_next_element(&reader))
            TRY(read_key(&reader, index++, arena, jwks));
    }
    if (reader.mistake)
        return status_error(STATUS_INVALID_ARGUMENT, "the JWKS is not JSON: %s at offset: %zu",
                            reader.mistake, (size_t)(reader.at - reader.begin));
    if (!jwks->count)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "the JWKS has no key for RS256, ES256 or EdDSA");
    return status_ok();
}

void jwks_deinit(Jwks *jwks) {
    for (size_t i = 0; i < jwks->count; i++)
        EVP_PKEY_free(jwks->keys[i].key);
    jwks->count = 0;
}

const JwksKey *jwks_find(const Jwks *jwks, StringView id, JwtAlgorithm algorithm) {
    const JwksKey *found = NULL;
    for (size_t i = 0; i < jwks->count; i++) {
        const JwksKey *key = &jwks->keys[i];
        if (key->algorithm != algorithm)
            continue;
        if (id.length && id.length == key->id.length && !memcmp(id.data, key->id.data, id.length))
            return key;
        if (!id.length && found)
            return NULL; /* which of them? */
        if (!id.length)
            found = key;
    }
    return found;
}
