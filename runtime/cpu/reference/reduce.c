/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reductions. Every operator is a fold over numbers: floats in double, integers in int64 that
 * wraps, whatever the type of the tensor, so that sums of long rows stay exact to the last bit of
 * float. Of no elements Sum gives 0, Prod 1, Max the lowest value of the type, Min the highest,
 * Mean and LogSum what their formula says.
 *
 * Max and Min propagate NaN. Integers under an operator with a root or a logarithm are folded in
 * double and truncated.
 */

#include "runtime/cpu/reference/reduce_walk.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <math.h>

typedef struct Fold {
    double value, peak; /* peak: largest so far, of LogSumExp */
    int64_t whole;      /* integers; those of U64 with the top bit flipped under Max and Min */
} Fold;

typedef struct Reducer {
    void (*fold_f64)(Fold *fold, const double *values, size_t count);
    void (*fold_i64)(Fold *fold, const int64_t *values,
                     size_t count);                   /* NULL: integers too go through double */
    double (*finish)(const Fold *fold, double count); /* of the double; NULL: value */
    double start;
    enum {
        START_VALUE,
        START_LOWEST,
        START_HIGHEST
    } start_int;  /* lowest and highest of the type */
    bool divides; /* integers: by the count */
} Reducer;

#define FOLD(name, step_f64, step_i64)                                                             \
    static void name##_f64(Fold *fold, const double *values, size_t count) {                       \
        double value = fold->value;                                                                \
        for (size_t i = 0; i < count; i++) {                                                       \
            const double x = values[i];                                                            \
            value = step_f64;                                                                      \
        }                                                                                          \
        fold->value = value;                                                                       \
    }                                                                                              \
    static void name##_i64(Fold *fold, const int64_t *values, size_t count) {                      \
        int64_t value = fold->whole;                                                               \
        for (size_t i = 0; i < count; i++) {                                                       \
            const int64_t x = values[i];                                                           \
            value = (int64_t)(step_i64);                                                           \
        }                                                                                          \
        fold->whole = value;                                                                       \
    }
FOLD(sum, value + x, (uint64_t)value + (uint64_t)x)
FOLD(prod, value *x, (uint64_t)value *(uint64_t)x)
FOLD(abs, value + fabs(x), (uint64_t)value + (x < 0 ? -(uint64_t)x : (uint64_t)x))
FOLD(square, value + x * x, (uint64_t)value + (uint64_t)x * (uint64_t)x)
FOLD(max, x > value || x != x ? x : value, x > value ? x : value)
FOLD(min, x < value || x != x ? x : value, x < value ? x : value)

/* value * exp(peak) is the sum of exp(x) so far. */
static void log_sum_exp_f64(Fold *fold, const double *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (values[i] > fold->peak) {
            fold->value *= exp(fold->peak - values[i]);
            fold->peak = values[i];
        }
        fold->value += values[i] == fold->peak ? 1.0 : exp(values[i] - fold->peak);
    }
}

static double finish_mean(const Fold *fold, double count) {
    return fold->value / count;
}

static double finish_root(const Fold *fold, double count) {
    (void)count;
    return sqrt(fold->value);
}

static double finish_log(const Fold *fold, double count) {
    (void)count;
    return log(fold->value);
}

static double finish_log_sum_exp(const Fold *fold, double count) {
    (void)count;
    return fold->value == 0.0 ? -(double)INFINITY : fold->peak + log(fold->value);
}

static const Reducer SUM = { .fold_f64 = sum_f64, .fold_i64 = sum_i64 };
static const Reducer MEAN = {
    .fold_f64 = sum_f64, .fold_i64 = sum_i64, .finish = finish_mean, .divides = true
};
static const Reducer PROD = { .fold_f64 = prod_f64, .fold_i64 = prod_i64, .start = 1.0 };
static const Reducer MAX = {
    .fold_f64 = max_f64, .fold_i64 = max_i64, .start = -(double)INFINITY, .start_int = START_LOWEST
};
static const Reducer MIN = {
    .fold_f64 = min_f64, .fold_i64 = min_i64, .start = (double)INFINITY, .start_int = START_HIGHEST
};
static const Reducer L1 = { .fold_f64 = abs_f64, .fold_i64 = abs_i64 };
static const Reducer L2 = { .fold_f64 = square_f64, .finish = finish_root };
static const Reducer SUM_SQUARE = { .fold_f64 = square_f64, .fold_i64 = square_i64 };
static const Reducer LOG_SUM = { .fold_f64 = sum_f64, .finish = finish_log };
static const Reducer LOG_SUM_EXP = { .fold_f64 = log_sum_exp_f64, .finish = finish_log_sum_exp };

/* Lowest and highest of an integer type; those of U64 as they compare once the top bit is flipped.
 */
static int64_t start_int(const Reducer *reducer, DType dtype) {
    unsigned bits = dtype == DTYPE_BOOL ? 1 : dtype_info(dtype)->bits;
    bool is_signed = dtype_info(dtype)->is_signed || bits == 64;
    int64_t lowest = is_signed ? (int64_t)(UINT64_MAX << (bits - 1)) : 0;
    int64_t highest = is_signed ? ~lowest : (int64_t)((UINT64_C(1) << bits) - 1);
    if (reducer->start_int == START_VALUE)
        return (int64_t)reducer->start;
    return reducer->start_int == START_LOWEST ? lowest : highest;
}

static int64_t reduce_ints(const Reducer *reducer, const ReduceWalk *walk, size_t first,
                           const ElementIo *io) {
    int64_t values[ELEMENT_CHUNK];
    Fold fold = { .whole = start_int(reducer, walk->src->dtype) };
    bool flips = walk->src->dtype == DTYPE_U64 && reducer->start_int != START_VALUE;
    ReduceChunk chunk = reduce_chunk_begin(walk, first);
    while (reduce_chunk_next(&chunk)) {
        io->load_i64(walk->src->data, chunk.index, chunk.step, chunk.count, values);
        for (size_t i = 0; flips && i < chunk.count; i++)
            values[i] ^= INT64_MIN;
        reducer->fold_i64(&fold, values, chunk.count);
    }
    if (flips)
        return fold.whole ^ INT64_MIN;
    if (!reducer->divides)
        return fold.whole;
    if (walk->reduced_count == 0)
        return 0;
    return dtype_info(walk->src->dtype)->is_signed
               ? fold.whole / (int64_t)walk->reduced_count
               : (int64_t)((uint64_t)fold.whole / walk->reduced_count);
}

static double reduce_floats(const Reducer *reducer, const ReduceWalk *walk, size_t first,
                            const ElementIo *io) {
    double values[ELEMENT_CHUNK];
    Fold fold = { .value = reducer->start, .peak = -(double)INFINITY };
    ReduceChunk chunk = reduce_chunk_begin(walk, first);
    while (reduce_chunk_next(&chunk)) {
        io->load_f64(walk->src->data, chunk.index, chunk.step, chunk.count, values);
        reducer->fold_f64(&fold, values, chunk.count);
    }
    return reducer->finish ? reducer->finish(&fold, (double)walk->reduced_count) : fold.value;
}

/* Axes of input 1; none given means all, or none at all with noop_with_empty_axes. */
static Status read_axes(const KernelCall *call, int32_t rank, bool reduced[static SHAPE_MAX_RANK]) {
    int64_t axes[SHAPE_MAX_RANK];
    size_t count = 0, axis;
    const Tensor *tensor = call_find_src(call, 1);
    if (tensor)
        TRY(call_get_ints(call, tensor, SHAPE_MAX_RANK, axes, &count));
    bool all = count == 0 && node_get_int(call->node, "noop_with_empty_axes", 0) == 0;
    for (int32_t d = 0; d < SHAPE_MAX_RANK; d++)
        reduced[d] = all;
    for (size_t i = 0; i < count; i++) {
        TRY(shape_axis(axes[i], rank, &axis));
        reduced[axis] = true;
    }
    return status_ok();
}

static Status reduce(const KernelCall *call, const Reducer *reducer) {
    const Tensor *src;
    Tensor *dst;
    bool reduced[SHAPE_MAX_RANK];
    ReduceWalk walk;
    TRY(call_get_first(call, &src, &dst));
    TRY(read_axes(call, src->shape.rank, reduced));
    TRY(call_check_dtype(call, src->dtype, dst));
    TRY(reduce_walk_init(&walk, call, src, reduced, dst));
    const ElementIo *io = element_io_find(src->dtype);
    if (!io || dtype_is_packed(src->dtype))
        return call_lacks_dtype(call, src->dtype);
    bool is_whole = !dtype_info(src->dtype)->is_float && reducer->fold_i64;
    size_t first;
    for (size_t i = 0; reduce_walk_next(&walk, &first); i++) {
        if (is_whole) {
            int64_t value = reduce_ints(reducer, &walk, first, io);
            io->store_i64(dst->data, i, 1, &value);
        } else {
            double value = reduce_floats(reducer, &walk, first, io);
            io->store_f64(dst->data, i, 1, &value);
        }
    }
    return status_ok();
}

#define REDUCE_KERNEL(name, reducer)                                                               \
    Status reference_##name(const KernelCall *call) {                                              \
        return reduce(call, &reducer);                                                             \
    }
REDUCE_KERNEL(reduce_l1, L1)
REDUCE_KERNEL(reduce_l2, L2)
REDUCE_KERNEL(reduce_log_sum, LOG_SUM)
REDUCE_KERNEL(reduce_log_sum_exp, LOG_SUM_EXP)
REDUCE_KERNEL(reduce_max, MAX)
REDUCE_KERNEL(reduce_mean, MEAN)
REDUCE_KERNEL(reduce_min, MIN)
REDUCE_KERNEL(reduce_prod, PROD)
REDUCE_KERNEL(reduce_sum, SUM)
REDUCE_KERNEL(reduce_sum_square, SUM_SQUARE)
