/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Packed weights of one model, shared by its plans. Entries are only ever added, so a result stays
 * good until the model goes. The lock guards the list alone: packing runs without it, and when two
 * threads pack the same constant the later one drops its copy and takes the first's. A list, not a
 * hash table: a model has some hundred entries and looks one up when a plan is made, never on the
 * request path.
 *
 * Thread: any.
 */

#include "runtime/cpu/weights.h"

#include "runtime/base/size.h"
#include "runtime/base/thread.h"
#include "runtime/tensor/tensor.h"

#include <string.h>

typedef struct Entry Entry;
struct Entry {
    Entry *next;
    WeightKey key;
    size_t bytes;
    void *data;
};

struct PackedWeights {
    Mutex mutex;
    /* under lock */
    Entry *entries;
    size_t bytes;
};

static void entry_free(Entry *entry) {
    free(entry->data);
    free(entry);
}
DEFINE_AUTO(Entry, entry_free);

Status packed_weights_new(PackedWeights **ret_weights) {
    PackedWeights *weights = calloc(1, sizeof *weights);
    if (!weights)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    mutex_init(&weights->mutex);
    *ret_weights = weights;
    return status_ok();
}

void packed_weights_free(PackedWeights *weights) {
    if (!weights)
        return;
    for (Entry *entry = weights->entries, *next; entry; entry = next) {
        next = entry->next;
        entry_free(entry);
    }
    mutex_deinit(&weights->mutex);
    free(weights);
}

size_t packed_weights_bytes(PackedWeights *weights) {
    LOCKED(&weights->mutex);
    return weights->bytes;
}

static const Entry *find_locked(PackedWeights *weights, const WeightKey *key) {
    mutex_assert_held(&weights->mutex);
    for (const Entry *entry = weights->entries; entry; entry = entry->next)
        if (entry->key.constant == key->constant &&
            memcmp(entry->key.format, key->format, sizeof key->format) == 0)
            return entry;
    return NULL;
}

Status packed_weights_get(PackedWeights *weights, const WeightKey *key, size_t bytes,
                          Status (*pack)(void *user, void *dst), void *user,
                          const void **ret_packed) {
    {
        LOCKED(&weights->mutex);
        const Entry *found = find_locked(weights, key);
        if (found) {
            *ret_packed = found->data;
            return status_ok();
        }
    }
    AUTO(entry_free) Entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    *entry = (Entry){ .key = *key, .bytes = bytes, .data = aligned_memory_new(MAX_OF(bytes, 1)) };
    if (!entry->data)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "weights: no memory for %zu bytes", bytes);
    TRY(pack(user, entry->data));

    LOCKED(&weights->mutex);
    const Entry *found = find_locked(weights, key);
    if (found) {
        *ret_packed = found->data;
        return status_ok();
    }
    *ret_packed = entry->data;
    weights->bytes += bytes;
    entry->next = weights->entries;
    weights->entries = TAKE(entry);
    return status_ok();
}
