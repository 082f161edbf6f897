/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * SipHash-2-4-128, a word of eight bytes at a time: two rounds a word, four at the end for each
 * half of the result. How the content is cut into pieces makes no difference; a piece that begins
 * at a word's boundary goes at full speed. Thread: any.
 */

#include "runtime/base/keyed_hash.h"

#include <string.h>
#include <sys/random.h>

enum { WORD_BYTES = 8, ROUNDS = 2, LAST_ROUNDS = 4, WIDE = 0xee, SECOND_HALF = 0xdd };

bool hash_key_init(HashKey *key) {
    return getrandom(key, sizeof *key, 0) == (ssize_t)sizeof *key;
}

static uint64_t turn(uint64_t word, unsigned bits) {
    return word << bits | word >> (64 - bits);
}

static void mix(uint64_t v[4], unsigned rounds) {
    while (rounds-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = turn(v[1], 13) ^ v[0];
        v[3] = turn(v[3], 16) ^ v[2];
        v[0] = turn(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = turn(v[1], 17) ^ v[2];
        v[3] = turn(v[3], 21) ^ v[0];
        v[2] = turn(v[2], 32);
    }
}

void keyed_hash_init(KeyedHash *hash, const HashKey *key) {
    *hash = (KeyedHash){ .state = { key->words[0] ^ UINT64_C(0x736f6d6570736575),
                                    key->words[1] ^ UINT64_C(0x646f72616e646f6d) ^ WIDE,
                                    key->words[0] ^ UINT64_C(0x6c7967656e657261),
                                    key->words[1] ^ UINT64_C(0x7465646279746573) } };
}

static void add_word(uint64_t v[4], uint64_t word) {
    v[3] ^= word;
    mix(v, ROUNDS);
    v[0] ^= word;
}

void keyed_hash_add(KeyedHash *hash, const void *data, size_t bytes) {
    if (bytes == 0) /* there may be no data to point to */
        return;
    const unsigned char *at = data, *end = at + bytes;
    size_t held = hash->bytes % WORD_BYTES;
    hash->bytes += bytes;
    for (; held > 0 && at < end; at++) {
        hash->tail |= (uint64_t)*at << 8 * held;
        held = (held + 1) % WORD_BYTES;
        if (held > 0)
            continue;
        add_word(hash->state, hash->tail);
        hash->tail = 0;
    }
    uint64_t v[4];
    memcpy(v, hash->state, sizeof v);
    for (; end - at >= WORD_BYTES; at += WORD_BYTES) {
        uint64_t word;
        memcpy(&word, at, sizeof word); /* little-endian */
        add_word(v, word);
    }
    memcpy(hash->state, v, sizeof v);
    for (; at < end; at++, held++)
        hash->tail |= (uint64_t)*at << 8 * held;
}

Hash128 keyed_hash_end(KeyedHash *hash) {
    uint64_t *v = hash->state;
    Hash128 result;
    add_word(v, (uint64_t)hash->bytes << 56 | hash->tail);
    v[2] ^= WIDE;
    mix(v, LAST_ROUNDS);
    result.words[0] = v[0] ^ v[1] ^ v[2] ^ v[3];
    v[1] ^= SECOND_HALF;
    mix(v, LAST_ROUNDS);
    result.words[1] = v[0] ^ v[1] ^ v[2] ^ v[3];
    return result;
}
