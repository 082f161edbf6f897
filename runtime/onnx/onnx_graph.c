/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * GraphProto -> Graph, in walks over the same bytes: count; collect every defined name; make
 * constants, inputs and the values of node outputs; add the nodes, each upgraded on the way; bind
 * the outputs; sort. Names come before nodes so that the order of nodes in the file does not
 * matter, and counts come first so that each table is allocated once, to a size that the file
 * really fills.
 *
 * What the file says of shapes inside the graph (value_info) is not read: exporters get it wrong,
 * and shape inference finds it anew.
 */

#include "runtime/onnx/import_context.h"

#include "runtime/base/size.h"
#include "runtime/onnx/onnx_names.h"
#include "runtime/onnx/onnx_node.h"
#include "runtime/onnx/onnx_scope.h"

enum {
    GRAPH_NODE = 1,
    GRAPH_INITIALIZER = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    GRAPH_SPARSE_INITIALIZER = 15,
};

typedef struct GraphCounts {
    size_t definitions; /* initializers, inputs, node outputs */
} GraphCounts;

/* Calls fn for each message under this field number. */
typedef Status (*VisitFn)(ImportContext *context, WireReader message, void *user);

static Status visit(ImportContext *context, WireReader graph, uint32_t number, VisitFn fn,
                    void *user) {
    Status status;
    for (WireField field; wire_next(&graph, &field, &status);) {
        if (field.number != number)
            continue;
        WireReader message;
        TRY(wire_enter(&graph, &field, "part of the graph", &message));
        TRY(fn(context, message, user));
    }
    return status;
}

static Status count_node(ImportContext *context, WireReader node, void *user) {
    GraphCounts *counts = user;
    if (++context->node_count > context->limits.nodes)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "the model has more than %zu nodes",
                            context->limits.nodes);
    Status status;
    for (WireField field; wire_next(&node, &field, &status);)
        counts->definitions += field.number == NODE_OUTPUT;
    return status;
}

Status import_count_nodes(ImportContext *context, WireReader reader, uint32_t number,
                          size_t *definitions) {
    GraphCounts counts = { .definitions = *definitions };
    TRY(visit(context, reader, number, count_node, &counts));
    context->definition_count += counts.definitions;
    if (context->definition_count > context->limits.values)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "the model has more than %zu values",
                            context->limits.values);
    *definitions = counts.definitions;
    return status_ok();
}

static Status count_graph(ImportContext *context, WireReader graph, GraphCounts *ret_counts) {
    GraphCounts counts = { 0 };
    WireReader reader = graph;
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);) {
        counts.definitions += field.number == GRAPH_INITIALIZER || field.number == GRAPH_INPUT ||
                              field.number == GRAPH_SPARSE_INITIALIZER;
    }
    TRY(status);
    TRY(import_count_nodes(context, graph, GRAPH_NODE, &counts.definitions));
    *ret_counts = counts;
    return status_ok();
}

/* The name under field `number` of an initializer or value info, for the table. */
static Status find_name(WireReader reader, uint32_t number, WireBytes *ret_name) {
    WireBytes name = { (const uint8_t *)"", 0 };
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);)
        if (field.number == number && field.type == WIRE_BYTES)
            name = field.bytes;
    TRY(status);
    if (!wire_is_text(name))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "the name of an initializer or input is not UTF-8 text");
    *ret_name = name;
    return status_ok();
}

static Status collect_initializer(ImportContext *context, WireReader message, void *user) {
    (void)context;
    WireBytes name;
    TRY(find_name(message, 8, &name)); /* TensorProto.name */
    if (name.length == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "an initializer has no name");
    name_table_add(user, name, NAME_INITIALIZER);
    return status_ok();
}

static Status collect_sparse(ImportContext *context, WireReader message, void *user) {
    (void)context;
    WireBytes name;
    TRY(import_sparse_name(message, &name));
    if (name.length == 0 || !wire_is_text(name))
        return status_error(STATUS_INVALID_ARGUMENT, "a sparse initializer has no name");
    name_table_add(user, name, NAME_INITIALIZER);
    return status_ok();
}

static Status collect_input(ImportContext *context, WireReader message, void *user) {
    (void)context;
    WireBytes name;
    TRY(find_name(message, 1, &name)); /* ValueInfoProto.name */
    if (name.length == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "a graph input has no name");
    name_table_add(user, name, NAME_INPUT);
    return status_ok();
}

static Status collect_node(ImportContext *context, WireReader message, void *user) {
    (void)context;
    Status status;
    for (WireField field; wire_next(&message, &field, &status);) {
        if (field.number != NODE_OUTPUT)
            continue;
        TRY(wire_expect(&message, &field, WIRE_BYTES, "output"));
        if (!wire_is_text(field.bytes))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "the name of a node's output is not UTF-8 text");
        if (field.bytes.length > 0)
            name_table_add(user, field.bytes, NAME_NODE_OUTPUT);
    }
    return status;
}

/* Walks that make values take entries one after the other, as they were collected. */
typedef struct MakeState {
    NameTable *names;
    size_t next;
} MakeState;

static Status make_initializer(ImportContext *context, WireReader message, void *user) {
    MakeState *state = user;
    NameEntry *entry = &state->names->entries[state->next++];
    OnnxTensor source;
    Tensor tensor;
    TRY(onnx_tensor_parse(message, &source));
    /* A body's are made again where its function is called again. */
    source.read_once = context->body_depth == 0 && !context->frame;
    TRY(import_tensor(context, &source, &tensor));
    arena_reset(context->node_arena);
    const char *name;
    TRY(import_text(context, context->node_arena, entry->name, "name", &name));
    return graph_add_constant(context->graph, name, &tensor, &entry->value);
}

static Status make_sparse(ImportContext *context, WireReader message, void *user) {
    MakeState *state = user;
    NameEntry *entry = &state->names->entries[state->next++];
    Tensor tensor;
    arena_reset(context->node_arena);
    const char *name;
    TRY(import_text(context, context->node_arena, entry->name, "name", &name));
    Status status = import_sparse(context, message, &tensor);
    if (!status_is_ok(&status))
        return status_prefix(&status, "sparse initializer '%.120s'", name);
    return graph_add_constant(context->graph, name, &tensor, &entry->value);
}

static Status make_input(ImportContext *context, WireReader message, void *user) {
    MakeState *state = user;
    NameEntry *entry = &state->names->entries[state->next++];
    if (entry->is_default)
        return status_ok();
    Port port;
    TRY(import_port(context, message, "input", &port));
    /* Into a body, types and shapes come from where it stands; what it says of shapes is a hint. */
    bool is_body = state->names->body != NULL;
    if (port.dtype == DTYPE_INVALID && !is_body)
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s' has no element type", port.name);
    Shape shape = is_body ? SHAPE_UNKNOWN : port.shape;
    TRY(graph_add_value(context->graph, port.name, port.dtype, &shape, &port.value));
    TRY(graph_add_input(context->graph, &port));
    entry->value = port.value;
    return status_ok();
}

static Status make_outputs(ImportContext *context, WireReader message, void *user) {
    MakeState *state = user;
    return node_make_outputs(context, message, state->names, &state->next);
}

static Status add_node(ImportContext *context, WireReader message, void *user) {
    context->names = user;
    return node_add(context, message, user);
}

static Status bind_output(ImportContext *context, WireReader message, void *user) {
    NameTable *names = user;
    Port port;
    TRY(import_port(context, message, "output", &port));
    WireBytes name;
    TRY(find_name(message, 1, &name));
    bool found;
    TRY(scope_find(context, names, name, &port.value, &found));
    if (!found || port.value == VALUE_NONE)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "output '%s' is defined by no node, input or initializer", port.name);
    return graph_add_output(context->graph, &port);
}

/* An upgrade may have dropped an output that has no newest form; nobody may read it then. */
static Status check_producers(const Graph *graph, const NameTable *names) {
    for (size_t i = 0; i < names->count; i++) {
        const NameEntry *entry = &names->entries[i];
        if (entry->kind != NAME_NODE_OUTPUT || entry->value == VALUE_NONE)
            continue;
        const Value *value = graph_value_const(graph, entry->value);
        if (!value->constant && value->producer == NODE_NONE &&
            graph_use_count(graph, entry->value) > 0)
            return status_error(STATUS_UNIMPLEMENTED,
                                "value '%s' is an output that its operator no longer has",
                                value->name);
    }
    return status_ok();
}

Status import_collect_nodes(ImportContext *context, WireReader reader, uint32_t number,
                            NameTable *names) {
    return visit(context, reader, number, collect_node, names);
}

Status import_add_nodes(ImportContext *context, WireReader reader, uint32_t number,
                        NameTable *names, size_t first) {
    MakeState state = { .names = names, .next = first };
    TRY(visit(context, reader, number, make_outputs, &state));
    return visit(context, reader, number, add_node, names);
}

Status import_graph(ImportContext *context, WireReader graph, BodyScope *scope) {
    GraphCounts counts = { 0 };
    NameTable names = { 0 };
    TRY(count_graph(context, graph, &counts));
    TRY(name_table_init(&names, counts.definitions, context->scratch));
    names.graph = context->graph;
    names.body = scope;
    TRY(visit(context, graph, GRAPH_INITIALIZER, collect_initializer, &names));
    TRY(visit(context, graph, GRAPH_SPARSE_INITIALIZER, collect_sparse, &names));
    TRY(visit(context, graph, GRAPH_INPUT, collect_input, &names));
    TRY(import_collect_nodes(context, graph, GRAPH_NODE, &names));
    TRY(name_table_sort(&names));
    TRY(scope_refuse_shadows(&names));

    MakeState state = { .names = &names };
    TRY(visit(context, graph, GRAPH_INITIALIZER, make_initializer, &state));
    TRY(visit(context, graph, GRAPH_SPARSE_INITIALIZER, make_sparse, &state));
    TRY(visit(context, graph, GRAPH_INPUT, make_input, &state));
    TRY(import_add_nodes(context, graph, GRAPH_NODE, &names, state.next));
    TRY(visit(context, graph, GRAPH_OUTPUT, bind_output, &names));
    if (graph_output_count(context->graph) == 0 && !scope)
        return status_error(STATUS_INVALID_ARGUMENT, "the graph has no outputs");
    TRY(check_producers(context->graph, &names));
    return graph_sort(context->graph);
}
