/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Add, Sub, Mul and Div in f32 with numpy broadcasting, each port in its own layout. When a plan is
 * made the dims are put into the order in which the result lies in memory, with a step for each
 * operand (0 where it is broadcast); dims that run on without a seam in all three are merged. What
 * is left is a short list of outer dims and an inner run in which each operand advances by one,
 * stands still, or (layouts mixed) takes larger steps.
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX Add 14, Sub 14, Mul 14,
 * Div 14.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/fused_steps.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/vector_loops.h"

enum { INNER_MAX = 4096 }; /* longer runs are cut, so that they spread over the pool */

static const struct {
    const char *op;
    BinaryLoop loop;
} rows[] = {
    { "Add", BINARY_ADD },
    { "Div", BINARY_DIV },
    { "Mul", BINARY_MUL },
    { "Sub", BINARY_SUB },
};

typedef struct Dim {
    int64_t size, a, b; /* elements an operand moves by per step */
} Dim;

typedef struct BinaryKernel {
    Kernel base;
    BinaryLoop loop;
    Dim dims[SHAPE_MAX_RANK + 1]; /* of the result, outermost first; the last is the inner run */
    size_t rank;
} BinaryKernel;

/* Steps of an operand along the result's logical dims. */
static void steps_of(const Value *operand, const Shape *dst, int64_t *ret_steps) {
    int64_t strides[SHAPE_MAX_RANK];
    const Shape *shape = &operand->shape;
    if (operand->layout == LAYOUT_CHANNELS_LAST && shape->rank >= 3) {
        DnnlView view = dnnl_view_channels_last(shape->dims, shape->rank);
        for (int32_t i = 0; i < shape->rank; i++)
            strides[i] = view.strides[i];
    } else {
        shape_strides(shape, strides);
    }
    for (int32_t i = 0; i < dst->rank; i++) {
        int32_t own = i - dst->rank + shape->rank;
        ret_steps[i] = own < 0 || shape->dims[own] == 1 ? 0 : strides[own];
    }
}

static bool fits(const Value *operand, const Shape *dst) {
    if (!value_is_f32(operand) || operand->shape.rank > dst->rank)
        return false;
    for (int32_t i = 0; i < operand->shape.rank; i++) {
        int64_t dim = operand->shape.dims[i];
        if (dim != 1 && dim != dst->dims[i + dst->rank - operand->shape.rank])
            return false;
    }
    return true;
}

bool binary_takes(const KernelBuild *build) {
    const Value *dst = build_output(build, 0);
    return value_is_f32(dst) && fits(build_input(build, 0), &dst->shape) &&
           fits(build_input(build, 1), &dst->shape);
}

/* Appends a dim, or lengthens the last one when that runs on into it. */
static void append(BinaryKernel *binary, Dim dim) {
    if (dim.size == 1)
        return;
    Dim *last = binary->rank > 0 ? &binary->dims[binary->rank - 1] : NULL;
    if (last && last->a == dim.a * dim.size && last->b == dim.b * dim.size)
        *last = (Dim){ .size = last->size * dim.size, .a = dim.a, .b = dim.b };
    else
        binary->dims[binary->rank++] = dim;
}

/* A run that is too long for one piece becomes two dims when it divides evenly enough. */
static void cut_inner(BinaryKernel *binary) {
    if (binary->rank == 0)
        binary->dims[binary->rank++] = (Dim){ .size = 1 };
    Dim *inner = &binary->dims[binary->rank - 1];
    if (inner->size <= INNER_MAX || binary->rank > SHAPE_MAX_RANK)
        return;
    for (int64_t size = INNER_MAX; size >= INNER_MAX / 4; size--) {
        if (inner->size % size != 0)
            continue;
        Dim rest = { .size = size, .a = inner->a, .b = inner->b };
        *inner = (Dim){ .size = inner->size / size, .a = rest.a * size, .b = rest.b * size };
        binary->dims[binary->rank++] = rest;
        return;
    }
}

static void order_dims(BinaryKernel *binary, const Value *a, const Value *b, const Value *dst) {
    int64_t a_steps[SHAPE_MAX_RANK], b_steps[SHAPE_MAX_RANK];
    steps_of(a, &dst->shape, a_steps);
    steps_of(b, &dst->shape, b_steps);
    int32_t rank = dst->shape.rank;
    bool last = dst->layout == LAYOUT_CHANNELS_LAST && rank >= 3;
    for (int32_t i = 0; i < rank; i++) {
        int32_t at = !last || i == 0 ? i : i + 1 < rank ? i + 1 : 1; /* N, spatial..., C */
        append(binary, (Dim){ .size = dst->shape.dims[at], .a = a_steps[at], .b = b_steps[at] });
    }
    cut_inner(binary);
}

static Status binary_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    const Value *a = build_input(build, 0), *b = build_input(build, 1),
                *dst = build_output(build, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (!node_is(build->node, "", rows[i].op))
            continue;
        if (!binary_takes(build))
            return status_ok();
        BinaryKernel *binary;
        TRY(kernel_alloc(&binary_kernel_type, sizeof *binary, &binary));
        binary->loop = rows[i].loop;
        order_dims(binary, a, b, dst);
        *ret_kernel = &binary->base;
        return status_ok();
    }
    return status_ok();
}

typedef struct BinaryRun {
    const BinaryKernel *binary;
    const VectorLoops *loops;
    const float *a, *b;
    float *dst;
    FusedSteps steps;
} BinaryRun;

/* Steps that are neither 0 nor 1: one element at a time through the same loop. */
static void run_stepped(const BinaryRun *run, const Dim *inner, const float *a, const float *b,
                        float *dst) {
    BinaryFn loop = run->loops->binary[run->binary->loop];
    for (int64_t i = 0; i < inner->size; i++)
        loop(dst + i, a + i * inner->a, b + i * inner->b, 1);
}

static void run_inner(const BinaryRun *run, const float *a, const float *b, float *dst) {
    const BinaryKernel *binary = run->binary;
    const Dim *inner = &binary->dims[binary->rank - 1];
    size_t count = (size_t)inner->size;
    if (inner->a == 1 && inner->b == 1)
        run->loops->binary[binary->loop](dst, a, b, count);
    else if (inner->a == 1 && inner->b == 0)
        run->loops->binary_right[binary->loop](dst, a, b, count);
    else if (inner->a == 0 && inner->b == 1)
        run->loops->binary_left[binary->loop](dst, a, b, count);
    else
        run_stepped(run, inner, a, b, dst);
}

static void run_rows(void *user, size_t begin, size_t end) {
    const BinaryRun *run = user;
    const BinaryKernel *binary = run->binary;
    size_t count = (size_t)binary->dims[binary->rank - 1].size;
    for (size_t row = begin; row < end; row++) {
        int64_t a = 0, b = 0;
        size_t left = row;
        for (size_t i = binary->rank - 1; i-- > 0;) {
            const Dim *dim = &binary->dims[i];
            int64_t at = (int64_t)(left % (size_t)dim->size);
            left /= (size_t)dim->size;
            a += at * dim->a;
            b += at * dim->b;
        }
        run_inner(run, run->a + a, run->b + b, run->dst + row * count);
        fused_steps_apply(&run->steps, row * count, (row + 1) * count);
    }
}

static Status binary_run(const Kernel *kernel, const KernelCall *call) {
    const BinaryKernel *binary = (const BinaryKernel *)kernel;
    size_t elements = tensor_elements(&call->dst[0]);
    if (elements == 0)
        return status_ok();
    BinaryRun run = { .binary = binary,
                      .loops = vector_loops(),
                      .a = call->src[0]->data,
                      .b = call->src[1]->data,
                      .dst = call->dst[0].data,
                      .steps = fused_steps_open(call, 0) };
    size_t count = (size_t)binary->dims[binary->rank - 1].size;
    pool_for(call->pool, elements / count, 1 + 32768 / count, run_rows, &run);
    return status_ok();
}

const KernelType binary_kernel_type = {
    .name = "vector_binary",
    .prepare = binary_prepare,
    .run = binary_run,
    .free = kernel_free_plain,
};
