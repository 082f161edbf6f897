/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One row per operator in its newest form: arity, and shape and type inference. Older forms are
 * upgraded at import (runtime/onnx/upgrade), so that passes and kernels see only what is described
 * here. The one function `infer` serves three times: at load with partly unknown shapes, when a
 * plan is made with concrete ones, and at run time for nodes whose shapes depend on data, with
 * every input's content known.
 */

#include "runtime/graph/graph.h"

typedef struct InferPort {
    bool present;        /* false: left out; the rest is then meaningless */
    DType dtype;         /* INVALID: not known yet */
    Shape shape;         /* as far as known */
    const Tensor *value; /* content, when it is constant or already computed; else NULL */
} InferPort;

typedef struct InferCall {
    const Node *node;
    const InferPort *inputs; /* node->input_count */
    InferPort *outputs; /* node->output_count, set to unknown by the caller; present where wanted */
} InferCall;

/* Sets dtype and shape of every output as far as the inputs tell. Errors: INVALID_ARGUMENT naming
 * both sides; the caller adds node and operator. Never trusts: dims may be anything, attributes may
 * be missing. */
typedef Status (*InferFn)(InferCall *call);

typedef enum OpFlags {
    OP_ELEMENTWISE = 1 << 0, /* output element i depends on element i of (broadcast) inputs only */
    OP_DATA_SHAPE = 1 << 1,  /* the output shape is known only after the kernel ran (NonZero) */
    OP_RANDOM = 1 << 2,      /* never folded, never merged */
    OP_INTERNAL = 1 << 3,    /* made by passes, not accepted from files */
    OP_VIEW = 1 << 4,  /* output is input 0's bytes under another shape (Reshape, Squeeze, ...) */
    OP_LISTS = 1 << 5, /* takes sequences and optionals; all others are given tensors alone */
} OpFlags;

enum { ARITY_ANY = 255 };

#define DTYPE_BIT(dtype) (UINT32_C(1) << (dtype))

struct OpSchema {
    const char *domain; /* "" is ai.onnx; "inferd" for internal ones */
    const char *name;
    uint16_t oldest_opset; /* since_version of the oldest form that is upgraded */
    uint16_t newest_opset; /* and of the form described */
    uint8_t min_inputs, max_inputs, min_outputs, max_outputs;
    uint8_t tier; /* of reference: 1 CNN, 2 shape arithmetic and elementwise, ...; 0 internal */
    uint32_t flags;
    /* Bits DTYPE_BIT(x) that input 0 may have, 0: any; checked before infer is called */
    uint32_t types;
    InferFn infer;
    const char *summary; /* one line for docs/OPERATORS.md */
};

/* NULL when we lack it. domain "ai.onnx" equals "". */
const OpSchema *op_schema_find(const char *domain, const char *name);
/* All rows of ai.onnx and the internal ones in name order, for documents and tests. */
const OpSchema *op_schema_table(size_t *ret_count);
/* The same of ai.onnx.ml. */
const OpSchema *op_schema_table_ml(size_t *ret_count);

/* Checks arity and the type of input 0, runs the operator's infer, and checks that the output
 * shapes can be addressed. This, not the table's function, is what others call. Prefixes errors
 * with operator and node name. */
Status op_infer(InferCall *call);
/* INVALID_ARGUMENT for a list that an operator without OP_LISTS is given. */
Status op_check_lists(const InferCall *call);
/* op_infer for one node of a graph: writes dtype and shape of its outputs into the values. Only
 * constants have content. */
Status graph_infer_node(Graph *graph, NodeId node);
/* All nodes in order. */
Status graph_infer(Graph *graph);
