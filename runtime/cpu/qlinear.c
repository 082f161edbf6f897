/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * QuantizeLinear, DequantizeLinear and inferd.QLinearAdd between f32 and 8 bits, one constant scale
 * and zero point a tensor. Elements do not see each other, so all ports may have either layout, as
 * long as it is the same.
 *
 * Rounding: QLinearAdd adds in float where the reference kernel adds in double; where the sum is
 * half-way between two numbers they may differ by one step.
 * Thread: prepared by a loader; run by any number at once. Source: ONNX QuantizeLinear 25,
 * DequantizeLinear 25.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/layout_convert.h"
#include "runtime/cpu/vector_bytes.h"
#include "runtime/cpu/vector_loops.h"

enum { TILE = 4096, TILES_A_CHUNK = 8 };
enum { ADD_A, ADD_A_SCALE, ADD_A_ZERO, ADD_B, ADD_B_SCALE, ADD_B_ZERO, ADD_SCALE, ADD_ZERO };

typedef enum QLinearOp { OP_QUANTIZE, OP_DEQUANTIZE, OP_ADD } QLinearOp;

typedef struct QLinearKernel {
    Kernel base;
    QLinearOp op;
    bool is_signed;
    float scale;
    int32_t zero;
    ByteSum sum;
} QLinearKernel;

static bool is_bytes(const Value *value) {
    return value && (value->dtype == DTYPE_U8 || value->dtype == DTYPE_I8) &&
           shape_is_known(&value->shape);
}

bool qlinear_scale(const KernelBuild *build, uint32_t index, float *ret_scale) {
    const Value *value = build_input(build, index);
    if (!value || value->dtype != DTYPE_F32 || !value->constant ||
        tensor_elements(value->constant) != 1)
        return false;
    *ret_scale = *(const float *)value->constant->data;
    return *ret_scale > 0;
}

bool qlinear_zero(const KernelBuild *build, uint32_t index, int32_t *ret_zero) {
    const Value *value = build_input(build, index);
    *ret_zero = 0;
    if (!value)
        return true;
    if (!is_bytes(value) || !value->constant || tensor_elements(value->constant) != 1)
        return false;
    *ret_zero = (int32_t)tensor_get_int(value->constant, 0);
    return true;
}

static bool is_plain_scaling(const Node *node) {
    return node_get_int(node, "block_size", 0) == 0 && node_get_int(node, "output_dtype", 0) == 0 &&
           node_get_int(node, "precision", 0) == 0 && node->epilogue_count == 0;
}

static bool read_scaling(const KernelBuild *build, QLinearKernel *ret_kernel) {
    const Value *src = build_input(build, 0), *dst = build_output(build, 0);
    bool quantizes = ret_kernel->op == OP_QUANTIZE;
    const Value *bytes = quantizes ? dst : src;
    if (!value_is_f32(quantizes ? src : dst) || !is_bytes(bytes) ||
        !shape_equal(&src->shape, &dst->shape) || !is_plain_scaling(build->node))
        return false;
    ret_kernel->is_signed = bytes->dtype == DTYPE_I8;
    return qlinear_scale(build, 1, &ret_kernel->scale) && qlinear_zero(build, 2, &ret_kernel->zero);
}

static bool read_sum(const KernelBuild *build, QLinearKernel *ret_kernel) {
    const Value *a = build_input(build, ADD_A), *b = build_input(build, ADD_B),
                *dst = build_output(build, 0);
    float a_scale, b_scale, scale;
    int32_t a_zero, b_zero, zero;
    if (!is_bytes(a) || !is_bytes(b) || !is_bytes(dst) || a->dtype != dst->dtype ||
        b->dtype != dst->dtype || !shape_equal(&a->shape, &dst->shape) ||
        !shape_equal(&b->shape, &dst->shape) || !qlinear_scale(build, ADD_A_SCALE, &a_scale) ||
        !qlinear_scale(build, ADD_B_SCALE, &b_scale) || !qlinear_scale(build, ADD_SCALE, &scale) ||
        !qlinear_zero(build, ADD_A_ZERO, &a_zero) || !qlinear_zero(build, ADD_B_ZERO, &b_zero) ||
        !qlinear_zero(build, ADD_ZERO, &zero))
        return false;
    double a_factor = (double)a_scale / scale, b_factor = (double)b_scale / scale;
    ret_kernel->is_signed = dst->dtype == DTYPE_I8;
    ret_kernel->sum = (ByteSum){ .a_factor = (float)a_factor,
                                 .b_factor = (float)b_factor,
                                 .term = (float)(-a_zero * a_factor - b_zero * b_factor),
                                 .zero = zero };
    return true;
}

static bool read_node(const KernelBuild *build, QLinearKernel *ret_kernel) {
    *ret_kernel = (QLinearKernel){ 0 };
    if (node_is(build->node, "", "QuantizeLinear"))
        ret_kernel->op = OP_QUANTIZE;
    else if (node_is(build->node, "", "DequantizeLinear"))
        ret_kernel->op = OP_DEQUANTIZE;
    else if (node_is(build->node, "inferd", "QLinearAdd"))
        ret_kernel->op = OP_ADD;
    else
        return false;
    return ret_kernel->op == OP_ADD ? read_sum(build, ret_kernel) : read_scaling(build, ret_kernel);
}

bool qlinear_takes(const KernelBuild *build) {
    QLinearKernel kernel;
    return read_node(build, &kernel);
}

static bool layouts_agree(const KernelBuild *build, QLinearOp op) {
    const Value *dst = build_output(build, 0);
    const uint32_t inputs[] = { 0, op == OP_ADD ? ADD_B : 0 };
    for (size_t i = 0; i < ARRAY_LENGTH(inputs); i++)
        if (build_input(build, inputs[i])->layout != dst->layout && !layout_is_same(&dst->shape))
            return false;
    return true;
}

static Status qlinear_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    QLinearKernel found, *qlinear;
    if (!read_node(build, &found) || !layouts_agree(build, found.op))
        return status_ok();
    TRY(kernel_alloc(&qlinear_kernel_type, sizeof *qlinear, &qlinear));
    found.base = qlinear->base;
    *qlinear = found;
    *ret_kernel = &qlinear->base;
    return status_ok();
}

typedef struct QLinearRun {
    const QLinearKernel *kernel;
    const VectorBytes *loops;
    const KernelCall *call;
    size_t elements;
} QLinearRun;

static void run_tiles(void *user, size_t begin, size_t end) {
    const QLinearRun *run = user;
    const QLinearKernel *kernel = run->kernel;
    size_t from = begin * TILE, count = MIN_OF(end * TILE, run->elements) - from;
    char *dst = run->call->dst[0].data;
    const char *src = run->call->src[0]->data;
    switch (kernel->op) {
    case OP_QUANTIZE:
        run->loops->quantize[kernel->is_signed](dst + from, (const float *)(const void *)src + from,
                                                count, kernel->scale, kernel->zero);
        break;
    case OP_DEQUANTIZE:
        run->loops->dequantize[kernel->is_signed]((float *)(void *)dst + from, src + from, count,
                                                  kernel->scale, kernel->zero);
        break;
    case OP_ADD:
        run->loops->add[kernel->is_signed](dst + from, src + from,
                                           (const char *)run->call->src[ADD_B]->data + from, count,
                                           &kernel->sum);
        break;
    }
}

static Status qlinear_run(const Kernel *kernel, const KernelCall *call) {
    QLinearRun run = { .kernel = (const QLinearKernel *)kernel,
                       .loops = vector_loops()->bytes,
                       .call = call,
                       .elements = tensor_elements(&call->dst[0]) };
    if (run.elements > 0)
        pool_for(call->pool, (run.elements + TILE - 1) / TILE, TILES_A_CHUNK, run_tiles, &run);
    return status_ok();
}

const KernelType qlinear_kernel_type = {
    .name = "vector_qlinear",
    .prepare = qlinear_prepare,
    .run = qlinear_run,
    .free = kernel_free_plain,
};
