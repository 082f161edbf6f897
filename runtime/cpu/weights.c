/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Packed weights of one model. Whether a format gives back every bit is looked at once, with the
 * first constant that is packed that way: it moves numbers, or it rounds them. Entries are only
 * ever added, so a result stays good until the model goes. A list, not a hash table: a model has
 * some hundred entries and looks one up when a plan is made, never on the request path.
 *
 * The plain bytes of a droppable constant are THERE, GONE, or MOVING between the two. Who packs
 * from them counts as a reader; the last reader out drops them, unless somebody keeps them.
 * Packing, unpacking and giving pages back run without the lock: MOVING keeps others out, who wait.
 *
 * Thread: any.
 */

#include "runtime/cpu/weights.h"

#include "runtime/base/pages.h"
#include "runtime/base/size.h"
#include "runtime/base/thread.h"

#include <string.h>

enum { DROP_MIN_BYTES = 64 << 10 };

typedef struct Entry Entry;
struct Entry {
    Entry *next;
    const void *constant;
    WeightFormat format;
    void *data;    /* in a slab */
    bool checked;  /* restores is known */
    bool restores; /* unpacking gives the plain bytes */
};

/* Memory that entries are cut from, one behind the other, so that even small weights share huge
 * pages. Slabs double in size: a small model does not pay for a large one's. */
typedef struct Slab Slab;
struct Slab {
    Slab *next;
    char *memory;
    size_t used, bytes;
};

enum { SLAB_FIRST_BYTES = 128 << 10, SLAB_MOST_BYTES = 32 << 20 };

typedef enum PlainState { PLAIN_THERE, PLAIN_MOVING, PLAIN_GONE } PlainState;

typedef struct Plain Plain;
struct Plain {
    Plain *next;
    const Tensor *tensor;
    PlainState state;
    size_t readers;
    bool kept;
    const Entry *source; /* can make them again; NULL: they stay */
};

struct PackedWeights {
    Mutex mutex;
    Cond moved; /* with mutex */
    /* under lock */
    Entry *entries;
    Plain *plains;
    Slab *slabs; /* the newest first: the one that is cut */
    size_t bytes, dropped_bytes;
};

static void slab_free(Slab *slab) {
    if (!slab)
        return;
    free(slab->memory);
    free(slab);
}
DEFINE_AUTO(Slab, slab_free);

static Status slab_new(size_t bytes, Slab **ret_slab) {
    AUTO(slab_free) Slab *slab = calloc(1, sizeof *slab);
    if (slab)
        slab->memory = pages_new_huge(bytes);
    if (!slab || !slab->memory)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "weights: no memory for %zu bytes", bytes);
    slab->bytes = bytes;
    *ret_slab = TAKE(slab);
    return status_ok();
}

/* NULL: the slab is full; *ret_wanted is then how large the next should be. */
static void *cut(PackedWeights *weights, size_t bytes, size_t *ret_wanted) {
    LOCKED(&weights->mutex);
    Slab *slab = weights->slabs;
    size_t before = slab ? slab->bytes : SLAB_FIRST_BYTES / 2;
    *ret_wanted = MAX_OF(bytes, MIN_OF(2 * before, (size_t)SLAB_MOST_BYTES));
    if (!slab || slab->bytes - slab->used < bytes)
        return NULL;
    slab->used += bytes;
    return slab->memory + slab->used - bytes;
}

/* Memory that lives as long as the weights. */
static Status get_memory(PackedWeights *weights, size_t bytes, void **ret_memory) {
    size_t wanted;
    if (!size_align(MAX_OF(bytes, (size_t)1), TENSOR_ALIGNMENT, &bytes))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "weights: %zu bytes", bytes);
    while (!(*ret_memory = cut(weights, bytes, &wanted))) {
        AUTO(slab_free) Slab *slab = NULL;
        TRY(slab_new(wanted, &slab));
        LOCKED(&weights->mutex);
        slab->next = weights->slabs;
        weights->slabs = TAKE(slab);
    }
    return status_ok();
}

static void entry_free(Entry *entry) {
    if (entry->format.free)
        entry->format.free(entry->format.user);
    free(entry);
}
DEFINE_AUTO(Entry, entry_free);

Status packed_weights_new(PackedWeights **ret_weights) {
    PackedWeights *weights = calloc(1, sizeof *weights);
    if (!weights)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    mutex_init(&weights->mutex);
    cond_init(&weights->moved);
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
    for (Plain *plain = weights->plains, *next; plain; plain = next) {
        next = plain->next;
        free(plain);
    }
    for (Slab *slab = weights->slabs, *next; slab; slab = next) {
        next = slab->next;
        slab_free(slab);
    }
    cond_deinit(&weights->moved);
    mutex_deinit(&weights->mutex);
    free(weights);
}

size_t packed_weights_bytes(PackedWeights *weights) {
    LOCKED(&weights->mutex);
    return weights->bytes;
}

size_t packed_weights_dropped_bytes(PackedWeights *weights) {
    LOCKED(&weights->mutex);
    return weights->dropped_bytes;
}

static const Entry *find_locked(PackedWeights *weights, const void *constant, const char *key) {
    mutex_assert_held(&weights->mutex);
    for (const Entry *entry = weights->entries; entry; entry = entry->next)
        if (entry->constant == constant &&
            memcmp(entry->format.key, key, sizeof entry->format.key) == 0)
            return entry;
    return NULL;
}

static Plain *find_plain_locked(PackedWeights *weights, const Tensor *tensor) {
    mutex_assert_held(&weights->mutex);
    for (Plain *plain = weights->plains; plain; plain = plain->next)
        if (plain->tensor->data == tensor->data)
            return plain;
    return NULL;
}

static bool is_droppable(const Value *constant) {
    return constant->is_weights && constant->constant->bytes >= DROP_MIN_BYTES;
}

/* The record of a droppable constant, made when it is met first. */
static Status get_plain(PackedWeights *weights, const Tensor *tensor, Plain **ret_plain) {
    AUTO(free) Plain *made = calloc(1, sizeof *made);
    if (!made)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    made->tensor = tensor;
    LOCKED(&weights->mutex);
    *ret_plain = find_plain_locked(weights, tensor);
    if (*ret_plain)
        return status_ok();
    made->next = weights->plains;
    *ret_plain = weights->plains = TAKE(made);
    return status_ok();
}

/* true: they are there, and a reader more. false: the caller brings them back (plain_open). */
static bool plain_enter(PackedWeights *weights, Plain *plain, const Entry **ret_source) {
    LOCKED(&weights->mutex);
    while (plain->state == PLAIN_MOVING)
        cond_wait(&weights->moved, &weights->mutex);
    if (plain->state == PLAIN_THERE) {
        plain->readers++;
        return true;
    }
    plain->state = PLAIN_MOVING;
    *ret_source = plain->source;
    return false;
}

static void plain_settle(PackedWeights *weights, Plain *plain, PlainState state) {
    LOCKED(&weights->mutex);
    if (state == PLAIN_THERE)
        weights->dropped_bytes -= plain->tensor->bytes;
    plain->readers += state == PLAIN_THERE;
    plain->state = state;
    cond_broadcast(&weights->moved);
}

/* The plain bytes, to be read until plain_close. */
static Status plain_open(PackedWeights *weights, Plain *plain) {
    const Entry *source;
    if (plain_enter(weights, plain, &source))
        return status_ok();
    Status restored = source->format.unpack(source->format.user, source->data, plain->tensor->data);
    plain_settle(weights, plain, status_is_ok(&restored) ? PLAIN_THERE : PLAIN_GONE);
    return restored;
}

static bool plain_leave(PackedWeights *weights, Plain *plain) {
    LOCKED(&weights->mutex);
    if (--plain->readers > 0 || plain->kept || !plain->source || plain->state != PLAIN_THERE)
        return false;
    plain->state = PLAIN_MOVING;
    weights->dropped_bytes += plain->tensor->bytes;
    return true;
}

static void plain_close(PackedWeights *weights, Plain *plain) {
    if (!plain_leave(weights, plain))
        return;
    pages_release(plain->tensor->data, plain->tensor->bytes);
    plain_settle(weights, plain, PLAIN_GONE);
}

/* What is known of the format; false: nothing. */
static bool find_check(PackedWeights *weights, const char *key, bool *ret_restores) {
    LOCKED(&weights->mutex);
    for (const Entry *entry = weights->entries; entry; entry = entry->next)
        if (entry->checked && memcmp(entry->format.key, key, sizeof entry->format.key) == 0) {
            *ret_restores = entry->restores;
            return true;
        }
    return false;
}

/* Would unpacking give the plain bytes, every bit? */
static bool entry_restores(const Entry *entry, const Tensor *plain) {
    if (!entry->format.unpack)
        return false;
    AUTO(free) void *copy = aligned_memory_new(plain->bytes);
    if (!copy)
        return false;
    Status unpacked = entry->format.unpack(entry->format.user, entry->data, copy);
    return status_is_ok(&unpacked) && memcmp(copy, plain->data, plain->bytes) == 0;
}

/* Packs from plain bytes that are there. */
static Status entry_fill(PackedWeights *weights, Entry *entry, const Tensor *plain,
                         bool droppable) {
    TRY(entry->format.pack(entry->format.user, plain->data, entry->data));
    if (droppable && !find_check(weights, entry->format.key, &entry->restores))
        entry->restores = entry_restores(entry, plain);
    entry->checked = droppable;
    return status_ok();
}

static Entry *entry_new(const Value *constant, const WeightFormat *format) {
    Entry *entry = calloc(1, sizeof *entry);
    if (!entry) {
        if (format->free)
            format->free(format->user);
        return NULL;
    }
    entry->constant = constant->constant->data;
    entry->format = *format;
    return entry;
}

/* The packed weights: entry's, which is then the list's, or those of whoever was first. */
static const void *insert(PackedWeights *weights, Entry **entry, Plain *plain) {
    LOCKED(&weights->mutex);
    const Entry *found = find_locked(weights, (*entry)->constant, (*entry)->format.key);
    if (found)
        return found->data;
    Entry *added = TAKE(*entry);
    weights->bytes += added->format.bytes;
    added->next = weights->entries;
    weights->entries = added;
    if (plain && added->restores && !plain->source)
        plain->source = added;
    return added->data;
}

Status packed_weights_get(PackedWeights *weights, const Value *constant, const WeightFormat *format,
                          const void **ret_packed) {
    AUTO(entry_free) Entry *entry = entry_new(constant, format);
    if (!entry)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    {
        LOCKED(&weights->mutex);
        const Entry *found = find_locked(weights, entry->constant, entry->format.key);
        if (found) {
            *ret_packed = found->data;
            return status_ok();
        }
    }
    TRY(get_memory(weights, format->bytes, &entry->data));
    Plain *plain = NULL;
    if (is_droppable(constant)) {
        TRY(get_plain(weights, constant->constant, &plain));
        TRY(plain_open(weights, plain));
    }
    Status filled = entry_fill(weights, entry, constant->constant, plain != NULL);
    if (status_is_ok(&filled))
        *ret_packed = insert(weights, &entry, plain);
    if (plain)
        plain_close(weights, plain);
    return filled;
}

Status packed_weights_keep_plain(PackedWeights *weights, const Value *constant) {
    if (!is_droppable(constant))
        return status_ok();
    Plain *plain;
    TRY(get_plain(weights, constant->constant, &plain));
    TRY(plain_open(weights, plain));
    {
        LOCKED(&weights->mutex);
        plain->kept = true;
    }
    plain_close(weights, plain);
    return status_ok();
}
