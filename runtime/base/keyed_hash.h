/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * 128 bits that stand for a content of any length, given piece by piece. Who does not know the key
 * cannot find two contents of one hash, so equal hashes may be taken for equal contents even where
 * the contents are strangers'.
 *
 * Source: SipHash-2-4 with 128 bits of output (Aumasson, Bernstein)
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct HashKey {
    uint64_t words[2];
} HashKey;

typedef struct Hash128 {
    uint64_t words[2];
} Hash128;

typedef struct KeyedHash {
    uint64_t state[4];
    uint64_t tail; /* bytes that do not fill a word yet */
    size_t bytes;
} KeyedHash;

/* From the kernel's random numbers; false: there are none. */
bool hash_key_init(HashKey *key);

void keyed_hash_init(KeyedHash *hash, const HashKey *key);
void keyed_hash_add(KeyedHash *hash, const void *data, size_t bytes);
/* Once. */
Hash128 keyed_hash_end(KeyedHash *hash);
