/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One small stack of arenas a thread, freed by the key's destructor when the thread ends. Depth 0
 * is what serving uses; more is needed where a thread that waits for its operator's chunks is lent
 * to another program, and where an operator runs its bodies.
 *
 * Threads: each touches its own stack; the largest published size is one atomic, a hint and never a
 * guarantee.
 */

#include "runtime/cpu/thread_arena.h"

#include "runtime/base/pages.h"
#include "runtime/base/size.h"
#include "runtime/tensor/tensor.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { DEPTH_MAX = 16 };

typedef struct ThreadArenas {
    void *memory[DEPTH_MAX];
    size_t bytes[DEPTH_MAX];
    size_t depth; /* acquired now */
} ThreadArenas;

static atomic_size_t published_bytes;
static pthread_key_t arenas_key;
static pthread_once_t arenas_once = PTHREAD_ONCE_INIT;
static _Thread_local ThreadArenas *own_arenas;

static void free_arenas(void *user) {
    ThreadArenas *arenas = user;
    for (size_t i = 0; i < DEPTH_MAX; i++)
        free(arenas->memory[i]);
    free(arenas);
    own_arenas = NULL;
}

static void make_key(void) {
    int error = pthread_key_create(&arenas_key, free_arenas);
    assert(error == 0);
    (void)error;
}

static ThreadArenas *get_arenas(void) {
    if (own_arenas)
        return own_arenas;
    pthread_once(&arenas_once, make_key);
    ThreadArenas *arenas = calloc(1, sizeof *arenas);
    if (!arenas)
        return NULL;
    if (pthread_setspecific(arenas_key, arenas) != 0) {
        free(arenas);
        return NULL;
    }
    return own_arenas = arenas;
}

void thread_arena_publish(size_t bytes) {
    size_t before = atomic_load_explicit(&published_bytes, memory_order_relaxed);
    while (before < bytes &&
           !atomic_compare_exchange_weak_explicit(&published_bytes, &before, bytes,
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
}

void *thread_arena_acquire(size_t bytes) {
    ThreadArenas *arenas = get_arenas();
    if (!arenas || arenas->depth == DEPTH_MAX)
        return NULL;
    size_t level = arenas->depth;
    if (arenas->bytes[level] < bytes || !arenas->memory[level]) {
        size_t wanted = bytes;
        if (level == 0)
            wanted = MAX_OF(bytes, atomic_load_explicit(&published_bytes, memory_order_relaxed));
        wanted = MAX_OF(wanted, (size_t)TENSOR_ALIGNMENT);
        free(arenas->memory[level]);
        arenas->bytes[level] = 0;
        arenas->memory[level] = pages_new_huge(wanted);
        if (!arenas->memory[level] && wanted > bytes) { /* the plan of a model that cannot run */
            wanted = MAX_OF(bytes, (size_t)TENSOR_ALIGNMENT);
            arenas->memory[level] = pages_new_huge(wanted);
        }
        if (!arenas->memory[level])
            return NULL;
        arenas->bytes[level] = wanted;
    }
    arenas->depth++;
    return arenas->memory[level];
}

void thread_arena_release(void *memory) {
    ThreadArenas *arenas = own_arenas;
    assert(arenas && arenas->depth > 0 && arenas->memory[arenas->depth - 1] == memory);
    arenas->depth--;
}
