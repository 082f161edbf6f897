/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A bounded map from input shapes to plans: a hash table with chains over a fixed array of entries,
 * and a list from the most to the least recently used. Everything is allocated when the cache is
 * made, so neither a lookup nor an insert allocates; a plan that falls out is let go after the lock
 * is released, since freeing one is long.
 *
 * Threads: any. One mutex, held for the length of a hash walk. An entry's keys lie in one array,
 * input_count each.
 */

#include "runtime/plan/plan_cache.h"

#include "runtime/base/list.h"
#include "runtime/base/size.h"
#include "runtime/base/thread.h"

#include <assert.h>
#include <string.h>

typedef struct Entry {
    ListNode recent;    /* in cache->recent when used */
    struct Entry *next; /* in a bucket, or in the free list */
    uint64_t hash;
    Plan *plan;
    Shape *key;
} Entry;

struct PlanCache {
    /* fixed after new */
    size_t input_count, bucket_count;
    Mutex mutex;
    /* under mutex */
    ListNode recent;
    Entry *entries, *unused;
    Entry **buckets;
    Shape *keys;
    PlanCacheCounts counts;
};

Plan *plan_ref(Plan *plan) {
    atomic_fetch_add_explicit(&plan->references, 1, memory_order_relaxed);
    return plan;
}

void plan_unref(Plan *plan) {
    if (plan && atomic_fetch_sub_explicit(&plan->references, 1, memory_order_acq_rel) == 1)
        plan->free(plan);
}

Status plan_cache_new(size_t capacity, size_t input_count, PlanCache **ret_cache) {
    assert(capacity > 0);
    AUTO(plan_cache_free) PlanCache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "plan cache: out of memory");
    mutex_init(&cache->mutex);
    list_init(&cache->recent);
    cache->input_count = input_count;
    cache->bucket_count = 1;
    while (cache->bucket_count < capacity)
        cache->bucket_count *= 2;
    cache->entries = calloc(capacity, sizeof *cache->entries);
    cache->buckets = calloc(cache->bucket_count, sizeof *cache->buckets);
    size_t keys;
    if (size_mul(capacity, MAX_OF(input_count, (size_t)1), &keys))
        cache->keys = calloc(keys, sizeof *cache->keys);
    if (!cache->entries || !cache->buckets || !cache->keys)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "plan cache: out of memory");
    for (size_t i = 0; i < capacity; i++) {
        Entry *entry = &cache->entries[i];
        list_init(&entry->recent);
        entry->key = cache->keys + i * input_count;
        entry->next = cache->unused;
        cache->unused = entry;
    }
    *ret_cache = TAKE(cache);
    return status_ok();
}

void plan_cache_free(PlanCache *cache) {
    if (!cache)
        return;
    for (ListNode *node; (node = list_pop_front(&cache->recent));)
        plan_unref(LIST_ITEM(node, Entry, recent)->plan);
    mutex_deinit(&cache->mutex);
    free(cache->entries);
    free(cache->buckets);
    free(cache->keys);
    free(cache);
}

static uint64_t hash_shapes(const Shape *shapes, size_t count) {
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ (uint64_t)shapes[i].rank) * UINT64_C(0xff51afd7ed558ccd);
        for (int32_t dim = 0; dim < shapes[i].rank; dim++) {
            hash = (hash ^ (uint64_t)shapes[i].dims[dim]) * UINT64_C(0xff51afd7ed558ccd);
            hash ^= hash >> 32;
        }
    }
    return hash;
}

static Entry *find_locked(PlanCache *cache, uint64_t hash, const Shape *shapes) {
    mutex_assert_held(&cache->mutex);
    Entry *entry = cache->buckets[hash & (cache->bucket_count - 1)];
    for (; entry; entry = entry->next) {
        if (entry->hash != hash)
            continue;
        size_t i = 0;
        while (i < cache->input_count && shape_equal(&entry->key[i], &shapes[i]))
            i++;
        if (i == cache->input_count)
            return entry;
    }
    return NULL;
}

Plan *plan_cache_find(PlanCache *cache, const Shape *input_shapes) {
    uint64_t hash = hash_shapes(input_shapes, cache->input_count);
    LOCKED(&cache->mutex);
    Entry *entry = find_locked(cache, hash, input_shapes);
    if (!entry) {
        cache->counts.misses++;
        return NULL;
    }
    cache->counts.hits++;
    list_remove(&entry->recent);
    list_push_front(&cache->recent, &entry->recent);
    return plan_ref(entry->plan);
}

/* Takes the least recently used entry out of its bucket; its plan is the caller's. */
static Plan *evict_locked(PlanCache *cache) {
    Entry *entry = LIST_ITEM(cache->recent.prev, Entry, recent);
    Entry **link = &cache->buckets[entry->hash & (cache->bucket_count - 1)];
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    list_remove(&entry->recent);
    entry->next = cache->unused;
    cache->unused = entry;
    cache->counts.evictions++;
    cache->counts.entries--;
    return TAKE(entry->plan);
}

Plan *plan_cache_insert(PlanCache *cache, const Shape *input_shapes, Plan *plan) {
    uint64_t hash = hash_shapes(input_shapes, cache->input_count);
    AUTO(plan_unref) Plan *evicted = NULL; /* let go after the lock */
    LOCKED(&cache->mutex);
    Entry *entry = find_locked(cache, hash, input_shapes);
    if (entry)
        return plan_ref(entry->plan);
    if (!cache->unused)
        evicted = evict_locked(cache);
    entry = cache->unused;
    cache->unused = entry->next;
    entry->hash = hash;
    entry->plan = plan_ref(plan);
    if (cache->input_count > 0)
        memcpy(entry->key, input_shapes, cache->input_count * sizeof *input_shapes);
    Entry **bucket = &cache->buckets[hash & (cache->bucket_count - 1)];
    entry->next = *bucket;
    *bucket = entry;
    list_push_front(&cache->recent, &entry->recent);
    cache->counts.entries++;
    return plan_ref(plan);
}

PlanCacheCounts plan_cache_counts(PlanCache *cache) {
    LOCKED(&cache->mutex);
    return cache->counts;
}
