/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kernels of the CPU device. A family a file; each file exports rows of KernelType. For a node the
 * device asks the fast rows in table order (prepare gives NULL: "not this one") and falls back to
 * the reference kernel, which exists for every operator and type and is the oracle of the others.
 */

#include "runtime/base/pool.h"
#include "runtime/base/status.h"
#include "runtime/device/device.h"
#include "runtime/graph/graph.h"
#include "runtime/graph/op_schema.h"

typedef struct Kernel Kernel;
typedef struct PackedWeights PackedWeights; /* runtime/cpu/weights.h */

/* What is known when a plan is compiled. */
typedef struct KernelBuild {
    const Graph *graph; /* value shapes, layouts and constants */
    const Node *node;
    PackedWeights *weights; /* of the model, shared by its plans */
    /* Of this plan, for constants that are not Value.is_lasting; NULL: the same */
    PackedWeights *own_weights;
    Pool *pool;
    Precision precision;
} KernelBuild;

/* One run of a body of the node. */
typedef struct BodyCall {
    const Graph *body;
    const Tensor *inputs; /* as the body has them, captures last; lent */
    Tensor *outputs;      /* filled in */
    /* Asked once an output, as of ProgramIo. For strings and lists described->bytes is more than
     * their elements: all that they refer to lies in the same memory. */
    void *(*output_memory)(void *user, size_t output, const Tensor *described);
    void *user;
} BodyCall;

/* One run of one node. */
typedef struct KernelCall KernelCall;
struct KernelCall {
    const Node *node;
    const Tensor *const *src; /* node->input_count; NULL where left out */
    Tensor *dst; /* node->output_count; dtype, layout, shape and data are set (dst[i].dtype INVALID:
                    not wanted), except for OP_DATA_SHAPE, where the kernel calls output_new */
    Pool *pool;  /* for pool_for */
    /* OP_DATA_SHAPE: sets dst[i].shape, bytes and data (TENSOR_ALIGNMENT, lives as long as it is
     * needed). */
    Status (*output_new)(const KernelCall *call, size_t output, DType dtype, const Shape *shape);
    /* Memory for what results refer to (characters of strings, elements of lists), and for work
     * that outlasts a body's run; TENSOR_ALIGNMENT-aligned, lives as long as the outputs. NULL when
     * over the limit. */
    char *(*text_new)(const KernelCall *call, size_t bytes);
    /* Runs a body of the node, waiting. The kernel holds no scratch meanwhile. */
    Status (*run_body)(const KernelCall *call, const BodyCall *body);
    /* What the request may still spend where work is more than a few times its bytes: see
     * call_spend. NULL: no limit. */
    uint64_t *work_left;
    void *runner; /* of whoever called */
};

typedef struct KernelType {
    const char *name; /* "dnnl_conv", for profiles and tests */
    /* NULL in *ret_kernel with OK: this row does not take the node as it is. Never allocates on the
     * request path: it runs when a plan is compiled. */
    Status (*prepare)(const KernelBuild *build, Kernel **ret_kernel);
    Status (*run)(const Kernel *kernel, const KernelCall *call);
    void (*free)(Kernel *kernel);
} KernelType;

/* Each kernel begins with this. */
struct Kernel {
    const KernelType *type;
    uint32_t in_place_input; /* the result may lie where this input does, which saves work;
                                UINT32_MAX: none */
    bool weights_bound;      /* does not read a constant that is Value.is_weights when it runs */
    size_t scratch_bytes; /* thread_scratch it will ask for in one piece, told so that memory can be
                             reported */
};

/* The plain kernel of an operator: any dtype its ONNX text allows, LAYOUT_PLAIN only, no epilogue,
 * loops written from the text. Stateless. UNIMPLEMENTED for a dtype we lack, naming it. */
typedef Status (*ReferenceKernel)(const KernelCall *call);

typedef struct ReferenceRow {
    const char *domain, *name;
    ReferenceKernel run;
} ReferenceRow;

/* NULL when there is none. */
ReferenceKernel reference_kernel_find(const char *domain, const char *name);

/* Fast rows in the order they are asked. Defined in runtime/cpu/kernel_table.c. */
const KernelType *const *kernel_table(size_t *ret_count);

/* What the fast rows would make of a node, asked by the passes. Defined beside the table. */
bool cpu_fuses(const Graph *graph, NodeId node, EpilogueKind step);
Layout cpu_preferred_layout(const Graph *graph, NodeId node);
/* Is there a kernel for the node with all its ports of rank 3 and more (constants of weights aside)
 * in this layout? PLAIN: always. CHANNELS_LAST: only with concrete shapes, so ask when a plan is
 * made. Elementwise operators say yes and have no wish of their own: let them go along with their
 * neighbours. */
bool cpu_supports_layout(const Graph *graph, NodeId node, Layout layout);
