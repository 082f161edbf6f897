/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sealing and opening, by OpenSSL. What is opened goes straight into locked memory; nothing of it
 * is given out unless every chunk was authentic. Sizes are checked before anything is allocated: a
 * head that lies about them is damage.
 *
 * Thread: any; keys are read only once they are shared.
 */

#include "runtime/trust/seal.h"

#include "runtime/base/secret.h"
#include "runtime/base/size.h"
#include "runtime/trust/digest.h"

#include <endian.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 20, TAG_BYTES = 16, NONCE_BYTES = 12, ID_BYTES = 8, SALT_BYTES = 32 };
static const unsigned char MAGIC[8] = { 0, 'i', 'n', 'f', 'e', 'r', 'd', 1 };

typedef struct Head {
    unsigned char magic[sizeof MAGIC];
    uint32_t chunk_bytes, zero;
    uint64_t plain_bytes;
    unsigned char key_id[ID_BYTES];
    unsigned char salt[SALT_BYTES];
} Head;
_Static_assert(sizeof(Head) == SEAL_HEAD_BYTES, "as it lies in the file");

struct SealKeys {
    unsigned char keys[SEAL_KEYS_MAX][SEAL_KEY_BYTES];
    unsigned char ids[SEAL_KEYS_MAX][ID_BYTES];
    size_t count;
};

/* --- keys --- */

Status seal_keys_new(SealKeys **ret_keys) {
    void *memory = NULL;
    TRY(secret_new(sizeof(SealKeys), &memory));
    *ret_keys = memory;
    return status_ok();
}

void seal_keys_free(SealKeys *keys) {
    secret_free(keys);
}

Status seal_keys_add(SealKeys *keys, const char *content, size_t length) {
    unsigned char *key = keys->keys[keys->count];
    if (keys->count == SEAL_KEYS_MAX)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "more than %d keys", SEAL_KEYS_MAX);
    if (length != SEAL_KEY_BYTES) {
        Digest parsed;
        while (length > 0 && (content[length - 1] == '\n' || content[length - 1] == '\r'))
            length--;
        if (!digest_parse((StringView){ content, length }, &parsed))
            return status_error(STATUS_INVALID_ARGUMENT, "expected 32 bytes, or 64 hex digits");
        memcpy(key, parsed.bytes, SEAL_KEY_BYTES);
        explicit_bzero(&parsed, sizeof parsed);
    } else {
        memcpy(key, content, SEAL_KEY_BYTES);
    }
    Digest digest = digest_of(key, SEAL_KEY_BYTES);
    memcpy(keys->ids[keys->count], digest.bytes, ID_BYTES);
    keys->count++;
    return status_ok();
}

static const unsigned char *find_key(const SealKeys *keys, const unsigned char *id) {
    for (size_t i = 0; keys && i < keys->count; i++)
        if (memcmp(keys->ids[i], id, ID_BYTES) == 0)
            return keys->keys[i];
    return NULL;
}

/* @ret_key  SEAL_KEY_BYTES */
static bool derive(const unsigned char *key, const unsigned char *salt, unsigned char *ret_key) {
    static const char purpose[] = "inferd sealed file";
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t) "SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key,
                                          SEAL_KEY_BYTES),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt, SALT_BYTES),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)purpose,
                                          sizeof purpose - 1),
        OSSL_PARAM_construct_end(),
    };
    bool good = context && EVP_KDF_derive(context, ret_key, SEAL_KEY_BYTES, parameters) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return good;
}

/* --- chunks --- */

typedef struct Seal {
    EVP_CIPHER_CTX *context;
    unsigned char *key; /* of the file, locked */
    Head head;          /* as it lies in the file */
} Seal;

static void seal_auto_(Seal *seal) {
    EVP_CIPHER_CTX_free(seal->context);
    secret_free(seal->key);
}

static Status seal_begin(const unsigned char *key, bool encrypt, Seal *seal) {
    void *memory = NULL;
    TRY(secret_new(SEAL_KEY_BYTES, &memory));
    seal->key = memory;
    seal->context = EVP_CIPHER_CTX_new();
    if (!seal->context || !derive(key, seal->head.salt, seal->key) ||
        EVP_CipherInit_ex2(seal->context, EVP_aes_256_gcm(), seal->key, NULL, encrypt, NULL) != 1)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "no memory for AES-256-GCM, or no such "
                                                       "algorithm");
    return status_ok();
}

/* Starts the chunk: its nonce, and the head beside it. */
static bool chunk_begin(const Seal *seal, uint64_t index, bool last, bool encrypt) {
    unsigned char nonce[NONCE_BYTES];
    uint64_t number = htobe64(index);
    uint32_t end = htobe32(last ? 1 : 0);
    int done;
    memcpy(nonce, &number, sizeof number);
    memcpy(nonce + sizeof number, &end, sizeof end);
    return EVP_CipherInit_ex2(seal->context, NULL, NULL, nonce, encrypt, NULL) == 1 &&
           EVP_CipherUpdate(seal->context, NULL, &done, (const unsigned char *)&seal->head,
                            sizeof seal->head) == 1;
}

static bool open_chunk(const Seal *seal, uint64_t index, bool last, const unsigned char *src,
                       size_t bytes, unsigned char *dst) {
    int done;
    return chunk_begin(seal, index, last, false) &&
           EVP_CipherUpdate(seal->context, dst, &done, src, (int)bytes) == 1 &&
           EVP_CIPHER_CTX_ctrl(seal->context, EVP_CTRL_GCM_SET_TAG, TAG_BYTES,
                               (void *)(uintptr_t)(src + bytes)) == 1 &&
           EVP_CipherFinal_ex(seal->context, dst + done, &done) == 1;
}

static bool make_chunk(const Seal *seal, uint64_t index, bool last, const unsigned char *src,
                       size_t bytes, unsigned char *dst) {
    int done;
    return chunk_begin(seal, index, last, true) &&
           EVP_CipherUpdate(seal->context, dst, &done, src, (int)bytes) == 1 &&
           EVP_CipherFinal_ex(seal->context, dst + done, &done) == 1 &&
           EVP_CIPHER_CTX_ctrl(seal->context, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, dst + bytes) == 1;
}

static uint64_t chunk_count(uint64_t plain_bytes) {
    return plain_bytes == 0 ? 1 : (plain_bytes - 1) / CHUNK_BYTES + 1;
}

/* false: beyond what a size can say. */
static bool sealed_bytes(uint64_t plain_bytes, uint64_t *ret_bytes) {
    uint64_t tags = chunk_count(plain_bytes) * TAG_BYTES;
    return plain_bytes <= INT64_MAX &&
           !__builtin_add_overflow(plain_bytes, SEAL_HEAD_BYTES + tags, ret_bytes);
}

/* --- whole files --- */

bool seal_is_sealed(const void *data, size_t length) {
    return length >= sizeof MAGIC && memcmp(data, MAGIC, sizeof MAGIC) == 0;
}

static Status damaged(void) {
    ERR_clear_error();
    return status_error(STATUS_DATA_LOSS, "it is damaged, or was tampered with");
}

Status seal_open(const SealKeys *keys, const void *data, size_t length, FileBytes *ret_bytes) {
    __attribute__((cleanup(seal_auto_))) Seal seal = { 0 };
    uint64_t expected;
    if (length < sizeof seal.head)
        return damaged();
    memcpy(&seal.head, data, sizeof seal.head);
    uint64_t plain = le64toh(seal.head.plain_bytes);
    if (!seal_is_sealed(data, length) || le32toh(seal.head.chunk_bytes) != CHUNK_BYTES ||
        seal.head.zero != 0 || !sealed_bytes(plain, &expected) || expected != length)
        return damaged();
    const unsigned char *key = find_key(keys, seal.head.key_id);
    if (!key)
        return status_error(STATUS_FAILED_PRECONDITION,
                            "it is encrypted with a key that is not in --model-key-file");
    TRY(seal_begin(key, false, &seal));
    AUTO(secret_free) void *opened = NULL;
    TRY(secret_new((size_t)plain + 1, &opened));
    const unsigned char *src = (const unsigned char *)data + sizeof seal.head;
    uint64_t count = chunk_count(plain);
    for (uint64_t i = 0, done = 0; i < count; i++) {
        size_t bytes = (size_t)MIN_OF(plain - done, (uint64_t)CHUNK_BYTES);
        if (!open_chunk(&seal, i, i + 1 == count, src, bytes, (unsigned char *)opened + done))
            return damaged();
        src += bytes + TAG_BYTES;
        done += bytes;
    }
    *ret_bytes = (FileBytes){ TAKE(opened), (size_t)plain, secret_free };
    return status_ok();
}

Status seal_make(const SealKeys *keys, const void *data, size_t length, char **ret_sealed,
                 size_t *ret_length) {
    __attribute__((cleanup(seal_auto_))) Seal seal = { 0 };
    uint64_t whole;
    if (keys->count == 0)
        return status_error(STATUS_FAILED_PRECONDITION, "there is no key");
    if (!sealed_bytes(length, &whole))
        return status_error(STATUS_INVALID_ARGUMENT, "%zu bytes are too many", length);
    memcpy(seal.head.magic, MAGIC, sizeof MAGIC);
    seal.head.chunk_bytes = htole32(CHUNK_BYTES);
    seal.head.plain_bytes = htole64(length);
    memcpy(seal.head.key_id, keys->ids[0], ID_BYTES);
    if (RAND_bytes(seal.head.salt, SALT_BYTES) != 1)
        return status_error(STATUS_INTERNAL, "no random numbers");
    TRY(seal_begin(keys->keys[0], true, &seal));
    AUTO(free) char *sealed = malloc((size_t)whole);
    if (!sealed)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory for %zu bytes",
                            (size_t)whole);
    memcpy(sealed, &seal.head, sizeof seal.head);
    unsigned char *dst = (unsigned char *)sealed + sizeof seal.head;
    uint64_t count = chunk_count(length);
    for (uint64_t i = 0; i < count; i++) {
        size_t done = (size_t)i * CHUNK_BYTES, bytes = MIN_OF(length - done, (size_t)CHUNK_BYTES);
        if (!make_chunk(&seal, i, i + 1 == count, (const unsigned char *)data + done, bytes, dst))
            return status_error(STATUS_INTERNAL, "AES-256-GCM failed");
        dst += bytes + TAG_BYTES;
    }
    *ret_sealed = TAKE(sealed);
    *ret_length = (size_t)whole;
    return status_ok();
}
