/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The fast kernels, in the order in which a node is offered to them, and what they would like of the passes.
 *
 * For now there is none: every node gets its reference kernel.
 */

#include "runtime/cpu/kernel.h"

const KernelType *const *kernel_table(size_t *ret_count) {
    *ret_count = 0;
    return NULL;
}

bool cpu_fuses(const Graph *graph, NodeId node, EpilogueKind step) {
    (void)graph, (void)node, (void)step;
    return false;
}

Layout cpu_preferred_layout(const Graph *graph, NodeId node) {
    (void)graph, (void)node;
    return LAYOUT_PLAIN;
}
