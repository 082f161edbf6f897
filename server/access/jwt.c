/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * In this order: form and size; the header, of which only alg and kid count (kid finds a key in our
 * table and is used for nothing else; a header that says crit asks for what we do not know); the
 * key, whose own kind must be that of alg, so that no public key serves as a shared secret; the
 * signature; and only then what the token claims. Members that count must not be there twice. Pure
 * but for the arena; any thread.
 */

#include "server/access/jwt.h"

#include "runtime/base/size.h"
#include "server/access/base64url.h"
#include "runtime/json/json_reader.h"

#include <openssl/ecdsa.h>
#include <string.h>

typedef struct Parts {
    StringView header, payload, signature, signed_text;
} Parts;

typedef struct Claims {
    StringView subject, issuer;
    bool has_expiry, has_not_before, has_audience, audience_fits;
    int64_t expiry_s, not_before_s;
} Claims;

static Status refuse(const char *why) {
    return status_error(STATUS_UNAUTHENTICATED, "the token is not valid: %s", why);
}

static bool is_text(StringView text, const char *other) {
    return text.length == strlen(other) && !memcmp(text.data, other, text.length);
}

static Status split(StringView token, Arena *arena, Parts *parts) {
    const char *end = token.data + token.length;
    const char *first = memchr(token.data, '.', token.length);
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (token.length > JWT_BYTES_MAX || !second)
        return refuse("it has not three parts, or is too long");
    const struct {
        const char *begin, *end;
        StringView *dst;
    } pieces[] = { { token.data, first, &parts->header },
                   { first + 1, second, &parts->payload },
                   { second + 1, end, &parts->signature } };
    for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
        StringView piece = { pieces[i].begin, (size_t)(pieces[i].end - pieces[i].begin) };
        if (!base64url_decode(piece, arena, pieces[i].dst))
            return refuse("a part is not base64url");
    }
    parts->signed_text = (StringView){ token.data, (size_t)(second - token.data) };
    return status_ok();
}

/* --- header and key --- */

static JwtAlgorithm algorithm_of(StringView name) {
    static const struct {
        const char *name;
        JwtAlgorithm algorithm;
    } rows[] = { { "RS256", JWT_RS256 }, { "ES256", JWT_ES256 }, { "EdDSA", JWT_EDDSA } };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (is_text(name, rows[i].name))
            return rows[i].algorithm;
    return JWT_NONE;
}

/* A member that must be text and there once. */
static bool read_once(JsonReader *reader, Arena *arena, StringView *dst) {
    if (dst->data || json_peek(reader) != JSON_KIND_STRING)
        return json_fail(reader, reader->at, "a member is there twice, or not text");
    return json_read_string(reader, arena, dst);
}

static bool is_done(JsonReader *reader) {
    return !reader->mistake && json_peek(reader) == JSON_KIND_NOTHING && reader->at == reader->end;
}

static Status find_key(const Jwks *jwks, StringView header, Arena *arena, const JwksKey **ret_key) {
    JsonReader reader = json_reader_of(header.data, header.length);
    StringView name, algorithm = { 0 }, id = { 0 };
    if (json_peek(&reader) != JSON_KIND_OBJECT || !json_open(&reader))
        return refuse("its header is not an object");
    while (json_next_member(&reader, arena, &name)) {
        if (is_text(name, "crit") || is_text(name, "b64"))
            return refuse("its header asks for an extension");
        if (is_text(name, "alg"))
            read_once(&reader, arena, &algorithm);
        else if (is_text(name, "kid"))
            read_once(&reader, arena, &id);
        else
            json_skip(&reader, NULL);
    }
    if (!is_done(&reader))
        return refuse("its header is not JSON");
    JwtAlgorithm kind = algorithm.data ? algorithm_of(algorithm) : JWT_NONE;
    *ret_key = kind == JWT_NONE ? NULL : jwks_find(jwks, id, kind);
    return *ret_key ? status_ok() : refuse("no key of ours has this kid and algorithm");
}

/* --- signature --- */

/* JOSE writes both numbers of an ECDSA signature behind each other, OpenSSL reads DER. */
static bool ecdsa_to_der(StringView raw, unsigned char **ret_der, size_t *ret_bytes) {
    enum { HALF = 32 };
    if (raw.length != 2 * HALF)
        return false;
    const unsigned char *bytes = (const unsigned char *)raw.data;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(bytes, HALF, NULL), *s = BN_bin2bn(bytes + HALF, HALF, NULL);
    if (!signature || !r || !s || ECDSA_SIG_set0(signature, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(signature);
        return false;
    }
    *ret_der = NULL;
    int length = i2d_ECDSA_SIG(signature, ret_der);
    ECDSA_SIG_free(signature);
    *ret_bytes = length > 0 ? (size_t)length : 0;
    return length > 0;
}

static bool verify(const JwksKey *key, StringView text, const unsigned char *signature,
                   size_t bytes) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *digest = key->algorithm == JWT_EDDSA ? NULL : EVP_sha256();
    bool good = context && EVP_DigestVerifyInit(context, NULL, digest, NULL, key->key) == 1 &&
                EVP_DigestVerify(context, signature, bytes, (const unsigned char *)text.data,
                                 text.length) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

static Status check_signature(const JwksKey *key, const Parts *parts) {
    const unsigned char *signature = (const unsigned char *)parts->signature.data;
    bool good;
    if (key->algorithm == JWT_ES256) {
        unsigned char *der;
        size_t bytes;
        good = ecdsa_to_der(parts->signature, &der, &bytes);
        if (good) {
            good = verify(key, parts->signed_text, der, bytes);
            OPENSSL_free(der);
        }
    } else {
        good = verify(key, parts->signed_text, signature, parts->signature.length);
    }
    return good ? status_ok() : refuse("its signature does not fit");
}

/* --- claims --- */

/* Seconds; a fraction is allowed and cut off. */
static bool read_time(JsonReader *reader, bool *ret_has, int64_t *ret_s) {
    StringView text;
    if (*ret_has || json_peek(reader) != JSON_KIND_NUMBER || !json_skip(reader, &text))
        return json_fail(reader, reader->at, "a time is there twice, or no number");
    size_t digits = 0;
    int64_t seconds = 0;
    for (; digits < text.length && text.data[digits] >= '0' && text.data[digits] <= '9'; digits++)
        if (__builtin_mul_overflow(seconds, 10, &seconds) ||
            __builtin_add_overflow(seconds, text.data[digits] - '0', &seconds))
            return json_fail(reader, reader->at, "a time is too large");
    if (!digits || (digits < text.length && text.data[digits] != '.'))
        return json_fail(reader, reader->at, "a time is not plain seconds");
    *ret_has = true;
    *ret_s = seconds;
    return true;
}

static bool read_audience(JsonReader *reader, const char *wanted, Arena *arena, Claims *claims) {
    StringView text = { 0 };
    if (claims->has_audience)
        return json_fail(reader, reader->at, "aud is there twice");
    claims->has_audience = true;
    if (json_peek(reader) == JSON_KIND_STRING) {
        if (!json_read_string(reader, arena, &text))
            return false;
        claims->audience_fits = wanted && is_text(text, wanted);
        return true;
    }
    if (json_peek(reader) != JSON_KIND_ARRAY || !json_open(reader))
        return json_fail(reader, reader->at, "aud is neither text nor an array");
    while (json_next_element(reader)) {
        if (json_peek(reader) != JSON_KIND_STRING || !json_read_string(reader, arena, &text))
            return json_fail(reader, reader->at, "aud has what is not text");
        claims->audience_fits = claims->audience_fits || (wanted && is_text(text, wanted));
    }
    return !reader->mistake;
}

static Status read_claims(StringView payload, const JwtRules *rules, Arena *arena, Claims *claims) {
    JsonReader reader = json_reader_of(payload.data, payload.length);
    StringView name;
    if (json_peek(&reader) != JSON_KIND_OBJECT || !json_open(&reader))
        return refuse("its payload is not an object");
    while (json_next_member(&reader, arena, &name)) {
        if (is_text(name, "sub"))
            read_once(&reader, arena, &claims->subject);
        else if (is_text(name, "iss"))
            read_once(&reader, arena, &claims->issuer);
        else if (is_text(name, "exp"))
            read_time(&reader, &claims->has_expiry, &claims->expiry_s);
        else if (is_text(name, "nbf"))
            read_time(&reader, &claims->has_not_before, &claims->not_before_s);
        else if (is_text(name, "aud"))
            read_audience(&reader, rules->audience, arena, claims);
        else
            json_skip(&reader, NULL);
    }
    return is_done(&reader) ? status_ok() : refuse("its payload is not JSON of the right kinds");
}

static Status check_claims(const Claims *claims, const JwtRules *rules, int64_t now_s) {
    if (!claims->has_expiry || now_s - JWT_SKEW_S >= claims->expiry_s)
        return refuse("it has expired, or never does");
    if (claims->has_not_before && now_s + JWT_SKEW_S < claims->not_before_s)
        return refuse("its time has not come");
    if (rules->issuer && !(claims->issuer.data && is_text(claims->issuer, rules->issuer)))
        return refuse("it is of another issuer");
    if (rules->audience && !claims->audience_fits)
        return refuse("it is for another audience");
    if (!claims->subject.length || memchr(claims->subject.data, '\0', claims->subject.length))
        return refuse("it names no subject");
    return status_ok();
}

Status jwt_check(const Jwks *jwks, const JwtRules *rules, StringView token, int64_t now_s,
                 Arena *arena, StringView *ret_subject) {
    Parts parts;
    const JwksKey *key;
    Claims claims = { 0 };
    TRY(split(token, arena, &parts));
    TRY(find_key(jwks, parts.header, arena, &key));
    TRY(check_signature(key, &parts));
    TRY(read_claims(parts.payload, rules, arena, &claims));
    TRY(check_claims(&claims, rules, now_s));
    *ret_subject = claims.subject;
    return status_ok();
}
