/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a model is: values (edges) and nodes in single-assignment form. A Graph owns one arena for
 * its names, attributes and small constants; constants may also point into bytes that the graph
 * keeps (the model file). Passes change it through the functions below; after that it is read-only
 * and may be shared between threads.
 *
 * Ids are indexes and stay valid while nodes are removed (a removed node is marked; graph_compact
 * drops marked ones and unused values and renumbers). Nodes are kept in an order where producers
 * come before users: graph_sort restores it.
 *
 * A node may have bodies (the branches of an If, what a Loop repeats): graphs of their own, as
 * attributes. What a body reads of the graphs around it are captures: the last inputs of the node,
 * and, in the same order, the last inputs of each of its bodies. So an edge is an edge for all who
 * look at inputs, and a body knows nothing of where it stands. Constants are not captured: a body
 * has them as its own, over the same bytes.
 */

#include "runtime/base/arena.h"
#include "runtime/tensor/tensor.h"

typedef struct OpSchema OpSchema;
typedef struct Graph Graph;

typedef uint32_t ValueId;
typedef uint32_t NodeId;
#define VALUE_NONE UINT32_MAX /* an optional input or output that is left out */
#define NODE_NONE  UINT32_MAX

typedef enum AttributeKind {
    ATTRIBUTE_FLOAT = 1, /* the numbers of AttributeProto.AttributeType */
    ATTRIBUTE_INT = 2,
    ATTRIBUTE_STRING = 3,
    ATTRIBUTE_TENSOR = 4,
    ATTRIBUTE_GRAPH = 5,
    ATTRIBUTE_FLOATS = 6,
    ATTRIBUTE_INTS = 7,
    ATTRIBUTE_STRINGS = 8,
} AttributeKind;

typedef struct Attribute {
    const char *name;
    AttributeKind kind;
    size_t count; /* of items, for the plural kinds */
    union {
        float f;
        int64_t i;
        StringView s;
        const Tensor *tensor;
        Graph *graph; /* a body, kept by the graph of its node */
        const float *floats;
        const int64_t *ints;
        const StringView *strings;
    };
} Attribute;

/* What a fused node does to its result, in order, before it is stored. Set by passes, honoured by
 * kernels. */
typedef enum EpilogueKind {
    EPILOGUE_RELU,
    EPILOGUE_LEAKY_RELU, /* alpha: slope */
    EPILOGUE_CLIP,       /* alpha: min, beta: max */
    EPILOGUE_SIGMOID,
    EPILOGUE_TANH,
    EPILOGUE_HARD_SIGMOID, /* max(0, min(1, alpha * x + beta)) */
    EPILOGUE_HARD_SWISH,   /* x * max(0, min(1, x / 6 + 1 / 2)) */
    EPILOGUE_SWISH,        /* x * sigmoid(alpha * x) */
    EPILOGUE_GELU,         /* erf form */
    EPILOGUE_LINEAR,       /* alpha * x + beta */
    EPILOGUE_ADD, /* + input number `input` of the node, of the result's own shape and layout: a
                     residual */
    EPILOGUE_MUL, /* * the same, or [N,C,1,1] */
} EpilogueKind;

typedef struct EpilogueStep {
    EpilogueKind kind;
    uint32_t input; /* for ADD and MUL: index into the node's inputs, after all of the operator's
                     * own (op->max_inputs; those that are left out are VALUE_NONE) */
    float alpha, beta;
} EpilogueStep;

enum { EPILOGUE_MAX = 6 };

typedef struct Node {
    const OpSchema *op;
    const char *name; /* from the model, for messages; "" if it had none */
    /* Changed by graph_set_input and graph_set_inputs only: the graph counts uses. */
    const ValueId *inputs; /* VALUE_NONE where an optional input is left out */
    const ValueId *outputs;
    const Attribute *attributes; /* changed by graph_set_attribute and kin: clones share them */
    uint32_t input_count, output_count, attribute_count;
    uint32_t capture_count; /* of the inputs, the last: see above */
    uint32_t epilogue_count;
    EpilogueStep epilogue[EPILOGUE_MAX];
    bool removed;
} Node;

typedef struct Value {
    const char *name;       /* unique in the graph for those the model named; "" for made ones */
    DType dtype;            /* INVALID while unknown */
    Layout layout;          /* assigned by the layout pass */
    Shape shape;            /* as far as it is known */
    const Tensor *constant; /* initializer or folded result; lent by the graph */
    NodeId producer;        /* NODE_NONE for inputs and constants */
    bool is_lasting; /* a constant whose memory stays while any clone lives: its address may be a
                        key */
    /* A lasting constant that nodes read as the weights of products only. Its bytes may be gone: a
     * device that has packed them may give the memory back, and is whom to ask. */
    bool is_weights;
} Value;

/* A graph input or output as clients see it. */
typedef struct Port {
    const char *name;
    ValueId value;
    DType dtype;
    Shape shape;                           /* declared; DIM_UNKNOWN where symbolic */
    const char *dim_names[SHAPE_MAX_RANK]; /* dim_param, or NULL */
} Port;

/** @budget_bytes  for everything in the graph's own arena */
Status graph_new(size_t budget_bytes, Graph **ret_graph);
void graph_free(Graph *graph);
DEFINE_AUTO(Graph, graph_free);

/* A copy that may be changed, its bodies too; constants, names and other attributes are shared with
 * `graph`, which must outlive it. */
Status graph_clone(const Graph *graph, Graph **ret_graph);
/* Bytes that constants point into: freed with the graph, by free_bytes. Taken on success. */
Status graph_keep_bytes(Graph *graph, void *bytes, void (*free_bytes)(void *bytes));
/* A body of one of its nodes: freed with the graph. Taken on success. */
Status graph_keep_body(Graph *graph, Graph *body);
/* How deep bodies are nested in it: 0 when it has none. */
uint32_t graph_height(const Graph *graph);
/**
 * Lets go of the memory of large constants that are not used any more, in bodies too: those that
 * `graph` made itself and no value of it holds are freed; of `origin`, which graph lends from
 * (NULL: none), those that no used constant of graph shares bytes with lose their content, their
 * addresses stay theirs. Neither graph may have another clone. Returns the bytes of the latter.
 */
size_t graph_release_unused(Graph *graph, Graph *origin);
Arena *graph_arena(Graph *graph);
/* What the importer remembers of the file, in the graph's arena; NULL if nothing was set. Clones
 * share it. */
void graph_set_origin(Graph *graph, const void *origin);
const void *graph_origin(const Graph *graph);

size_t graph_node_count(const Graph *graph); /* removed ones included */
size_t graph_value_count(const Graph *graph);
/* Pointers stay good until the next node or value is added. */
Node *graph_node(Graph *graph, NodeId node);
const Node *graph_node_const(const Graph *graph, NodeId node);
Value *graph_value(Graph *graph, ValueId value);
const Value *graph_value_const(const Graph *graph, ValueId value);

size_t graph_input_count(const Graph *graph);
const Port *graph_input(const Graph *graph, size_t index);
size_t graph_output_count(const Graph *graph);
const Port *graph_output(const Graph *graph, size_t index);

/* name is copied; NULL for none. */
Status graph_add_value(Graph *graph, const char *name, DType dtype, const Shape *shape,
                       ValueId *ret_value);
/* tensor's data is lent: kept bytes, the graph's arena, or another graph that outlives this one. */
Status graph_add_constant(Graph *graph, const char *name, const Tensor *tensor, ValueId *ret_value);
/* A constant with its own zeroed data in the graph, to be filled by the caller through ret_data. */
Status graph_add_constant_new(Graph *graph, DType dtype, const Shape *shape, ValueId *ret_value,
                              Tensor **ret_tensor);
Status graph_add_input(Graph *graph, const Port *port);
Status graph_add_output(Graph *graph, const Port *port);
/* The node and each of its bodies lose capture number index, which no body reads any more. */
Status graph_drop_capture(Graph *graph, NodeId node, uint32_t index);
/* Redirects output number index to another value (a pass replaced its producer). */
void graph_set_output_value(Graph *graph, size_t index, ValueId value);

typedef struct NodeSpec {
    const OpSchema *op;
    const char *name;
    const ValueId *inputs, *outputs;
    /* Copied shallowly: names and items must live as long as the graph */
    const Attribute *attributes;
    size_t input_count, output_count, attribute_count;
    size_t capture_count; /* of the inputs, the last */
} NodeSpec;
/* Appends; sets producer of the outputs. INVALID_ARGUMENT naming an output that another node, an
 * input or a constant gives already. */
Status graph_add_node(Graph *graph, const NodeSpec *spec, NodeId *ret_node);
/* Redirects one input; VALUE_NONE leaves it out. */
void graph_set_input(Graph *graph, NodeId node, size_t index, ValueId value);
/* All inputs anew, their number too (a fused bias or residual). inputs is copied. */
Status graph_set_inputs(Graph *graph, NodeId node, const ValueId *inputs, size_t count);
/* Marks it; its outputs lose their producer. */
void graph_remove_node(Graph *graph, NodeId node);
/* Every use of `from`, graph outputs included, becomes `to`. */
void graph_replace_value(Graph *graph, ValueId from, ValueId to);
/* Uses by nodes that are not removed plus uses as graph output. */
size_t graph_use_count(const Graph *graph, ValueId value);
/* The only node using value if there is exactly one use and it is by a node; else NODE_NONE. */
NodeId graph_single_user(const Graph *graph, ValueId value);
/* Renumbers nodes, not values; changes nothing where the order is right already. INVALID_ARGUMENT
 * naming a node on a cycle. */
Status graph_sort(Graph *graph);
/* Sorts, then drops removed nodes, dead nodes and unused values; renumbers both. Optional outputs
 * that nobody uses become VALUE_NONE. Graph inputs stay. */
Status graph_compact(Graph *graph);

/* Appends what `body` computes to the graph, at the node's names; body's own nodes and values stay.
 * @inputs   for each input of body a value of graph, or VALUE_NONE
 * @outputs  room for each output of body: the value of graph that it is; VALUE_NONE where body
 *           passes on an input that is left out */
Status graph_inline(Graph *graph, const Graph *body, const ValueId *inputs, ValueId *outputs);

/* Body number index in attribute order; NULL when there are no more. */
Graph *node_body(const Node *node, size_t index);
/* The body under this name, or NULL. */
Graph *node_find_body(const Node *node, const char *name);
/* Inputs that are the operator's own: without captures. */
static inline uint32_t node_own_inputs(const Node *node) {
    return node->input_count - node->capture_count;
}

const Attribute *node_find_attribute(const Node *node, const char *name);
int64_t node_get_int(const Node *node, const char *name, int64_t fallback);
float node_get_float(const Node *node, const char *name, float fallback);
StringView node_get_string(const Node *node, const char *name, const char *fallback);
/* count 0 and NULL when absent */
const int64_t *node_get_ints(const Node *node, const char *name, size_t *ret_count);
/* Replaces or adds. */
Status graph_set_attribute(Graph *graph, NodeId node, const Attribute *attribute);
/* name: a literal, or in the graph's arena; values are copied. */
Status graph_set_int(Graph *graph, NodeId node, const char *name, int64_t value);
Status graph_set_ints(Graph *graph, NodeId node, const char *name, const int64_t *values,
                      size_t count);
