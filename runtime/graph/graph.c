/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A Graph's life, its values, constants and ports. Nodes and their edges are in graph_edit.c, order
 * and renumbering in graph_order.c, attributes in node.c.
 *
 * Owner: whoever holds the pointer; a graph that nobody changes may be read by any number of
 * threads. A clone has its own nodes, values and edge arrays, and lends names, attributes and
 * constants from the graph it was made of. Small constants live in the arena; those above
 * SMALL_CONSTANT_BYTES get memory of their own, so that folded weights do not use up a budget that
 * is meant for names.
 */

#include "runtime/graph/graph_internal.h"

#include "runtime/base/size.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_CONSTANT_BYTES = 1024, FIRST_ARENA_BYTES = 4096, FIRST_CAPACITY = 16 };

Status graph_new(size_t budget_bytes, Graph **ret_graph) {
    AUTO(graph_free) Graph *graph = calloc(1, sizeof *graph);
    if (!graph)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    graph->budget_bytes = budget_bytes;
    TRY(arena_new(MIN_OF(budget_bytes, (size_t)FIRST_ARENA_BYTES), budget_bytes, &graph->arena));
    *ret_graph = TAKE(graph);
    return status_ok();
}

void graph_free(Graph *graph) {
    if (!graph)
        return;
    for (size_t i = 0; i < graph->body_count; i++)
        graph_free(graph->bodies[i]);
    free(graph->bodies);
    for (size_t i = 0; i < graph->kept_count; i++)
        graph->kept[i].free(graph->kept[i].data);
    free(graph->kept);
    free(graph->nodes);
    free(graph->values);
    free(graph->uses);
    free(graph->inputs.items);
    free(graph->outputs.items);
    arena_free(graph->arena);
    free(graph);
}

Status graph_grow(void **items, size_t count, size_t *capacity, size_t item_bytes) {
    if (count < *capacity)
        return status_ok();
    size_t wanted, bytes;
    if (!size_mul(MAX_OF(*capacity, (size_t)FIRST_CAPACITY / 2), 2, &wanted) ||
        !size_mul(wanted, item_bytes, &bytes))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "a graph of %zu items is too large", count);
    void *grown = realloc(*items, bytes);
    if (!grown)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory for a graph of %zu items",
                            wanted);
    *items = grown;
    *capacity = wanted;
    return status_ok();
}

/* A copy of count items, exactly as large; NULL stays NULL for none. */
static Status copy_items(const void *items, size_t count, size_t item_bytes, void **ret_items) {
    if (count == 0)
        return status_ok();
    void *copy = malloc(count * item_bytes);
    if (!copy)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory for a graph of %zu items",
                            count);
    memcpy(copy, items, count * item_bytes);
    *ret_items = copy;
    return status_ok();
}

static Status copy_ids(Arena *arena, const ValueId *ids, size_t count, const ValueId **ret_ids) {
    ValueId *copy = arena_alloc(arena, count * sizeof *copy);
    if (!copy)
        return arena_exhausted(arena);
    if (count > 0)
        memcpy(copy, ids, count * sizeof *copy);
    *ret_ids = copy;
    return status_ok();
}

/* The clone's node gets attributes of its own, with bodies of its own. */
static Status clone_bodies(Graph *clone, Node *node) {
    Attribute *attributes = arena_calloc(clone->arena, node->attribute_count, sizeof *attributes);
    if (!attributes)
        return arena_exhausted(clone->arena);
    for (uint32_t i = 0; i < node->attribute_count; i++) {
        attributes[i] = node->attributes[i];
        if (attributes[i].kind != ATTRIBUTE_GRAPH)
            continue;
        AUTO(graph_free) Graph *body = NULL;
        TRY(graph_clone(attributes[i].graph, &body));
        TRY(graph_keep_body(clone, body));
        attributes[i].graph = TAKE(body);
    }
    node->attributes = attributes;
    return status_ok();
}

Status graph_clone(const Graph *graph, Graph **ret_graph) {
    AUTO(graph_free) Graph *clone = NULL;
    TRY(graph_new(graph->budget_bytes, &clone));
    TRY(copy_items(graph->nodes, graph->node_count, sizeof *clone->nodes, (void **)&clone->nodes));
    clone->node_count = clone->node_capacity = graph->node_count;
    TRY(copy_items(graph->values, graph->value_count, sizeof *clone->values,
                   (void **)&clone->values));
    TRY(copy_items(graph->uses, graph->value_count, sizeof *clone->uses, (void **)&clone->uses));
    clone->value_count = clone->value_capacity = graph->value_count;
    TRY(copy_items(graph->inputs.items, graph->inputs.count, sizeof(Port),
                   (void **)&clone->inputs.items));
    clone->inputs.count = clone->inputs.capacity = graph->inputs.count;
    TRY(copy_items(graph->outputs.items, graph->outputs.count, sizeof(Port),
                   (void **)&clone->outputs.items));
    clone->outputs.count = clone->outputs.capacity = graph->outputs.count;
    clone->origin = graph->origin;

    for (size_t i = 0; i < clone->node_count; i++) {
        Node *node = &clone->nodes[i];
        TRY(copy_ids(clone->arena, node->inputs, node->input_count, &node->inputs));
        TRY(copy_ids(clone->arena, node->outputs, node->output_count, &node->outputs));
        if (!node->removed && node_body(node, 0))
            TRY(clone_bodies(clone, node));
    }
    *ret_graph = TAKE(clone);
    return status_ok();
}

Status graph_keep_body(Graph *graph, Graph *body) {
    TRY(graph_grow((void **)&graph->bodies, graph->body_count, &graph->body_capacity,
                   sizeof *graph->bodies));
    graph->bodies[graph->body_count++] = body;
    graph->height = MAX_OF(graph->height, body->height + 1);
    return status_ok();
}

uint32_t graph_height(const Graph *graph) {
    return graph->height;
}

static Status keep(Graph *graph, void *data, void (*free_data)(void *data), bool is_constant) {
    TRY(graph_grow((void **)&graph->kept, graph->kept_count, &graph->kept_capacity,
                   sizeof *graph->kept));
    graph->kept[graph->kept_count++] =
        (KeptBytes){ .data = data, .free = free_data, .is_constant = is_constant };
    return status_ok();
}

Status graph_keep_bytes(Graph *graph, void *bytes, void (*free_bytes)(void *bytes)) {
    return keep(graph, bytes, free_bytes, false);
}

Arena *graph_arena(Graph *graph) {
    return graph->arena;
}

void graph_set_origin(Graph *graph, const void *origin) {
    graph->origin = origin;
}

const void *graph_origin(const Graph *graph) {
    return graph->origin;
}

size_t graph_value_count(const Graph *graph) {
    return graph->value_count;
}

Value *graph_value(Graph *graph, ValueId value) {
    assert(value < graph->value_count);
    return &graph->values[value];
}

const Value *graph_value_const(const Graph *graph, ValueId value) {
    assert(value < graph->value_count);
    return &graph->values[value];
}

/* "" for NULL */
static Status copy_name(Graph *graph, const char *name, const char **ret_name) {
    *ret_name = "";
    if (!name || !*name)
        return status_ok();
    const char *copy = arena_strndup(graph->arena, name, strlen(name));
    if (!copy)
        return arena_exhausted(graph->arena);
    *ret_name = copy;
    return status_ok();
}

Status graph_add_value(Graph *graph, const char *name, DType dtype, const Shape *shape,
                       ValueId *ret_value) {
    if (graph->value_count >= VALUE_NONE)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "a graph holds at most %u values",
                            VALUE_NONE - 1);
    size_t capacity = graph->value_capacity;
    TRY(graph_grow((void **)&graph->values, graph->value_count, &capacity, sizeof *graph->values));
    capacity = graph->value_capacity;
    TRY(graph_grow((void **)&graph->uses, graph->value_count, &capacity, sizeof *graph->uses));
    graph->value_capacity = capacity;

    Value value = { .dtype = dtype, .shape = *shape, .producer = NODE_NONE };
    TRY(copy_name(graph, name, &value.name));
    graph->uses[graph->value_count] = (ValueUses){ 0 };
    graph->values[graph->value_count] = value;
    *ret_value = (ValueId)graph->value_count++;
    return status_ok();
}

Status graph_add_constant(Graph *graph, const char *name, const Tensor *tensor,
                          ValueId *ret_value) {
    Tensor *copy = arena_alloc(graph->arena, sizeof *copy);
    if (!copy)
        return arena_exhausted(graph->arena);
    *copy = *tensor;
    ValueId value = VALUE_NONE;
    TRY(graph_add_value(graph, name, tensor->dtype, &tensor->shape, &value));
    graph->values[value].layout = tensor->layout;
    graph->values[value].constant = copy;
    *ret_value = value;
    return status_ok();
}

/* Aligned and zeroed, freed with the graph. */
static Status constant_memory(Graph *graph, size_t bytes, void **ret_data) {
    if (bytes <= SMALL_CONSTANT_BYTES) {
        char *raw = arena_alloc(graph->arena, bytes + TENSOR_ALIGNMENT);
        if (!raw)
            return arena_exhausted(graph->arena);
        *ret_data = raw + (-(uintptr_t)raw & (TENSOR_ALIGNMENT - 1));
    } else {
        AUTO(free) void *data = aligned_memory_new(bytes);
        if (!data)
            return status_error(STATUS_RESOURCE_EXHAUSTED,
                                "out of memory for a constant of %zu bytes", bytes);
        TRY(keep(graph, data, free, true));
        *ret_data = TAKE(data);
    }
    memset(*ret_data, 0, bytes);
    return status_ok();
}

Status graph_add_constant_new(Graph *graph, DType dtype, const Shape *shape, ValueId *ret_value,
                              Tensor **ret_tensor) {
    size_t bytes;
    if (!shape_is_known(shape) || dtype_info(dtype)->bits == 0 ||
        !shape_bytes(shape, dtype, &bytes))
        return status_error(STATUS_INVALID_ARGUMENT, "a constant cannot be of shape %s and type %s",
                            SHAPE_TEXT(shape), dtype_name(dtype));
    void *data = NULL;
    if (bytes > 0)
        TRY(constant_memory(graph, bytes, &data));
    Tensor tensor = { .dtype = dtype, .shape = *shape, .data = data, .bytes = bytes };
    ValueId value = VALUE_NONE;
    TRY(graph_add_constant(graph, NULL, &tensor, &value));
    *ret_value = value;
    *ret_tensor = (Tensor *)graph->values[value].constant;
    return status_ok();
}

static Status add_port(Graph *graph, PortList *list, const Port *port) {
    assert(port->value < graph->value_count);
    Port copy = *port;
    TRY(copy_name(graph, port->name, &copy.name));
    for (size_t i = 0; i < SHAPE_MAX_RANK; i++)
        if (port->dim_names[i])
            TRY(copy_name(graph, port->dim_names[i], &copy.dim_names[i]));
    TRY(graph_grow((void **)&list->items, list->count, &list->capacity, sizeof *list->items));
    list->items[list->count++] = copy;
    return status_ok();
}

Status graph_add_input(Graph *graph, const Port *port) {
    TRY(add_port(graph, &graph->inputs, port));
    graph->uses[port->value].is_input = true;
    return status_ok();
}

Status graph_add_output(Graph *graph, const Port *port) {
    TRY(add_port(graph, &graph->outputs, port));
    graph->uses[port->value].by_outputs++;
    return status_ok();
}

size_t graph_input_count(const Graph *graph) {
    return graph->inputs.count;
}

const Port *graph_input(const Graph *graph, size_t index) {
    assert(index < graph->inputs.count);
    return &graph->inputs.items[index];
}

size_t graph_output_count(const Graph *graph) {
    return graph->outputs.count;
}

const Port *graph_output(const Graph *graph, size_t index) {
    assert(index < graph->outputs.count);
    return &graph->outputs.items[index];
}

void graph_set_output_value(Graph *graph, size_t index, ValueId value) {
    assert(index < graph->outputs.count && value < graph->value_count);
    Port *port = &graph->outputs.items[index];
    graph->uses[port->value].by_outputs--;
    graph->uses[value].by_outputs++;
    port->value = value;
}
