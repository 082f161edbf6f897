/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A product of two small matrices, register-tiled: tiles of up to ROWS x 4 vectors stay in
 * registers over the whole inner dim. For what a library call is too heavy for, or sees only
 * through strides: heads of attention, a step of a recurrent cell. Compiled once per instruction
 * set; the compiler keeps the tile in registers because both loops over it have constant ends.
 *
 * Each element is one chain of multiply-adds in the order of inner: tiles of every size give the
 * same bits. Thread: any; no state.
 */

#include "runtime/cpu/vector_nn.h"

#include <string.h>

#if defined(__AVX512F__)
enum { LANE_COUNT = 16, TILE_ROWS = 6 };
#elif defined(__AVX2__)
enum { LANE_COUNT = 8, TILE_ROWS = 3 };
#else
enum { LANE_COUNT = 4, TILE_ROWS = 3 };
#endif
enum { TILE_VECTORS = 4, PART_BYTES = 32 << 10 };

typedef float Vector __attribute__((vector_size(4 * LANE_COUNT), aligned(4), may_alias));

void VECTOR_GEMM(const SmallGemm *gemm);

typedef struct Tile {
    const float *a, *b;
    float *c;
    size_t a_step, b_step, c_step, inner;
    size_t tail; /* floats of the last vector that are written; 0: all */
    bool accumulate;
} Tile;

static inline __attribute__((always_inline)) Vector load_some(const float *from, size_t count) {
    Vector vector = { 0 };
    memcpy(&vector, from, count * sizeof *from);
    return vector;
}

static inline __attribute__((always_inline)) void run_tile(const Tile *tile, const size_t rows,
                                                           const size_t vectors) {
    Vector sum[TILE_ROWS][TILE_VECTORS];
    const size_t whole = tile->tail ? vectors - 1 : vectors;
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (size_t v = 0; v < vectors; v++)
            sum[r][v] = !tile->accumulate ? (Vector){ 0 }
                        : v < whole
                            ? *(const Vector *)(tile->c + r * tile->c_step + v * LANE_COUNT)
                            : load_some(tile->c + r * tile->c_step + v * LANE_COUNT, tile->tail);
    const float *a = tile->a, *b = tile->b;
    for (size_t k = 0; k < tile->inner; k++, a++, b += tile->b_step) {
        Vector row[TILE_VECTORS];
#pragma GCC unroll 4
        for (size_t v = 0; v < vectors; v++)
            row[v] = *(const Vector *)(b + v * LANE_COUNT);
#pragma GCC unroll 8
        for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 4
            for (size_t v = 0; v < vectors; v++)
                sum[r][v] += a[r * tile->a_step] * row[v];
    }
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (size_t v = 0; v < vectors; v++) {
            float *c = tile->c + r * tile->c_step + v * LANE_COUNT;
            if (v < whole)
                *(Vector *)c = sum[r][v];
            else
                memcpy(c, &sum[r][v], tile->tail * sizeof *c);
        }
}

#define TILE(rows, vectors)                                                                        \
    static void tile_##rows##_##vectors(const Tile *tile) {                                        \
        run_tile(tile, rows, vectors);                                                             \
    }
#define TILES(rows) TILE(rows, 1) TILE(rows, 2) TILE(rows, 3) TILE(rows, 4)
#define NAMES(rows)                                                                                \
    { tile_##rows##_1, tile_##rows##_2, tile_##rows##_3, tile_##rows##_4 }

TILES(1)
TILES(2)
TILES(3)
#if defined(__AVX512F__)
TILES(4)
TILES(5)
TILES(6)
#endif

static void (*const tiles[TILE_ROWS][TILE_VECTORS])(const Tile *tile) = {
    NAMES(1), NAMES(2), NAMES(3),
#if defined(__AVX512F__)
    NAMES(4), NAMES(5), NAMES(6),
#endif
};

/* A panel of `inner` rows times all rows of a. */
static void run_panel(const SmallGemm *gemm, size_t column, size_t columns, size_t first,
                      size_t inner) {
    size_t vectors = (columns + LANE_COUNT - 1) / LANE_COUNT;
    const size_t panel = (size_t)LANE_COUNT * TILE_VECTORS;
    Tile tile = { .b = gemm->b + column / panel * gemm->b_panel + first * gemm->b_step,
                  .a_step = gemm->a_step,
                  .b_step = gemm->b_step,
                  .c_step = gemm->c_step,
                  .inner = inner,
                  .tail = columns % LANE_COUNT,
                  .accumulate = gemm->accumulate || first > 0 };
    for (size_t row = 0; row < gemm->rows;) {
        size_t left = gemm->rows - row, passes = (left + TILE_ROWS - 1) / TILE_ROWS;
        size_t rows = (left + passes - 1) / passes; /* 4 and 4, not 6 and 2 */
        tile.a = gemm->a + row * gemm->a_step + first;
        tile.c = gemm->c + row * gemm->c_step + column;
        tiles[rows - 1][vectors - 1](&tile);
        row += rows;
    }
}

/* Several tiles of rows read a panel again: then in parts that stay in the first cache. The sums go
 * on where they were, so the bits are the same. */
void VECTOR_GEMM(const SmallGemm *gemm) {
    const size_t panel = (size_t)LANE_COUNT * TILE_VECTORS;
    size_t part = gemm->rows > TILE_ROWS ? PART_BYTES / (panel * sizeof(float)) : gemm->inner;
    for (size_t column = 0; column < gemm->columns; column += panel) {
        size_t columns = gemm->columns - column < panel ? gemm->columns - column : panel;
        size_t first = 0;
        do {
            size_t inner = gemm->inner - first < part ? gemm->inner - first : part;
            run_panel(gemm, column, columns, first, inner);
            first += inner;
        } while (first < gemm->inner);
    }
}
