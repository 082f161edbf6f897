/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The cut of a batch into pieces. Pieces are powers of two, so that a handful of plans serves every
 * row count, and the largest come first, so that the pool's threads end together.
 *
 * Pure; any thread.
 */

#include "runtime/exec/rows.h"

#include "runtime/base/size.h"

enum {
    WEIGHTS_PER_ACTIVATION =
        4, /* a value is written once and read about twice, a weight read once */
    SPREAD_BYTES_MIN =
        512 << 10, /* less traffic a piece is not worth a hand-over to another core */
};

static size_t floor_power_of_two(size_t number) {
    size_t power = 1;
    while (power <= number / 2)
        power *= 2;
    return power;
}

static bool weights_dominate(const RowsView *view) {
    return view->weights_bytes / WEIGHTS_PER_ACTIVATION > view->activation_bytes;
}

size_t rows_piece_max(const RowsView *view, size_t rows) {
    if (view->deterministic)
        return 1;
    size_t piece = floor_power_of_two(MAX_OF(rows, (size_t)1));
    if (weights_dominate(view))
        return piece;
    size_t fitting = view->cache_bytes / 2 / MAX_OF(view->arena_bytes, (size_t)1);
    piece = MIN_OF(piece, floor_power_of_two(MAX_OF(fitting, (size_t)1)));
    size_t threads = MAX_OF(view->threads, (size_t)1), share = (rows + threads - 1) / threads;
    size_t share_bytes;
    if (!size_mul(share, view->activation_bytes, &share_bytes) || share_bytes >= SPREAD_BYTES_MIN)
        piece = MIN_OF(piece, floor_power_of_two(MAX_OF(share, (size_t)1)));
    return piece;
}

size_t rows_next_piece(size_t rows, size_t piece_max) {
    return floor_power_of_two(MIN_OF(rows, piece_max));
}

size_t rows_piece_count(size_t rows, size_t piece_max) {
    size_t count = rows / piece_max;
    for (size_t rest = rows % piece_max; rest > 0; rest &= rest - 1) /* one a set bit */
        count++;
    return count;
}
