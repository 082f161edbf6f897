/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators with bodies. Types and shapes go in through a body's inputs and come out through its
 * outputs: op_infer cannot do that, since a body is a graph and its values change, so it is done
 * where a graph is changed anyway, by graph_infer_node, at load and when a plan is made. At run
 * time the kernel finds out by running the body, and infer has nothing to say.
 *
 * What is carried from one turn to the next may change its shape on the way. Inference starts with
 * the shape of the first turn and weakens what a turn gives back otherwise, until nothing changes:
 * what is left holds in every turn. That takes four rounds at most.
 *
 * A branch that cannot take the shapes is no error as long as the other one can: models choose the
 * branch by the shape.
 *
 * Source: ONNX If 1 to 25, Loop 1 to 25, Scan 9 to 25, SequenceMap 17.
 */

#include "runtime/graph/infer_control.h"

#include "runtime/base/size.h"
#include "runtime/graph/infer.h"

#include <string.h>

/* A body with bodies this deep in it is inferred once or twice, for rounds multiply level by level.
 */
enum { HEIGHT_MAX = 3 };

/* A condition or a count may have any rank, as long as it is one element. */
static Status check_single(const InferCall *call, size_t index) {
    const InferPort *port = infer_input(call, index);
    for (int32_t i = 0; port && i < port->shape.rank; i++)
        if (port->shape.dims[i] != 1 && port->shape.dims[i] != DIM_UNKNOWN)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "input %zu: expected a single element, got shape %s", index,
                                SHAPE_TEXT(&port->shape));
    return status_ok();
}

Status infer_if(InferCall *call) {
    TRY(infer_check_types(call, 0, TYPES_BOOL));
    return check_single(call, 0);
}

Status infer_loop(InferCall *call) {
    TRY(infer_check_types(call, 0, DTYPE_BIT(DTYPE_I64)));
    TRY(check_single(call, 0));
    TRY(infer_check_types(call, 1, TYPES_BOOL));
    return check_single(call, 1);
}

Status infer_scan(InferCall *call) {
    (void)call;
    return status_ok();
}

/* What holds for both. */
static Shape merge_shapes(const Shape *a, const Shape *b) {
    if (a->rank == SHAPE_UNRANKED || b->rank != a->rank)
        return SHAPE_UNKNOWN;
    Shape merged = *a;
    for (int32_t i = 0; i < merged.rank; i++)
        if (a->dims[i] != b->dims[i])
            merged.dims[i] = DIM_UNKNOWN;
    return merged;
}

/* As far as both are known. What is declared optional may be given, or carried on, as what it
 * holds. */
static bool same_kind(DType a, DType b) {
    return a == b || a == DTYPE_INVALID || b == DTYPE_INVALID || a == DTYPE_OPTIONAL ||
           b == DTYPE_OPTIONAL;
}

static Status set_input(Graph *body, size_t index, DType dtype, const Shape *shape) {
    const Port *port = graph_input(body, index);
    Value *value = graph_value(body, port->value);
    if (!same_kind(dtype, port->dtype))
        return status_error(STATUS_INVALID_ARGUMENT, "body input '%s': expected %s, got %s",
                            port->name, dtype_name(port->dtype), dtype_name(dtype));
    value->dtype = dtype == DTYPE_INVALID ? port->dtype : dtype;
    value->shape = *shape;
    return status_ok();
}

static Status set_from_value(const Graph *graph, ValueId from, Graph *body, size_t index) {
    if (from == VALUE_NONE)
        return status_error(STATUS_INVALID_ARGUMENT, "the input of body input '%s' is left out",
                            graph_input(body, index)->name);
    const Value *value = graph_value_const(graph, from);
    return set_input(body, index, value->dtype, &value->shape);
}

static Status set_captures(const Graph *graph, const Node *node, Graph *body) {
    size_t formal = graph_input_count(body) - node->capture_count;
    for (uint32_t i = 0; i < node->capture_count; i++)
        TRY(set_from_value(graph, node->inputs[node_own_inputs(node) + i], body, formal + i));
    return status_ok();
}

static Status get_body(const Node *node, const char *name, Graph **ret_body) {
    *ret_body = node_find_body(node, name);
    if (!*ret_body)
        return status_error(STATUS_INVALID_ARGUMENT, "has no body '%s'", name);
    return status_ok();
}

/* outputs 0: as many as it likes, but at least those of the node */
static Status check_ports(const Graph *body, const char *name, size_t inputs, size_t outputs) {
    if (graph_input_count(body) != inputs)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "body '%s' has %zu inputs, expected %zu (captured ones included)", name,
                            graph_input_count(body), inputs);
    if (graph_output_count(body) < outputs)
        return status_error(STATUS_INVALID_ARGUMENT, "body '%s' has %zu outputs, expected %zu",
                            name, graph_output_count(body), outputs);
    return status_ok();
}

static const Value *body_output(const Graph *body, size_t index) {
    return graph_value_const(body, graph_output(body, index)->value);
}

static DType output_dtype(const Graph *body, size_t index) {
    DType inferred = body_output(body, index)->dtype;
    return inferred == DTYPE_INVALID ? graph_output(body, index)->dtype : inferred;
}

static void set_output(Graph *graph, const Node *node, size_t index, DType dtype,
                       const Shape *shape) {
    if (index >= node->output_count || node->outputs[index] == VALUE_NONE)
        return;
    Value *value = graph_value(graph, node->outputs[index]);
    value->dtype = dtype;
    value->shape = *shape;
}

static Status infer_branch(Graph *graph, const Node *node, Graph *body) {
    TRY(set_captures(graph, node, body));
    return graph_infer(body);
}

static Status join_branches(Graph *graph, const Node *node, Graph *const bodies[2]) {
    for (uint32_t i = 0; i < node->output_count; i++) {
        DType dtype = output_dtype(bodies[0], i), other = output_dtype(bodies[1], i);
        if (!same_kind(dtype, other))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "output %u is %s in one branch and %s in the other", i,
                                dtype_name(dtype), dtype_name(other));
        Shape shape =
            merge_shapes(&body_output(bodies[0], i)->shape, &body_output(bodies[1], i)->shape);
        set_output(graph, node, i, dtype == DTYPE_INVALID ? other : dtype, &shape);
    }
    return status_ok();
}

static Status infer_if_bodies(Graph *graph, const Node *node) {
    static const char *const names[2] = { "then_branch", "else_branch" };
    Graph *bodies[2];
    Status status[2];
    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        TRY(get_body(node, names[i], &bodies[i]));
        TRY(check_ports(bodies[i], names[i], node->capture_count, node->output_count));
        status[i] = infer_branch(graph, node, bodies[i]);
    }
    if (status_is_ok(&status[0]) && status_is_ok(&status[1]))
        return join_branches(graph, node, bodies);
    if (!status_is_ok(&status[0]) && !status_is_ok(&status[1]))
        return status_prefix(&status[0], "in both branches");
    const Graph *able = bodies[status_is_ok(&status[0]) ? 0 : 1];
    for (uint32_t i = 0; i < node->output_count; i++)
        set_output(graph, node, i, output_dtype(able, i), &body_output(able, i)->shape);
    return status_ok();
}

/* Loop and Scan: which inputs and outputs are carried from turn to turn. */
typedef struct Turns {
    Graph *graph, *body;
    const Node *node;
    size_t count;             /* of what is carried */
    size_t node_in;           /* the first of them among the node's inputs */
    size_t body_in, body_out; /* and among the body's ports */
    Shape *shapes;            /* by the index of what is carried */
} Turns;

static Status set_carried(const Turns *turns) {
    for (size_t i = 0; i < turns->count; i++) {
        ValueId from = turns->node->inputs[turns->node_in + i];
        if (from == VALUE_NONE)
            return status_error(STATUS_INVALID_ARGUMENT, "input %zu is left out",
                                turns->node_in + i);
        TRY(set_input(turns->body, turns->body_in + i, graph_value_const(turns->graph, from)->dtype,
                      &turns->shapes[i]));
    }
    return status_ok();
}

/* How far to go with what a turn gives back otherwise than it took it. */
typedef enum Weaken {
    WEAKEN_DIMS,    /* keep what holds for both */
    WEAKEN_CHANGED, /* nothing is known of those that change */
    WEAKEN_ALL,     /* nothing is known of any */
} Weaken;

/* false: another turn sees the same. */
static bool weaken_carried(const Turns *turns, Weaken how) {
    bool changed = false;
    for (size_t i = 0; i < turns->count; i++) {
        Shape merged =
            merge_shapes(&turns->shapes[i], &body_output(turns->body, turns->body_out + i)->shape);
        if (shape_equal(&merged, &turns->shapes[i]))
            continue;
        turns->shapes[i] = how == WEAKEN_DIMS ? merged : SHAPE_UNKNOWN;
        changed = true;
    }
    for (size_t i = 0; changed && how == WEAKEN_ALL && i < turns->count; i++)
        turns->shapes[i] = SHAPE_UNKNOWN;
    return changed;
}

static Status check_carried_types(const Turns *turns) {
    for (size_t i = 0; i < turns->count; i++) {
        DType in =
            graph_value_const(turns->body, graph_input(turns->body, turns->body_in + i)->value)
                ->dtype;
        DType out = output_dtype(turns->body, turns->body_out + i);
        if (!same_kind(in, out))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "a turn takes '%s' as %s and gives it back as %s",
                                graph_input(turns->body, turns->body_in + i)->name, dtype_name(in),
                                dtype_name(out));
    }
    return status_ok();
}

static Status infer_turns(Turns *turns) {
    AUTO(free) Shape *shapes = calloc(turns->count + 1, sizeof *shapes);
    if (!shapes)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory for %zu values",
                            turns->count);
    turns->shapes = shapes;
    for (size_t i = 0; i < turns->count; i++) {
        ValueId from = turns->node->inputs[turns->node_in + i];
        shapes[i] =
            from == VALUE_NONE ? SHAPE_UNKNOWN : graph_value_const(turns->graph, from)->shape;
    }
    TRY(set_captures(turns->graph, turns->node, turns->body));
    Weaken how = graph_height(turns->body) < HEIGHT_MAX ? WEAKEN_DIMS : WEAKEN_ALL;
    for (bool changed = true; changed; how = MIN_OF(how + 1, WEAKEN_ALL)) {
        TRY(set_carried(turns));
        TRY(graph_infer(turns->body));
        changed = weaken_carried(turns, how);
    }
    TRY(check_carried_types(turns));
    for (size_t i = 0; i < turns->count; i++)
        set_output(turns->graph, turns->node, i, output_dtype(turns->body, turns->body_out + i),
                   &shapes[i]);
    return status_ok();
}

/* With one more dim in front of, or among, those of one turn. */
static Shape stacked_shape(const Shape *turn, int64_t axis, int64_t length) {
    if (turn->rank == SHAPE_UNRANKED || turn->rank == SHAPE_MAX_RANK)
        return SHAPE_UNKNOWN;
    size_t at;
    Status status = shape_axis(axis, turn->rank + 1, &at);
    if (!status_is_ok(&status))
        return SHAPE_UNKNOWN; /* the kernel tells */
    Shape stacked = { .rank = turn->rank + 1 };
    for (int32_t i = 0, from = 0; i < stacked.rank; i++)
        stacked.dims[i] = (size_t)i == at ? length : turn->dims[from++];
    return stacked;
}

static Status infer_loop_body(Graph *graph, const Node *node) {
    enum { OWN = 2 }; /* trip count, condition */
    Graph *body;
    TRY(get_body(node, "body", &body));
    size_t own = node_own_inputs(node), carried = own > OWN ? own - OWN : 0;
    size_t stacked = node->output_count > carried ? node->output_count - carried : 0;
    TRY(check_ports(body, "body", OWN + carried + node->capture_count, 1 + carried + stacked));
    TRY(set_input(body, 0, DTYPE_I64, &SHAPE_SCALAR));
    TRY(set_input(body, 1, DTYPE_BOOL, &SHAPE_SCALAR));
    Turns turns = { .graph = graph,
                    .body = body,
                    .node = node,
                    .count = carried,
                    .node_in = OWN,
                    .body_in = OWN,
                    .body_out = 1 };
    TRY(infer_turns(&turns));
    for (size_t i = carried; i < node->output_count; i++) {
        Shape shape = stacked_shape(&body_output(body, 1 + i)->shape, 0, DIM_UNKNOWN);
        set_output(graph, node, i, output_dtype(body, 1 + i), &shape);
    }
    return status_ok();
}

static Status set_scanned(const Graph *graph, const Node *node, Graph *body, size_t carried,
                          int64_t *ret_length) {
    size_t axis_count, own = node_own_inputs(node);
    const int64_t *axes = node_get_ints(node, "scan_input_axes", &axis_count);
    *ret_length = DIM_UNKNOWN;
    for (size_t i = carried; i < own; i++) {
        if (node->inputs[i] == VALUE_NONE)
            return status_error(STATUS_INVALID_ARGUMENT, "input %zu is left out", i);
        const Value *value = graph_value_const(graph, node->inputs[i]);
        Shape turn = SHAPE_UNKNOWN;
        if (value->shape.rank != SHAPE_UNRANKED) {
            size_t axis;
            TRY(shape_axis(i - carried < axis_count ? axes[i - carried] : 0, value->shape.rank,
                           &axis));
            turn = (Shape){ .rank = value->shape.rank - 1 };
            for (int32_t k = 0, to = 0; k < value->shape.rank; k++)
                if ((size_t)k != axis)
                    turn.dims[to++] = value->shape.dims[k];
            if (value->shape.dims[axis] != DIM_UNKNOWN)
                *ret_length = value->shape.dims[axis];
        }
        TRY(set_input(body, i, value->dtype, &turn));
    }
    return status_ok();
}

static Status infer_scan_body(Graph *graph, const Node *node) {
    Graph *body;
    TRY(get_body(node, "body", &body));
    size_t own = node_own_inputs(node), axis_count;
    int64_t scanned = node_get_int(node, "num_scan_inputs", 0), length;
    if (scanned < 1 || (uint64_t)scanned > own)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "attribute 'num_scan_inputs' is %lld, expected 1 to %zu",
                            (long long)scanned, own);
    size_t carried = own - (size_t)scanned;
    TRY(check_ports(body, "body", own + node->capture_count,
                    MAX_OF(carried, (size_t)node->output_count)));
    TRY(set_scanned(graph, node, body, carried, &length));
    Turns turns = { .graph = graph, .body = body, .node = node, .count = carried };
    TRY(infer_turns(&turns));
    const int64_t *axes = node_get_ints(node, "scan_output_axes", &axis_count);
    for (size_t i = carried; i < node->output_count; i++) {
        Shape shape = stacked_shape(&body_output(body, i)->shape,
                                    i - carried < axis_count ? axes[i - carried] : 0, length);
        set_output(graph, node, i, output_dtype(body, i), &shape);
    }
    return status_ok();
}

static Status infer_map_body(Graph *graph, const Node *node) {
    Graph *body;
    size_t own = node_own_inputs(node);
    TRY(get_body(node, "body", &body));
    TRY(check_ports(body, "body", own + node->capture_count, node->output_count));
    for (size_t i = 0; i < own; i++) {
        const Value *value =
            node->inputs[i] == VALUE_NONE ? NULL : graph_value_const(graph, node->inputs[i]);
        bool is_tensor = value && !dtype_is_list(value->dtype);
        TRY(set_input(body, i, is_tensor ? value->dtype : DTYPE_INVALID,
                      is_tensor ? &value->shape : &SHAPE_UNKNOWN));
    }
    TRY(set_captures(graph, node, body));
    return graph_infer(body);
}

typedef struct BodyRow {
    const char *op;
    Status (*infer)(Graph *graph, const Node *node);
} BodyRow;

static const BodyRow rows[] = {
    { "If", infer_if_bodies },
    { "Loop", infer_loop_body },
    { "Scan", infer_scan_body },
    { "SequenceMap", infer_map_body },
};

Status graph_infer_bodies(Graph *graph, NodeId id) {
    const Node node = *graph_node_const(graph, id); /* bodies are other graphs: it stays as it is */
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (strcmp(rows[i].op, node.op->name) == 0 && node.op->domain[0] == '\0')
            return rows[i].infer(graph, &node);
    return status_ok();
}
