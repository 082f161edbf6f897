/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Dims by name. The first shape that tells a letter settles it; what comes later is held against
 * it, so that the order of binding decides which input a message blames.
 *
 * Pure functions, any thread. Nothing is trusted: shapes may be anything.
 */

#include "runtime/graph/dim_names.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

void dim_names_init(DimNames *names) {
    for (size_t i = 0; i < DIM_NAMES_COUNT; i++)
        names->dims[i] = DIM_UNKNOWN;
}

int64_t *dim_name(DimNames *names, char letter) {
    assert(letter >= 'A' && letter <= 'z');
    return &names->dims[letter - 'A'];
}

static int64_t lookup(const DimNames *names, char letter) {
    return isdigit((unsigned char)letter) ? letter - '0' : names->dims[letter - 'A'];
}

Shape dim_names_shape(const DimNames *names, const char *pattern) {
    Shape shape = { .rank = (int32_t)strlen(pattern) };
    assert(shape.rank <= SHAPE_MAX_RANK);
    for (int32_t i = 0; i < shape.rank; i++)
        shape.dims[i] = lookup(names, pattern[i]);
    return shape;
}

Status dim_names_bind(DimNames *names, const Shape *shape, const char *pattern, size_t input) {
    if (!shape || shape->rank == SHAPE_UNRANKED)
        return status_ok();
    Shape expected = dim_names_shape(names, pattern);
    if (shape->rank != expected.rank)
        return status_error(STATUS_INVALID_ARGUMENT, "input %zu: expected rank %d, got shape %s",
                            input, (int)expected.rank, SHAPE_TEXT(shape));
    for (int32_t i = 0; i < shape->rank; i++) {
        int64_t dim = shape->dims[i], known = lookup(names, pattern[i]);
        if (dim == DIM_UNKNOWN || dim == known)
            continue;
        if (known != DIM_UNKNOWN)
            return status_error(STATUS_INVALID_ARGUMENT, "input %zu: expected shape %s, got %s",
                                input, SHAPE_TEXT(&expected), SHAPE_TEXT(shape));
        *dim_name(names, pattern[i]) = dim;
    }
    return status_ok();
}

Status dim_names_set(DimNames *names, char letter, int64_t dim, const char *what) {
    int64_t *known = dim_name(names, letter);
    if (dim == DIM_UNKNOWN)
        return status_ok();
    if (*known != DIM_UNKNOWN && *known != dim)
        return status_error(STATUS_INVALID_ARGUMENT, "%s: expected %" PRId64 ", got %" PRId64, what,
                            *known, dim);
    *known = dim;
    return status_ok();
}
