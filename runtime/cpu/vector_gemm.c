/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A product of two small matrices, register-tiled: tiles of up to TILE_ROWS x 4 or
 * TALL_ROWS x 2 vectors stay in registers over the inner dim. For what a library call is too heavy
 * for, or sees only through strides: heads of attention, a step of a recurrent cell. Compiled once
 * per instruction set; the compiler keeps the tile in registers because both loops over it have
 * constant ends.
 *
 * Each element is one chain of multiply-adds in the order of inner: tiles of every size give the
 * same bits. Thread: any; no state.
 */

#include "runtime/cpu/vector_nn.h"

#include <string.h>

#if defined(__AVX512F__)
enum { LANE_COUNT = 16, TILE_ROWS = 6, TALL_ROWS = 12 };
#elif defined(__AVX2__)
enum { LANE_COUNT = 8, TILE_ROWS = 3, TALL_ROWS = 6 };
#else
enum { LANE_COUNT = 4, TILE_ROWS = 3, TALL_ROWS = 6 };
#endif
enum {
    TILE_VECTORS = 4, /* of a panel */
    TALL_VECTORS = 2, /* of a tile of more than TILE_ROWS */
    PART_BYTES = 32 << 10,
    LINE_BYTES = 64
};

/* Tiles are unrolled whole. With a sanitizer's check at every access that would take the compiler a
 * quarter of an hour: there one loop serves all sizes. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INLINE static __attribute__((noipa))
#define UNROLL(count)
#else
#define INLINE        static inline __attribute__((always_inline))
#define PRAGMA(text)  _Pragma(#text)
#define UNROLL(count) PRAGMA(GCC unroll count)
#endif

typedef float Vector __attribute__((vector_size(4 * LANE_COUNT), aligned(4), may_alias));

void VECTOR_GEMM(const SmallGemm *gemm);

typedef struct Tile {
    const float *a[TALL_ROWS], *b;
    float *c[TALL_ROWS];
    size_t b_step, inner;
    size_t tail;       /* floats of the last vector that are written; 0: all */
    uintptr_t ahead;   /* memory that is wanted soon, brought near a line at a time */
    size_t ahead_step; /* bytes between lines of this tile; 0: nothing is wanted */
    bool accumulate;
} Tile;

INLINE Vector load_some(const float *from, size_t count) {
    Vector vector = { 0 };
    memcpy(&vector, from, count * sizeof *from);
    return vector;
}

INLINE void multiply_add(Vector (*sum)[TILE_VECTORS], const float *const *a, size_t at,
                         const float *b, const size_t rows, const size_t vectors) {
    Vector row[TILE_VECTORS];
    UNROLL(4)
    for (size_t v = 0; v < vectors; v++)
        row[v] = *(const Vector *)(b + v * LANE_COUNT);
    UNROLL(12)
    for (size_t r = 0; r < rows; r++)
        UNROLL(4)
    for (size_t v = 0; v < vectors; v++)
        sum[r][v] += a[r][at] * row[v];
}

INLINE void run_tile(const Tile *tile, const size_t rows, const size_t vectors) {
    Vector sum[TALL_ROWS][TILE_VECTORS];
    const float *a[TALL_ROWS];
    const size_t whole = tile->tail ? vectors - 1 : vectors;
    UNROLL(12)
    for (size_t r = 0; r < rows; r++)
        a[r] = tile->a[r];
    UNROLL(12)
    for (size_t r = 0; r < rows; r++)
        UNROLL(4)
    for (size_t v = 0; v < vectors; v++)
        sum[r][v] = !tile->accumulate ? (Vector){ 0 }
                    : v < whole       ? *(const Vector *)(tile->c[r] + v * LANE_COUNT)
                                      : load_some(tile->c[r] + v * LANE_COUNT, tile->tail);
    const size_t inner = tile->inner, b_step = tile->b_step, step = tile->ahead_step;
    const float *b = tile->b;
    uintptr_t ahead = tile->ahead;
    size_t k = 0;
    for (; k + 4 <= inner; k += 4, b += 4 * b_step, ahead += 2 * step) {
        if (step) {
            __builtin_prefetch((const void *)ahead, 0, 2);
            __builtin_prefetch((const void *)(ahead + step), 0, 2);
        }
        multiply_add(sum, a, k, b, rows, vectors);
        multiply_add(sum, a, k + 1, b + b_step, rows, vectors);
        multiply_add(sum, a, k + 2, b + 2 * b_step, rows, vectors);
        multiply_add(sum, a, k + 3, b + 3 * b_step, rows, vectors);
    }
    for (; k < inner; k++, b += b_step)
        multiply_add(sum, a, k, b, rows, vectors);
    UNROLL(12)
    for (size_t r = 0; r < rows; r++)
        UNROLL(4)
    for (size_t v = 0; v < vectors; v++) {
        float *c = tile->c[r] + v * LANE_COUNT;
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
#define TALL(rows) TILE(rows, 1) TILE(rows, 2)
#define TALL_NAMES(rows)                                                                           \
    { tile_##rows##_1, tile_##rows##_2 }
#define TILES(rows) TALL(rows) TILE(rows, 3) TILE(rows, 4)
#define NAMES(rows)                                                                                \
    { tile_##rows##_1, tile_##rows##_2, tile_##rows##_3, tile_##rows##_4 }

typedef void (*TileFn)(const Tile *tile);

TILES(1)
TILES(2)
TILES(3)
#if defined(__AVX512F__)
TILES(4)
TILES(5)
TILES(6)
TALL(7)
TALL(8)
TALL(9)
TALL(10)
TALL(11)
TALL(12)
static const TileFn tiles[TILE_ROWS][TILE_VECTORS] = { NAMES(1), NAMES(2), NAMES(3),
                                                       NAMES(4), NAMES(5), NAMES(6) };
static const TileFn tall_tiles[TALL_ROWS - TILE_ROWS][TALL_VECTORS] = {
    TALL_NAMES(7), TALL_NAMES(8), TALL_NAMES(9), TALL_NAMES(10), TALL_NAMES(11), TALL_NAMES(12)
};
#else
TALL(4)
TALL(5)
TALL(6)
static const TileFn tiles[TILE_ROWS][TILE_VECTORS] = { NAMES(1), NAMES(2), NAMES(3) };
static const TileFn tall_tiles[TALL_ROWS - TILE_ROWS][TALL_VECTORS] = { TALL_NAMES(4),
                                                                        TALL_NAMES(5),
                                                                        TALL_NAMES(6) };
#endif

static void place_rows(const SmallGemm *gemm, size_t row, size_t rows, size_t column, size_t first,
                       Tile *tile) {
    for (size_t r = 0; r < rows; r++) {
        size_t at = row + r;
        tile->a[r] = gemm->a + first + (gemm->a_at ? gemm->a_at[at] : at * gemm->a_step);
        tile->c[r] = gemm->c + column + (gemm->c_at ? gemm->c_at[at] : at * gemm->c_step);
    }
}

/* A panel of `inner` rows times all rows of a. Meanwhile what lies behind it in memory is brought
 * near: the next part, as a rule. */
static void run_panel(const SmallGemm *gemm, size_t column, size_t columns, size_t first,
                      size_t inner) {
    size_t vectors = (columns + LANE_COUNT - 1) / LANE_COUNT;
    size_t tiles_down = (gemm->rows + TILE_ROWS - 1) / TILE_ROWS;
    const size_t panel = (size_t)LANE_COUNT * TILE_VECTORS;
    Tile tile = { .b = gemm->b + column / panel * gemm->b_panel + first * gemm->b_step,
                  .b_step = gemm->b_step,
                  .inner = inner,
                  .tail = columns % LANE_COUNT,
                  .accumulate = gemm->accumulate || first > 0 };
    tile.ahead = (uintptr_t)(tile.b + inner * gemm->b_step);
    tile.ahead_step = gemm->ahead ? LINE_BYTES : 0;
    size_t lines = (inner + 3) / 4 * 2;
    for (size_t row = 0; row < gemm->rows; tiles_down--) {
        size_t rows = (gemm->rows - row + tiles_down - 1) / tiles_down; /* 4 and 4, not 6 and 2 */
        place_rows(gemm, row, rows, column, first, &tile);
        tiles[rows - 1][vectors - 1](&tile);
        tile.ahead += lines * tile.ahead_step;
        row += rows;
    }
}

/* Somewhat more rows than a tile has: half as wide and all rows at once, so that b is read once. */
static void run_tall(const SmallGemm *gemm) {
    const size_t panel = (size_t)LANE_COUNT * TILE_VECTORS, width = LANE_COUNT * TALL_VECTORS;
    for (size_t column = 0; column < gemm->columns; column += width) {
        size_t columns = gemm->columns - column < width ? gemm->columns - column : width;
        Tile tile = { .b = gemm->b + column / panel * gemm->b_panel + column % panel,
                      .b_step = gemm->b_step,
                      .inner = gemm->inner,
                      .tail = columns % LANE_COUNT,
                      .accumulate = gemm->accumulate };
        place_rows(gemm, 0, gemm->rows, column, 0, &tile);
        tall_tiles[gemm->rows - TILE_ROWS - 1][(columns - 1) / LANE_COUNT](&tile);
    }
}

/* Several tiles of rows read a panel again: then in parts that stay in the first cache. The sums go
 * on where they were, so the bits are the same. */
void VECTOR_GEMM(const SmallGemm *gemm) {
    if (gemm->rows > TILE_ROWS && gemm->rows <= TALL_ROWS) {
        run_tall(gemm);
        return;
    }
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
