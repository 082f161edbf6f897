/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How a run of n rows is cut into pieces, for models whose rows do not depend on each other. Pure
 * decisions.
 *
 * Where activations are the traffic (convolutional networks), a piece whose values stay in the
 * cache is faster than the whole batch, and pieces spread over cores without a barrier; where
 * weights are (matrix products), each piece would read them again, so the batch stays whole and its
 * operators are spread (reference cpu_engine.md 3.4).
 */

#include <stdbool.h>
#include <stddef.h>

typedef struct RowsView {
    size_t arena_bytes;      /* working memory of a run of one row */
    size_t activation_bytes; /* all values that a run of one row writes */
    size_t weights_bytes;    /* all constants that a run reads */
    size_t cache_bytes;      /* of one core: its own and its share */
    size_t threads;          /* that could join now, the caller included */
    bool deterministic;      /* the same piece whatever the batch */
} RowsView;

/* A power of two: the largest piece for a run of that many rows. */
size_t rows_piece_max(const RowsView *view, size_t rows);

/* The next piece of what is left: the largest power of two that is not above piece_max or rows. */
size_t rows_next_piece(size_t rows, size_t piece_max);
size_t rows_piece_count(size_t rows, size_t piece_max);
