/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One piece of memory an answer: its record, its tensors, their bytes. A hit copies nothing: the
 * reply's block holds a reference on the answer, which goes when it has been evicted and the last
 * reply has left. Its bytes count until then, so slow readers cannot make the cache larger than it
 * may be; they make it keep less.
 *
 * One lock for table, order and counters, held for a few pointer moves; hashing, copying and
 * freeing happen outside. Only models that ask for a cache ever come here.
 *
 * Threads: rpc, http, worker; clear: main.
 */

#include "runtime/schedule/response_cache.h"

#include "runtime/base/size.h"
#include "runtime/base/thread.h"

#include <assert.h>
#include <string.h>

enum { BUCKETS_MIN = 64, BUCKETS_MAX = 1 << 20, BYTES_PER_BUCKET = 1024 };

typedef struct Answer {
    ResponseCache *cache;
    Hash128 key;
    uint64_t owner;
    size_t bytes; /* all of it */
    atomic_size_t references;
    /* under the cache's lock */
    ListNode order;      /* in ResponseCache.used; empty: evicted */
    struct Answer *next; /* in its bucket */
    size_t count;
    Tensor outputs[];
} Answer;

struct ResponseCache {
    HashKey key; /* fixed after new */
    size_t bucket_count;
    atomic_uint_fast64_t owners;
    Mutex mutex;
    /* under mutex */
    ListNode used; /* most recently used first */
    ResponseCacheCounts counts;
    Answer *buckets[];
};

Status response_cache_new(size_t limit_bytes, ResponseCache **ret_cache) {
    size_t buckets = BUCKETS_MIN;
    while (buckets < BUCKETS_MAX && buckets * BYTES_PER_BUCKET < limit_bytes)
        buckets *= 2;
    ResponseCache *cache = calloc(1, sizeof *cache + buckets * sizeof cache->buckets[0]);
    if (!cache)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "response cache: out of memory");
    if (!hash_key_init(&cache->key)) {
        free(cache);
        return status_error(STATUS_INTERNAL, "response cache: there are no random numbers");
    }
    cache->bucket_count = buckets;
    cache->counts.limit_bytes = limit_bytes;
    mutex_init(&cache->mutex);
    list_init(&cache->used);
    *ret_cache = cache;
    return status_ok();
}

void response_cache_free(ResponseCache *cache) {
    if (!cache)
        return;
    response_cache_clear(cache);
    assert(cache->counts.bytes == 0);
    mutex_deinit(&cache->mutex);
    free(cache);
}

uint64_t response_cache_new_owner(ResponseCache *cache) {
    return atomic_fetch_add(&cache->owners, 1);
}

/* --- keys --- */

static void add_payload(KeyedHash *hash, const RequestInput *input) {
    const Spans *payload = &input->payload;
    for (size_t i = 0; i < payload->count; i++) {
        const Span *span = &payload->items[i];
        if (input->dtype != DTYPE_STRING) {
            keyed_hash_add(hash, span->data, span->bytes);
            continue;
        }
        const StringView *texts = span->data;
        for (size_t k = 0; k < span->bytes / sizeof *texts; k++) {
            uint64_t length = texts[k].length;
            keyed_hash_add(hash, &length, sizeof length);
            keyed_hash_add(hash, texts[k].data, texts[k].length);
        }
    }
}

Hash128 response_cache_key(const ResponseCache *cache, uint64_t owner,
                           const InferRequest *request) {
    const Signature *signature = &request->lease.version->signature;
    KeyedHash hash;
    keyed_hash_init(&hash, &cache->key);
    keyed_hash_add(&hash, &owner, sizeof owner);
    for (size_t i = 0; i < signature->all_input_count; i++) {
        const RequestInput *input = &request->inputs[i];
        int64_t head[] = { (int64_t)input->dtype, input->shape.rank };
        keyed_hash_add(&hash, head, sizeof head);
        if (input->shape.rank > 0)
            keyed_hash_add(&hash, input->shape.dims,
                           (size_t)input->shape.rank * sizeof input->shape.dims[0]);
        add_payload(&hash, input);
    }
    return keyed_hash_end(&hash);
}

/* --- answers; _locked ones want the cache's lock --- */

static Answer **find_locked(ResponseCache *cache, const Hash128 *key) {
    mutex_assert_held(&cache->mutex);
    Answer **at = &cache->buckets[key->words[0] % cache->bucket_count];
    while (*at && memcmp(&(*at)->key, key, sizeof *key) != 0)
        at = &(*at)->next;
    return at;
}

/* Out of table and order; whoever calls gives back the cache's reference. */
static void remove_locked(ResponseCache *cache, Answer *answer) {
    Answer **at = find_locked(cache, &answer->key);
    assert(*at == answer);
    *at = answer->next;
    list_remove(&answer->order);
    cache->counts.entries--;
}

static void answer_unref(void *user) {
    Answer *answer = user;
    if (atomic_fetch_sub_explicit(&answer->references, 1, memory_order_acq_rel) != 1)
        return;
    ResponseCache *cache = answer->cache;
    size_t bytes = answer->bytes;
    free(answer);
    LOCKED(&cache->mutex);
    cache->counts.bytes -= bytes;
}

static void free_all(ListNode *gone) {
    while (!list_is_empty(gone))
        answer_unref(LIST_ITEM(list_pop_front(gone), Answer, order));
}

bool response_cache_find(ResponseCache *cache, const Hash128 *key, OutputPool *outputs,
                         InferRequest *request) {
    Answer *answer;
    {
        LOCKED(&cache->mutex);
        answer = *find_locked(cache, key);
        if (answer) {
            atomic_fetch_add_explicit(&answer->references, 1, memory_order_relaxed);
            list_remove(&answer->order);
            list_push_front(&cache->used, &answer->order);
        }
        cache->counts.hits += answer != NULL;
        cache->counts.misses += answer == NULL;
    }
    if (!answer)
        return false;
    Status status = output_block_new(outputs, &request->block);
    if (!status_is_ok(&status)) {
        answer_unref(answer);
        return false;
    }
    output_block_hold(request->block, answer_unref, answer);
    memcpy(request->outputs, answer->outputs, answer->count * sizeof answer->outputs[0]);
    return true;
}

/* Room for one tensor behind what there is; false when it is too much. */
static bool add_room(const Tensor *tensor, size_t *bytes) {
    size_t texts = 0;
    const StringView *views = tensor->data;
    for (size_t i = 0; tensor->dtype == DTYPE_STRING && i < tensor->bytes / sizeof *views; i++)
        if (!size_add(texts, views[i].length, &texts))
            return false;
    return size_align(*bytes, TENSOR_ALIGNMENT, bytes) && size_add(*bytes, tensor->bytes, bytes) &&
           size_add(*bytes, texts, bytes);
}

static char *copy_tensor(const Tensor *tensor, char *room, Tensor *copy) {
    char *data = room + (-(uintptr_t)room & (TENSOR_ALIGNMENT - 1)), *end = data + tensor->bytes;
    *copy = *tensor;
    copy->data = tensor->bytes > 0 ? data : NULL;
    if (tensor->bytes > 0)
        memcpy(data, tensor->data, tensor->bytes);
    StringView *views = copy->data;
    for (size_t i = 0; tensor->dtype == DTYPE_STRING && i < tensor->bytes / sizeof *views; i++) {
        if (views[i].length > 0)
            memcpy(end, views[i].data, views[i].length);
        views[i].data = end;
        end += views[i].length;
    }
    return end;
}

static Answer *answer_new(ResponseCache *cache, const Hash128 *key, uint64_t owner,
                          const InferRequest *request) {
    size_t count = request->lease.version->signature.all_output_count;
    size_t bytes = sizeof(Answer) + count * sizeof(Tensor);
    for (size_t i = 0; i < count; i++)
        if (!add_room(&request->outputs[i], &bytes))
            return NULL;
    Answer *answer = bytes <= cache->counts.limit_bytes ? aligned_memory_new(bytes) : NULL;
    if (!answer)
        return NULL;
    *answer =
        (Answer){ .cache = cache, .key = *key, .owner = owner, .bytes = bytes, .count = count };
    atomic_init(&answer->references, 1);
    list_init(&answer->order);
    char *room = (char *)&answer->outputs[count];
    for (size_t i = 0; i < count; i++)
        room = copy_tensor(&request->outputs[i], room, &answer->outputs[i]);
    return answer;
}

/* Takes out what was used least recently until so many bytes more will fit. What readers hold does
 * not go at once: false when it cannot be. */
static bool make_room_locked(ResponseCache *cache, size_t bytes, ListNode *gone) {
    size_t freed = 0;
    while (cache->counts.bytes - freed + bytes > cache->counts.limit_bytes) {
        if (list_is_empty(&cache->used))
            return false;
        Answer *last = LIST_ITEM(cache->used.prev, Answer, order);
        bool is_read = atomic_load(&last->references) > 1;
        remove_locked(cache, last);
        list_push_back(gone, &last->order);
        cache->counts.evictions++;
        freed += is_read ? 0 : last->bytes;
    }
    return true;
}

void response_cache_keep(ResponseCache *cache, const Hash128 *key, uint64_t owner,
                         const InferRequest *request) {
    Answer *answer = answer_new(cache, key, owner, request);
    if (!answer)
        return;
    ListNode gone;
    list_init(&gone);
    bool is_kept = false;
    {
        LOCKED(&cache->mutex);
        Answer **at = find_locked(cache, key);
        if (!*at && make_room_locked(cache, answer->bytes, &gone)) {
            at = find_locked(cache, key); /* its neighbours may have gone */
            answer->next = *at;
            *at = answer;
            list_push_front(&cache->used, &answer->order);
            cache->counts.entries++;
            cache->counts.bytes += answer->bytes;
            cache->counts.kept++;
            is_kept = true;
        }
    }
    free_all(&gone);
    if (!is_kept)
        free(answer);
}

static void forget(ResponseCache *cache, bool all, uint64_t owner) {
    ListNode gone;
    list_init(&gone);
    {
        LOCKED(&cache->mutex);
        LIST_FOR_EACH (node, &cache->used) {
            Answer *answer = LIST_ITEM(node, Answer, order);
            if (!all && answer->owner != owner)
                continue;
            remove_locked(cache, answer);
            list_push_back(&gone, &answer->order);
        }
    }
    free_all(&gone);
}

void response_cache_forget(ResponseCache *cache, uint64_t owner) {
    forget(cache, false, owner);
}

void response_cache_clear(ResponseCache *cache) {
    forget(cache, true, 0);
}

ResponseCacheCounts response_cache_counts(ResponseCache *cache) {
    LOCKED(&cache->mutex);
    return cache->counts;
}
