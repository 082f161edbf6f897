/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A body is a graph of its own, read by the same walks as the model's. A name that it does not
 * define is looked for in the graph around it, then in the one around that, and so on; on the way
 * back each graph between gets an input for it. So a name travels through every level in between
 * and each node's inputs are all that its bodies need.
 *
 * Names: a body's inputs and initializers may hide outer names, as in the ONNX checker; an output
 * of a node may not. Depth and number of bodies are bounded, for what a body costs us is more than
 * what it costs to write.
 *
 * One import, one thread. Source: ONNX IR, "Names Within a Graph".
 */

#include "runtime/onnx/onnx_scope.h"

#include "runtime/base/size.h"

#include <string.h>

enum { BODIES_MAX = 4096, BODY_DEPTH_MAX = 8, FIRST_ARENA_BYTES = 4096 };

static size_t map_index(const CaptureMap *map, ValueId key) {
    size_t at = (size_t)key * 2654435761u & (map->capacity - 1);
    while (map->keys[at] != VALUE_NONE && map->keys[at] != key)
        at = (at + 1) & (map->capacity - 1);
    return at;
}

static bool map_find(const CaptureMap *map, ValueId key, uint32_t *ret_number) {
    if (map->count == 0)
        return false;
    size_t at = map_index(map, key);
    *ret_number = map->numbers[at];
    return map->keys[at] == key;
}

static Status map_grow(ImportContext *context, CaptureMap *map) {
    CaptureMap grown = { .count = map->count, .capacity = MAX_OF(2 * map->capacity, (size_t)16) };
    grown.keys = arena_calloc(context->scratch, grown.capacity, sizeof *grown.keys);
    grown.numbers = arena_calloc(context->scratch, grown.capacity, sizeof *grown.numbers);
    if (!grown.keys || !grown.numbers)
        return arena_exhausted(context->scratch);
    memset(grown.keys, 0xff, grown.capacity * sizeof *grown.keys); /* VALUE_NONE */
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->keys[i] == VALUE_NONE)
            continue;
        size_t at = map_index(&grown, map->keys[i]);
        grown.keys[at] = map->keys[i];
        grown.numbers[at] = map->numbers[i];
    }
    *map = grown;
    return status_ok();
}

static Status map_add(ImportContext *context, CaptureMap *map, ValueId key, uint32_t number) {
    if (2 * map->count >= map->capacity)
        TRY(map_grow(context, map));
    size_t at = map_index(map, key);
    map->keys[at] = key;
    map->numbers[at] = number;
    map->count++;
    return status_ok();
}

static Status add_capture(ImportContext *context, NodeCaptures *captures, ValueId outer) {
    uint32_t place;
    if (map_find(&captures->places, outer, &place))
        return status_ok();
    if (captures->count == captures->capacity) {
        size_t capacity = MAX_OF(2 * captures->capacity, (size_t)8);
        ValueId *values = arena_calloc(context->scratch, capacity, sizeof *values);
        if (!values)
            return arena_exhausted(context->scratch);
        if (captures->count > 0)
            memcpy(values, captures->values, captures->count * sizeof *values);
        captures->values = values;
        captures->capacity = capacity;
    }
    TRY(map_add(context, &captures->places, outer, (uint32_t)captures->count));
    captures->values[captures->count++] = outer;
    return status_ok();
}

/* The body's own value for one of the graph around it, made when it is first asked for. */
static Status capture(ImportContext *context, BodyScope *scope, ValueId outer, ValueId *ret_value) {
    if (map_find(&scope->locals, outer, ret_value))
        return status_ok();
    const Value *value = graph_value_const(scope->outer->graph, outer);
    if (value->constant) {
        TRY(graph_add_constant(scope->body, value->name, value->constant, ret_value));
    } else {
        TRY(add_capture(context, scope->captures, outer));
        TRY(graph_add_value(scope->body, value->name, value->dtype, &SHAPE_UNKNOWN, ret_value));
    }
    return map_add(context, &scope->locals, outer, *ret_value);
}

/* As deep as bodies are. */
Status scope_find(ImportContext *context, NameTable *names, WireBytes name, ValueId *ret_value,
                  bool *ret_found) {
    const NameEntry *entry = name_table_find(names, name);
    *ret_value = entry ? entry->value : VALUE_NONE;
    *ret_found = entry != NULL;
    if (entry || !names->body)
        return status_ok();
    ValueId outer;
    TRY(scope_find(context, names->body->outer, name, &outer, ret_found));
    return outer == VALUE_NONE ? status_ok() : capture(context, names->body, outer, ret_value);
}

Status scope_refuse_shadows(const NameTable *names) {
    for (const BodyScope *scope = names->body; scope; scope = scope->outer->body)
        for (size_t i = 0; i < names->count; i++)
            if (names->entries[i].kind == NAME_NODE_OUTPUT &&
                name_table_find(scope->outer, names->entries[i].name))
                return status_error(STATUS_INVALID_ARGUMENT,
                                    "'%.*s' is defined by a node, and in a graph around it too",
                                    (int)MIN_OF(names->entries[i].name.length, (size_t)120),
                                    (const char *)names->entries[i].name.data);
    return status_ok();
}

Status captures_bind(ImportContext *context, NodeCaptures *captures, NodeDraft *draft) {
    for (const BodyScope *scope = captures->scopes; scope; scope = scope->next)
        for (size_t i = 0; i < captures->count; i++) {
            const Value *value = graph_value_const(scope->outer->graph, captures->values[i]);
            Port port = { .name = value->name, .dtype = value->dtype, .shape = SHAPE_UNKNOWN };
            if (!map_find(&scope->locals, captures->values[i], &port.value))
                TRY(graph_add_value(scope->body, value->name, value->dtype, &SHAPE_UNKNOWN,
                                    &port.value));
            TRY(graph_add_input(scope->body, &port));
        }
    (void)context;
    draft->captures = captures->values;
    draft->capture_count = (uint32_t)captures->count;
    return status_ok();
}

static Status read_body(ImportContext *context, WireReader reader, BodyScope *scope) {
    const ImportContext before = *context;
    AUTO(arena_free) Arena *node_arena = NULL;
    TRY(arena_new(FIRST_ARENA_BYTES, context->limits.graph_bytes, &node_arena));
    context->graph = scope->body;
    context->arena = graph_arena(scope->body);
    context->node_arena = node_arena;
    context->body_depth++;
    Status status = import_graph(context, reader, scope);
    context->told_where |= !status_is_ok(&status);
    context->graph = before.graph;
    context->arena = before.arena;
    context->node_arena = before.node_arena;
    context->body_depth--;
    context->names = before.names;
    context->captures = before.captures;
    return status;
}

Status import_body(ImportContext *context, WireReader reader, Graph **ret_body) {
    if (context->body_depth == BODY_DEPTH_MAX)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "bodies are nested deeper than %d",
                            BODY_DEPTH_MAX);
    if (++context->graph_count > BODIES_MAX)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "the model has more than %d bodies",
                            BODIES_MAX);
    AUTO(graph_free) Graph *body = NULL;
    TRY(graph_new(context->budget_bytes, &body));
    BodyScope *scope = arena_calloc(context->scratch, 1, sizeof *scope);
    if (!scope)
        return arena_exhausted(context->scratch);
    *scope = (BodyScope){ .body = body, .outer = context->names, .captures = context->captures };
    TRY(read_body(context, reader, scope));
    scope->next = context->captures->scopes;
    context->captures->scopes = scope;
    TRY(graph_keep_body(context->graph, body));
    *ret_body = TAKE(body);
    return status_ok();
}
