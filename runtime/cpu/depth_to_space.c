/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * DepthToSpace of f32 in channels-last layout and mode DCR: the channels of one source pixel are
 * block * block pixels of the result, and each of its rows of blocks is one run of memory. Source
 * rows are spread over the pool.
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX DepthToSpace 13.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/layout_convert.h"

#include <string.h>

enum { COPY_GRAIN_BYTES = 64 << 10 };

typedef struct DepthKernel {
    Kernel base;
    size_t rows, columns, block, run_bytes; /* rows: of all images; a run: block pixels */
} DepthKernel;

bool depth_to_space_takes(const KernelBuild *build) {
    const Value *src = build_input(build, 0), *dst = build_output(build, 0);
    StringView mode = node_get_string(build->node, "mode", "DCR");
    return value_is_f32(src) && value_is_f32(dst) && src->shape.rank == 4 &&
           build->node->epilogue_count == 0 && mode.length == 3 &&
           memcmp(mode.data, "DCR", 3) == 0 && shape_product(&src->shape, 0, 4) > 0;
}

static bool is_channels_last(const Value *value) {
    return value->layout == LAYOUT_CHANNELS_LAST || layout_is_same(&value->shape);
}

static Status depth_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    if (!node_is(build->node, "", "DepthToSpace") || !depth_to_space_takes(build) ||
        !is_channels_last(build_input(build, 0)) || !is_channels_last(build_output(build, 0)))
        return status_ok();
    const Shape *src = &build_input(build, 0)->shape, *dst = &build_output(build, 0)->shape;
    DepthKernel *depth;
    TRY(kernel_alloc(&depth_to_space_kernel_type, sizeof *depth, &depth));
    depth->rows = (size_t)(src->dims[0] * src->dims[2]);
    depth->columns = (size_t)src->dims[3];
    depth->block = (size_t)(dst->dims[2] / src->dims[2]);
    depth->run_bytes = depth->block * (size_t)dst->dims[1] * sizeof(float);
    *ret_kernel = &depth->base;
    return status_ok();
}

typedef struct DepthRun {
    const DepthKernel *depth;
    const char *src;
    char *dst;
} DepthRun;

static void move_rows(void *user, size_t begin, size_t end) {
    const DepthRun *run = user;
    const DepthKernel *depth = run->depth;
    size_t run_bytes = depth->run_bytes, pixel = depth->block * run_bytes;
    for (size_t row = begin; row < end; row++) {
        const char *src = run->src + row * depth->columns * pixel;
        for (size_t b = 0; b < depth->block; b++) {
            char *dst = run->dst + (row * depth->block + b) * depth->columns * run_bytes;
            for (size_t column = 0; column < depth->columns; column++)
                memcpy(dst + column * run_bytes, src + column * pixel + b * run_bytes, run_bytes);
        }
    }
}

static Status depth_run(const Kernel *kernel, const KernelCall *call) {
    const DepthKernel *depth = (const DepthKernel *)kernel;
    DepthRun run = { .depth = depth, .src = call->src[0]->data, .dst = call->dst[0].data };
    size_t row_bytes = depth->columns * depth->block * depth->run_bytes;
    pool_for(call->pool, depth->rows, 1 + COPY_GRAIN_BYTES / row_bytes, move_rows, &run);
    return status_ok();
}

const KernelType depth_to_space_kernel_type = {
    .name = "depth_to_space",
    .prepare = depth_prepare,
    .run = depth_run,
    .free = kernel_free_plain,
};
