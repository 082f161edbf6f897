/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One block of working memory a thread, grown on demand and freed when the thread ends. Kernels use
 * it within one chunk and keep nothing in it; growth drops what was there, so a kernel asks once
 * for all it needs. Sizes are rounded up to powers of two, so that a thread settles after a few
 * models. Any thread.
 */

#include "runtime/base/pages.h"
#include "runtime/base/pool.h"
#include "runtime/base/size.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum { SCRATCH_MIN_BYTES = 64 << 10 };

static _Thread_local void *scratch;
static _Thread_local size_t scratch_bytes;
static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void make_key(void) {
    int error = pthread_key_create(&scratch_key, free);
    assert(error == 0);
}

void *thread_scratch(size_t bytes) {
    if (bytes <= scratch_bytes && scratch)
        return scratch;
    size_t wanted = SCRATCH_MIN_BYTES;
    while (wanted < bytes)
        if (!size_mul(wanted, 2, &wanted))
            return NULL;
    pthread_once(&scratch_once, make_key);
    void *memory = pages_new_huge(wanted);
    if (!memory || pthread_setspecific(scratch_key, memory) != 0) {
        free(memory);
        return NULL;
    }
    free(scratch);
    scratch = memory;
    scratch_bytes = wanted;
    return scratch;
}
