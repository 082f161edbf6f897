/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Cast of 8 and 32-bit integers to f32: what follows integer products. The same bits as the plain
 * kernel's; other pairs of types are its own.
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX Cast 25.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/fused_steps.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/vector_loops.h"
#include "runtime/cpu/vector_nn.h"

enum { TILE = 8192 };

typedef void (*CastFn)(float *dst, const void *src, size_t count);

static CastFn loop_of(DType from) {
    const VectorNn *nn = vector_loops()->nn;
    switch (from) {
    case DTYPE_I32:
        return nn->from_i32;
    case DTYPE_U8:
        return nn->from_u8;
    case DTYPE_I8:
        return nn->from_i8;
    default:
        return NULL;
    }
}

static Status cast_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    const Value *src = build_input(build, 0), *dst = build_output(build, 0);
    if (!node_is(build->node, "", "Cast") || !src || !loop_of(src->dtype) || !value_is_f32(dst) ||
        !shape_equal(&src->shape, &dst->shape) || src->layout != dst->layout)
        return status_ok();
    return kernel_alloc(&cast_kernel_type, sizeof **ret_kernel, ret_kernel);
}

typedef struct CastRun {
    CastFn loop;
    const char *src;
    float *dst;
    size_t elements, src_bytes; /* of an element */
    FusedSteps steps;
} CastRun;

static void run_tiles(void *user, size_t begin, size_t end) {
    const CastRun *run = user;
    for (size_t tile = begin; tile < end; tile++) {
        size_t from = tile * TILE, to = MIN_OF(from + TILE, run->elements);
        run->loop(run->dst + from, run->src + from * run->src_bytes, to - from);
        fused_steps_apply(&run->steps, from, to);
    }
}

static Status cast_run(const Kernel *kernel, const KernelCall *call) {
    (void)kernel;
    const Tensor *src = call->src[0];
    CastRun run = { .loop = loop_of(src->dtype),
                    .src = src->data,
                    .dst = call->dst[0].data,
                    .elements = tensor_elements(&call->dst[0]),
                    .src_bytes = dtype_bytes(src->dtype),
                    .steps = fused_steps_open(call, 0) };
    if (run.elements > 0)
        pool_for(call->pool, (run.elements + TILE - 1) / TILE, 4, run_tiles, &run);
    return status_ok();
}

const KernelType cast_kernel_type = {
    .name = "vector_cast",
    .prepare = cast_prepare,
    .run = cast_run,
    .free = kernel_free_plain,
};
