/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * DynamicQuantizeLinear: the range of a whole tensor with 0 in it, then every element in 8 bits.
 * The same bytes as the plain kernel's.
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX DynamicQuantizeLinear 11.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/vector_loops.h"
#include "runtime/cpu/vector_nn.h"

#include <math.h>

enum { TILE = 16384 };

static Status dynamic_quantize_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    const Value *src = build_input(build, 0), *dst = build_output(build, 0);
    if (!node_is(build->node, "", "DynamicQuantizeLinear") || !value_is_f32(src) || !dst ||
        dst->dtype != DTYPE_U8 || src->layout != LAYOUT_PLAIN || dst->layout != LAYOUT_PLAIN)
        return status_ok();
    return kernel_alloc(&dynamic_quantize_kernel_type, sizeof **ret_kernel, ret_kernel);
}

typedef struct QuantizeRun {
    const VectorNn *nn;
    const float *src;
    uint8_t *dst;
    size_t count;
    float scale, zero;
} QuantizeRun;

static void run_tiles(void *user, size_t begin, size_t end) {
    const QuantizeRun *run = user;
    size_t from = begin * TILE, to = MIN_OF(end * TILE, run->count);
    run->nn->quantize_u8(run->dst + from, run->src + from, run->scale, run->zero, to - from);
}

static Status dynamic_quantize_run(const Kernel *kernel, const KernelCall *call) {
    (void)kernel;
    QuantizeRun run = { .nn = vector_loops()->nn,
                        .src = call->src[0]->data,
                        .dst = call->dst[0].data,
                        .count = tensor_elements(call->src[0]) };
    float range[2];
    run.nn->range(run.src, run.count, range);
    run.scale = (range[0] < range[1] ? range[1] - range[0] : 1.0f) / 255.0f;
    run.zero = rintf(0.0f - range[0] / run.scale);
    run.zero = run.zero > 255.0f ? 255.0f : run.zero;
    if (run.count > 0)
        pool_for(call->pool, (run.count + TILE - 1) / TILE, 2, run_tiles, &run);
    if (call->node->output_count > 1 && call->dst[1].dtype == DTYPE_F32)
        *(float *)call->dst[1].data = run.scale;
    if (call->node->output_count > 2 && call->dst[2].dtype == DTYPE_U8)
        *(uint8_t *)call->dst[2].data = (uint8_t)run.zero;
    return status_ok();
}

const KernelType dynamic_quantize_kernel_type = {
    .name = "vector_quantize",
    .prepare = dynamic_quantize_prepare,
    .run = dynamic_quantize_run,
    .free = kernel_free_plain,
};
