/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Counters that every thread adds to and few read. Each thread has cells of its own, made when it
 * adds for the first time, so an add writes to no cache line that another thread writes to, and
 * takes no lock. A sum looks at all threads' cells: it is exact for what happened before it, and
 * each cell only ever grows.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"

#include <stdatomic.h>
#include <stdint.h>

typedef struct Tally Tally;
typedef _Atomic uint64_t TallyCell;

/* Where the calling thread adds. Good until the tally is freed; not for another thread. */
typedef struct TallyCells {
    TallyCell *cells;
    bool shared; /* more threads than have cells of their own */
} TallyCells;

Status tally_new(size_t cells, Tally **ret_tally);
void tally_free(Tally *tally); /* nobody adds any more */
DEFINE_AUTO(Tally, tally_free);

TallyCells tally_mine(Tally *tally);

static inline void tally_add(TallyCells mine, size_t cell, uint64_t amount) {
    if (mine.shared) {
        atomic_fetch_add_explicit(&mine.cells[cell], amount, memory_order_relaxed);
        return;
    }
    uint64_t before = atomic_load_explicit(&mine.cells[cell], memory_order_relaxed);
    atomic_store_explicit(&mine.cells[cell], before + amount, memory_order_relaxed);
}

/* Adds each cell's sum to totals[cell]. Thread: any. */
void tally_sums(const Tally *tally, uint64_t *totals);
