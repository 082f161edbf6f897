/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Common subexpressions: of nodes that do the same to the same inputs the first stays and gives its
 * results to the users of the others. Exporters write the same Shape, Gather, Transpose or Cast
 * once a use. Inputs are compared after what they read has been shared, so that equal chains go
 * whole.
 *
 * Nodes with a subgraph or a random result are never equal; neither are those of which one asks for
 * a result that the other leaves out. Attributes are compared as written: an attribute left out is
 * not seen to equal one at its default. Answers do not change by a bit.
 *
 * Nodes are found through a hash of operator and inputs. It comes after what looks for
 * values with a single user. Thread: loader.
 */

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/passes/passes.h"

#include <string.h>

enum { SMALL_BYTES = 256 };

typedef struct Bucket {
    NodeId node; /* NODE_NONE: empty */
    uint64_t hash;
} Bucket;

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0xff51afd7ed558ccd);
    return hash ^ (hash >> 32);
}

/* A constant that is compared by content: exporters repeat axes and indices. NULL: by value. */
static const Tensor *small_constant(const Graph *graph, ValueId value) {
    const Tensor *constant = value == VALUE_NONE ? NULL : graph_value_const(graph, value)->constant;
    return constant && constant->bytes <= SMALL_BYTES && constant->dtype != DTYPE_STRING ? constant
                                                                                         : NULL;
}

static uint64_t hash_input(const Graph *graph, ValueId value) {
    const Tensor *constant = small_constant(graph, value);
    if (!constant)
        return value;
    uint64_t hash = constant->dtype;
    for (size_t i = 0; i < constant->bytes; i++)
        hash = mix(hash, ((const unsigned char *)constant->data)[i]);
    return hash;
}

static uint64_t hash_node(const Graph *graph, const Node *node) {
    uint64_t hash = mix(node->input_count, (uint64_t)(uintptr_t)node->op);
    for (uint32_t i = 0; i < node->input_count; i++)
        hash = mix(hash, hash_input(graph, node->inputs[i]));
    return hash;
}

static bool same_tensor(const Tensor *a, const Tensor *b) {
    return a->dtype == b->dtype && a->dtype != DTYPE_STRING && shape_equal(&a->shape, &b->shape) &&
           a->bytes == b->bytes && (a->bytes == 0 || memcmp(a->data, b->data, a->bytes) == 0);
}

static bool same_text(StringView a, StringView b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static bool same_texts(const Attribute *a, const Attribute *b) {
    for (size_t i = 0; i < a->count; i++)
        if (!same_text(a->strings[i], b->strings[i]))
            return false;
    return true;
}

static bool same_items(const void *a, const void *b, size_t count, size_t item_bytes) {
    return count == 0 || memcmp(a, b, count * item_bytes) == 0;
}

static bool same_attribute(const Attribute *a, const Attribute *b) {
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case ATTRIBUTE_FLOAT:
        return memcmp(&a->f, &b->f, sizeof a->f) == 0; /* by bits: NaN is itself, -0 is not 0 */
    case ATTRIBUTE_INT:
        return a->i == b->i;
    case ATTRIBUTE_STRING:
        return same_text(a->s, b->s);
    case ATTRIBUTE_TENSOR:
        return same_tensor(a->tensor, b->tensor);
    case ATTRIBUTE_FLOATS:
        return a->count == b->count && same_items(a->floats, b->floats, a->count, sizeof(float));
    case ATTRIBUTE_INTS:
        return a->count == b->count && same_items(a->ints, b->ints, a->count, sizeof(int64_t));
    case ATTRIBUTE_STRINGS:
        return a->count == b->count && same_texts(a, b);
    default:
        return false; /* a graph */
    }
}

static bool same_attributes(const Node *a, const Node *b) {
    if (a->attribute_count != b->attribute_count)
        return false;
    for (uint32_t i = 0; i < a->attribute_count; i++) {
        const Attribute *other = node_find_attribute(b, a->attributes[i].name);
        if (!other || !same_attribute(&a->attributes[i], other))
            return false;
    }
    return true;
}

static bool same_input(const Graph *graph, ValueId a, ValueId b) {
    if (a == b)
        return true;
    const Tensor *left = small_constant(graph, a), *right = small_constant(graph, b);
    return left && right && same_tensor(left, right);
}

static bool same_nodes(const Graph *graph, const Node *a, const Node *b) {
    if (a->op != b->op || a->input_count != b->input_count || a->output_count != b->output_count)
        return false;
    for (uint32_t i = 0; i < a->input_count; i++)
        if (!same_input(graph, a->inputs[i], b->inputs[i]))
            return false;
    for (uint32_t i = 0; i < a->output_count; i++)
        if ((a->outputs[i] == VALUE_NONE) != (b->outputs[i] == VALUE_NONE))
            return false;
    return same_attributes(a, b);
}

static bool may_share(const Node *node) {
    return !node->removed && !(node->op->flags & OP_RANDOM) && node->epilogue_count == 0 &&
           node->input_count > 0;
}

/* The first node equal to this one, which is entered if there is none. */
static NodeId find_equal(const Graph *graph, Bucket *buckets, size_t mask, NodeId id) {
    const Node *node = graph_node_const(graph, id);
    uint64_t hash = hash_node(graph, node);
    size_t at = (size_t)hash & mask;
    for (; buckets[at].node != NODE_NONE; at = (at + 1) & mask)
        if (buckets[at].hash == hash &&
            same_nodes(graph, graph_node_const(graph, buckets[at].node), node))
            return buckets[at].node;
    buckets[at] = (Bucket){ .node = id, .hash = hash };
    return NODE_NONE;
}

static void share(Graph *graph, NodeId first, NodeId again) {
    const Node *from = graph_node_const(graph, again), *to = graph_node_const(graph, first);
    for (uint32_t i = 0; i < from->output_count; i++)
        if (from->outputs[i] != VALUE_NONE)
            graph_replace_value(graph, from->outputs[i], to->outputs[i]);
    graph_remove_node(graph, again);
}

Status pass_share_equal(Graph *graph, const PassContext *context) {
    (void)context;
    size_t count = graph_node_count(graph), capacity = 16;
    while (capacity < 2 * count)
        capacity *= 2;
    AUTO(free) Bucket *buckets = malloc(capacity * sizeof *buckets);
    if (!buckets)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "share_equal: out of memory");
    for (size_t i = 0; i < capacity; i++)
        buckets[i].node = NODE_NONE;
    for (NodeId id = 0; id < count; id++) {
        NodeId first = NODE_NONE;
        if (may_share(graph_node_const(graph, id)))
            first = find_equal(graph, buckets, capacity - 1, id);
        if (first != NODE_NONE)
            share(graph, first, id);
    }
    return status_ok();
}
