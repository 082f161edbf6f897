/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The equation of Einsum against the shapes of its operands, for inference and the kernel. A label
 * is a letter or one dim behind an ellipsis; those are numbered from the right, so that operands
 * with fewer of them broadcast.
 */

#include "runtime/tensor/shape.h"

enum {
    EINSUM_TERMS_MAX = 16,
    EINSUM_LETTERS = 52,
    EINSUM_LABELS = EINSUM_LETTERS + SHAPE_MAX_RANK,
};

typedef struct EinsumTerm {
    size_t count;
    uint8_t labels[SHAPE_MAX_RANK]; /* one a dim */
} EinsumTerm;

typedef struct Einsum {
    size_t term_count;
    EinsumTerm terms[EINSUM_TERMS_MAX], output;
    int64_t dims[EINSUM_LABELS]; /* DIM_UNKNOWN where no operand tells */
} Einsum;

/* All shapes have a rank. Errors: INVALID_ARGUMENT (equation, ranks or dims), UNIMPLEMENTED (too
 * many operands) */
Status einsum_parse(StringView equation, const Shape *const *shapes, size_t count,
                    Einsum *ret_einsum);
