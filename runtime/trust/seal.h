/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Files that are encrypted where they are stored. A head of 64 bytes, then chunks of 1 MiB, each
 * AES-256-GCM with its tag behind it:
 *
 *     0  "\0inferd\1"             24  first 8 bytes of the key's SHA-256
 *     8  chunk bytes, u32 LE      32  salt, 32 random bytes
 *    12  0, u32
 *    16  plain bytes, u64 LE
 *
 * The key of a file is HKDF-SHA256(key, salt, "inferd sealed file"), so that no key meets a nonce
 * twice; the nonce is the chunk's number, u64 BE, and 1 for the last or 0, u32 BE; the head is
 * authenticated with every chunk. Chunks can be neither changed, reordered, dropped nor added.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/file_source.h"

enum { SEAL_HEAD_BYTES = 64, SEAL_KEY_BYTES = 32, SEAL_KEYS_MAX = 16 };

typedef struct SealKeys SealKeys;

/* In locked memory. */
Status seal_keys_new(SealKeys **ret_keys);
void seal_keys_free(SealKeys *keys);
DEFINE_AUTO(SealKeys, seal_keys_free);
/* 32 bytes, or 64 hex digits and perhaps a line's end. INVALID_ARGUMENT, RESOURCE_EXHAUSTED (too
 * many). */
Status seal_keys_add(SealKeys *keys, const char *content, size_t length);

bool seal_is_sealed(const void *data, size_t length);
/**
 * @keys       NULL: none are known
 * @ret_bytes  in locked memory (runtime/base/secret.h); a NUL follows
 *
 * Errors: FAILED_PRECONDITION (another key), DATA_LOSS (damaged, cut or tampered with), those of
 * secret_new
 */
Status seal_open(const SealKeys *keys, const void *data, size_t length, FileBytes *ret_bytes);
/* With the first of the keys. ret_sealed: malloc memory. */
Status seal_make(const SealKeys *keys, const void *data, size_t length, char **ret_sealed,
                 size_t *ret_length);
