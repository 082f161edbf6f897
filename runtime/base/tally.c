/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A thread's slot is a small number it gets when it first asks; a tally has a pointer a slot, and
 * behind it that thread's cells. A slot has one writer for the whole run of the program, so adding
 * is a plain load and store; it is atomic only for the sake of those who read. Threads beyond the
 * slots, and a thread that finds no memory, add to cells that are shared.
 */

#include "runtime/base/tally.h"

#include "runtime/base/size.h"

#include <stdlib.h>
#include <string.h>

/* Two lines: the processor fetches them in pairs. */
enum { TALLY_THREADS = 256, TALLY_ALIGNMENT = 128 };

struct Tally {
    size_t cells;
    TallyCell *shared;
    _Atomic(TallyCell *) own[TALLY_THREADS];
};

static atomic_size_t slots_taken;
static _Thread_local size_t slot_of_thread = INDEX_NONE;

static size_t thread_slot(void) {
    if (slot_of_thread == INDEX_NONE)
        slot_of_thread = atomic_fetch_add_explicit(&slots_taken, 1, memory_order_relaxed);
    return slot_of_thread;
}

static TallyCell *cells_new(size_t cells) {
    size_t bytes = cells * sizeof(TallyCell);
    bytes = (bytes + TALLY_ALIGNMENT - 1) / TALLY_ALIGNMENT * TALLY_ALIGNMENT;
    TallyCell *memory = aligned_alloc(TALLY_ALIGNMENT, bytes);
    if (memory)
        memset(memory, 0, bytes);
    return memory;
}

Status tally_new(size_t cells, Tally **ret_tally) {
    AUTO(tally_free) Tally *tally = calloc(1, sizeof *tally);
    if (tally)
        tally->shared = cells_new(cells);
    if (!tally || !tally->shared)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    tally->cells = cells;
    *ret_tally = TAKE(tally);
    return status_ok();
}

void tally_free(Tally *tally) {
    if (!tally)
        return;
    for (size_t i = 0; i < TALLY_THREADS; i++)
        free(atomic_load_explicit(&tally->own[i], memory_order_acquire));
    free(tally->shared);
    free(tally);
}

TallyCells tally_mine(Tally *tally) {
    TallyCells shared = { .cells = tally->shared, .shared = true };
    size_t slot = thread_slot();
    if (slot >= TALLY_THREADS)
        return shared;
    TallyCell *cells = atomic_load_explicit(&tally->own[slot], memory_order_relaxed);
    if (!cells) {
        cells = cells_new(tally->cells);
        if (!cells)
            return shared;
        atomic_store_explicit(&tally->own[slot], cells, memory_order_release);
    }
    return (TallyCells){ .cells = cells };
}

static void add_cells(const TallyCell *cells, size_t count, uint64_t *totals) {
    for (size_t i = 0; i < count; i++)
        totals[i] += atomic_load_explicit(&cells[i], memory_order_relaxed);
}

void tally_sums(const Tally *tally, uint64_t *totals) {
    add_cells(tally->shared, tally->cells, totals);
    for (size_t i = 0; i < TALLY_THREADS; i++) {
        const TallyCell *cells = atomic_load_explicit(&tally->own[i], memory_order_acquire);
        if (cells)
            add_cells(cells, tally->cells, totals);
    }
}
