/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ArgMax and ArgMin: the position along one axis of its largest or smallest element, the first of
 * equals unless select_last_index. The first NaN wins over every number, as in numpy.
 */

#include "runtime/cpu/reference/reduce_walk.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <math.h>

typedef struct Best {
    bool wants_max, takes_last;
    bool found;
    double value;
    int64_t whole;
    int64_t position;
} Best;

/* order: below 0 when the candidate is less than the best so far. */
static void offer(Best *best, int order, int64_t position) {
    if (best->wants_max ? order > 0 : order < 0)
        best->position = position;
    else if (order == 0 && best->takes_last)
        best->position = position;
}

static void offer_float(Best *best, double value, int64_t position) {
    bool is_nan = isnan(value) != 0, best_is_nan = isnan(best->value) != 0;
    int better = best->wants_max ? 1 : -1, order;
    if (!best->found)
        order = better;
    else if (is_nan || best_is_nan)
        order = is_nan == best_is_nan ? 0 : is_nan ? better : -better;
    else
        order = (value > best->value) - (value < best->value);
    offer(best, order, position);
    if (best->position == position)
        best->value = value;
    best->found = true;
}

static void offer_int(Best *best, int64_t value, int64_t position) {
    int order = (value > best->whole) - (value < best->whole);
    offer(best, best->found ? order : (best->wants_max ? 1 : -1), position);
    if (best->position == position)
        best->whole = value;
    best->found = true;
}

static int64_t find_best(Best best, const ReduceWalk *walk, size_t first, const ElementIo *io) {
    double values[ELEMENT_CHUNK];
    int64_t ints[ELEMENT_CHUNK], position = 0;
    bool is_float = dtype_info(walk->src->dtype)->is_float;
    int64_t flip = walk->src->dtype == DTYPE_U64 ? INT64_MIN : 0;
    ReduceChunk chunk = reduce_chunk_begin(walk, first);
    while (reduce_chunk_next(&chunk)) {
        if (is_float)
            io->load_f64(walk->src->data, chunk.index, chunk.step, chunk.count, values);
        else
            io->load_i64(walk->src->data, chunk.index, chunk.step, chunk.count, ints);
        for (size_t i = 0; i < chunk.count; i++, position++) {
            if (is_float)
                offer_float(&best, values[i], position);
            else
                offer_int(&best, ints[i] ^ flip, position);
        }
    }
    return best.position;
}

static Status arg_reduce(const KernelCall *call, bool wants_max) {
    const Tensor *src;
    Tensor *dst;
    size_t axis, first;
    bool reduced[SHAPE_MAX_RANK] = { false };
    ReduceWalk walk;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_get_axis(call, 0, src->shape.rank, &axis));
    reduced[axis] = true;
    TRY(call_check_dtype(call, DTYPE_I64, dst));
    TRY(reduce_walk_init(&walk, call, src, reduced, dst));
    const ElementIo *io = element_io_find(src->dtype);
    if (!io || dtype_is_packed(src->dtype))
        return call_lacks_dtype(call, src->dtype);
    if (walk.reduced_count == 0 && walk.left > 0)
        return call_invalid(call, "axis %zu of %s is empty", axis, SHAPE_TEXT(&src->shape));
    Best best = { .wants_max = wants_max,
                  .takes_last = node_get_int(call->node, "select_last_index", 0) != 0 };
    int64_t *positions = dst->data;
    for (size_t i = 0; reduce_walk_next(&walk, &first); i++)
        positions[i] = find_best(best, &walk, first, io);
    return status_ok();
}

Status reference_arg_max(const KernelCall *call) {
    return arg_reduce(call, true);
}

Status reference_arg_min(const KernelCall *call) {
    return arg_reduce(call, false);
}
