/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* How batches are cut: literal tables, and that pieces always add up. */

#include "runtime/exec/rows.h"

#include "runtime/base/size.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

typedef struct Row {
    const char *name;
    RowsView view;
    size_t rows, expected;
} Row;

static const Row rows[] = {
    { "weights dominate: whole, as a power of two",
      { 4 * KIB, 4 * KIB, 3 * MIB, 4 * MIB, 2, false },
      32,
      32 },
    { "weights dominate: 33 rows", { 4 * KIB, 4 * KIB, 3 * MIB, 4 * MIB, 2, false }, 33, 32 },
    { "ResNet-50: image by image", { 6 * MIB, 44 * MIB, 100 * MIB, 4 * MIB, 1, false }, 8, 1 },
    { "MobileNet: two images fit", { 1 * MIB, 27 * MIB, 14 * MIB, 4 * MIB, 1, false }, 8, 2 },
    { "small images: as many as fit",
      { 20 * KIB, 60 * KIB, 100 * KIB, 4 * MIB, 1, false },
      200,
      64 },
    { "small images, four threads: a share each",
      { 20 * KIB, 60 * KIB, 100 * KIB, 4 * MIB, 4, false },
      64,
      16 },
    { "too little work to spread", { 2 * KIB, 6 * KIB, 8 * KIB, 4 * MIB, 4, false }, 16, 16 },
    { "deterministic", { 4 * KIB, 4 * KIB, 3 * MIB, 4 * MIB, 2, true }, 32, 1 },
    { "one row", { 20 * KIB, 60 * KIB, 100 * KIB, 4 * MIB, 4, false }, 1, 1 },
    { "nothing known", { 0, 0, 0, 0, 0, false }, 5, 1 },
};

static void test_piece_table(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        size_t piece = rows_piece_max(&rows[i].view, rows[i].rows);
        if (piece != rows[i].expected)
            fail_msg("%s: %zu instead of %zu", rows[i].name, piece, rows[i].expected);
    }
}

static void test_pieces_are_powers_of_two_and_add_up(void **state) {
    (void)state;
    for (size_t total = 1; total < 300; total++)
        for (size_t piece_max = 1; piece_max <= 64; piece_max *= 2) {
            size_t left = total, count = 0, last = SIZE_MAX;
            while (left > 0) {
                size_t piece = rows_next_piece(left, piece_max);
                assert_true(piece > 0 && piece <= left && piece <= piece_max && piece <= last);
                assert_int_equal(piece & (piece - 1), 0);
                last = piece;
                left -= piece;
                count++;
            }
            assert_int_equal(count, rows_piece_count(total, piece_max));
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_piece_table),
        cmocka_unit_test(test_pieces_are_powers_of_two_and_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
