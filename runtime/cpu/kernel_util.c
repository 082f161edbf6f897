/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What prepare functions share: looking at a node's ports while a plan is compiled, and making the
 * kernel object.
 *
 * Thread: loader, or a worker that builds a plan; scratch_get: any.
 */

#include "runtime/cpu/kernel_util.h"

#include "runtime/cpu/weights.h"

#include <string.h>

bool node_is(const Node *node, const char *domain, const char *name) {
    return strcmp(node->op->name, name) == 0 && strcmp(node->op->domain, domain) == 0;
}

static const Value *value_at(const KernelBuild *build, const ValueId *ids, uint32_t count,
                             uint32_t index) {
    return index < count && ids[index] != VALUE_NONE ? graph_value_const(build->graph, ids[index])
                                                     : NULL;
}

const Value *build_input(const KernelBuild *build, uint32_t index) {
    return value_at(build, build->node->inputs, build->node->input_count, index);
}

const Value *build_output(const KernelBuild *build, uint32_t index) {
    return value_at(build, build->node->outputs, build->node->output_count, index);
}

bool value_is_f32(const Value *value) {
    return value && value->dtype == DTYPE_F32 && shape_is_known(&value->shape);
}

const void *value_constant(const Value *value) {
    return value && value->constant && !value->is_weights ? value->constant->data : NULL;
}

Status kernel_alloc(const KernelType *type, size_t bytes, void *ret_kernel) {
    Kernel *kernel = calloc(1, bytes);
    if (!kernel)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    kernel->type = type;
    kernel->in_place_input = UINT32_MAX;
    *(Kernel **)ret_kernel = kernel;
    return status_ok();
}

void kernel_free_plain(Kernel *kernel) {
    free(kernel);
}

Status scratch_get(size_t bytes, void *ret_scratch) {
    void *scratch = thread_scratch(bytes);
    if (!scratch)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "no memory for %zu bytes of scratch", bytes);
    *(void **)ret_scratch = scratch;
    return status_ok();
}

size_t scratch_space(size_t *used, size_t bytes) {
    size_t at = *used;
    *used = (at + bytes + TENSOR_ALIGNMENT - 1) & ~(size_t)(TENSOR_ALIGNMENT - 1);
    return at;
}

static Status pack(void *user, const void *plain, void *packed) {
    return dnnl_format_pack(user, plain, packed);
}

static Status unpack(void *user, const void *packed, void *plain) {
    return dnnl_format_unpack(user, packed, plain);
}

static void format_free(void *user) {
    dnnl_format_free(user);
}

Status dnnl_weights_shared(const KernelBuild *build, const Value *value, const DnnlOp *op,
                           const void **ret_packed) {
    *ret_packed = NULL;
    if (!value->constant)
        return status_ok();
    PackedWeights *weights =
        value->is_lasting || !build->own_weights ? build->weights : build->own_weights;
    if (dnnl_op_weights_plain(op)) {
        *ret_packed = value->constant->data;
        return packed_weights_keep_plain(weights, value);
    }
    DnnlFormat *layout;
    TRY(dnnl_format_new(op, &layout));
    WeightFormat format = { .bytes = dnnl_op_weights_bytes(op),
                            .user = layout,
                            .pack = pack,
                            .unpack = unpack,
                            .free = format_free };
    dnnl_op_weights_format(op, format.key, sizeof format.key);
    return packed_weights_get(weights, value, &format, ret_packed);
}
