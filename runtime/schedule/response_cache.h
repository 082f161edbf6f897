/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Answers kept for requests that come again: the outputs of one request under a keyed hash of its
 * version and of its inputs' types, shapes and bytes. Outputs that a client asked for, parameters
 * and ids are no part of the key: a version gives all its outputs whatever is asked, and none of
 * the others reaches it. Bounded in bytes, those that replies still read included; what was used
 * least recently goes first.
 */

#include "runtime/base/keyed_hash.h"
#include "runtime/schedule/request.h"

typedef struct ResponseCache ResponseCache;

typedef struct ResponseCacheCounts {
    size_t entries, bytes, limit_bytes;     /* now */
    uint64_t hits, misses, kept, evictions; /* since the start; misses: looked up in vain */
} ResponseCacheCounts;

/* @limit_bytes  of answers, what is kept beside them included */
Status response_cache_new(size_t limit_bytes, ResponseCache **ret_cache);
/* Nobody reads an answer any more. */
void response_cache_free(ResponseCache *cache);
DEFINE_AUTO(ResponseCache, response_cache_free);

/* The key of a request for an owner, which is a number of its version's own. Reads all of its
 * inputs. Thread: any; takes no lock. */
Hash128 response_cache_key(const ResponseCache *cache, uint64_t owner, const InferRequest *request);
uint64_t response_cache_new_owner(ResponseCache *cache);

/**
 * Gives the request the answer: outputs that lie in the cache and a block that keeps them there.
 *
 * @outputs  memory for the block
 *
 * Returns false, and leaves the request as it was, where there is none. Thread: any
 */
bool response_cache_find(ResponseCache *cache, const Hash128 *key, OutputPool *outputs,
                         InferRequest *request);
/* Keeps a copy of the request's outputs; what does not fit, or was kept meanwhile, is left. Thread:
 * any. */
void response_cache_keep(ResponseCache *cache, const Hash128 *key, uint64_t owner,
                         const InferRequest *request);
/* Lets go of an owner's answers, or of all. */
void response_cache_forget(ResponseCache *cache, uint64_t owner);
void response_cache_clear(ResponseCache *cache);
ResponseCacheCounts response_cache_counts(ResponseCache *cache);
