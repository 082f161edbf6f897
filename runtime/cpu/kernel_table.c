/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The fast kernels, in the order in which a node is offered to them, and what they would like of the passes. A promise
 * made here (a step that is fused, a layout that is taken) must hold for every shape that a node may turn out to have:
 * reference kernels know plain layout only.
 */

#include "runtime/cpu/kernel_types.h"

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_util.h"

static const KernelType *const rows[] = {
    &conv_kernel_type,
    &matmul_kernel_type,
};

const KernelType *const *kernel_table(size_t *ret_count) {
    *ret_count = ARRAY_LENGTH(rows);
    return rows;
}

/* What is promised for an operator in f32. */
typedef struct PromiseRow {
    const char *name;
    bool fuses;              /* every step */
    bool wants_channels_last;
} PromiseRow;

static const PromiseRow promises[] = {
    { .name = "Conv", .fuses = true, .wants_channels_last = true },
    { .name = "Gemm", .fuses = true },
    { .name = "MatMul", .fuses = true },
};

static const PromiseRow *promise_find(const Node *node) {
    for (size_t i = 0; i < ARRAY_LENGTH(promises); i++)
        if (node_is(node, "", promises[i].name))
            return &promises[i];
    return NULL;
}

static bool is_f32(const Graph *graph, ValueId id) {
    return id != VALUE_NONE && graph_value_const(graph, id)->dtype == DTYPE_F32;
}

bool cpu_fuses(const Graph *graph, NodeId id, EpilogueKind step) {
    const Node *node = graph_node_const(graph, id);
    const PromiseRow *promise = promise_find(node);
    (void)step;
    return promise && promise->fuses && node->output_count > 0 && is_f32(graph, node->outputs[0]);
}

bool cpu_supports_layout(const Graph *graph, NodeId id, Layout layout) {
    return layout == LAYOUT_PLAIN || cpu_preferred_layout(graph, id) == layout;
}

Layout cpu_preferred_layout(const Graph *graph, NodeId id) {
    const Node *node = graph_node_const(graph, id);
    const PromiseRow *promise = promise_find(node);
    if (!promise || !promise->wants_channels_last || node->input_count < 2 || !is_f32(graph, node->inputs[0]) ||
        !is_f32(graph, node->outputs[0]))
        return LAYOUT_PLAIN;
    const Shape *src = &graph_value_const(graph, node->inputs[0])->shape;
    return src->rank == 4 ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN;
}
