/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Attributes of a node. Reading gives the fallback both where the attribute is absent and where it
 * is of another kind: the importer has refused wrong kinds, so that no kernel need ask. Changing
 * copies the list: clones share it.
 */

#include "runtime/graph/graph_internal.h"

#include <string.h>

const Attribute *node_find_attribute(const Node *node, const char *name) {
    for (size_t i = 0; i < node->attribute_count; i++)
        if (strcmp(node->attributes[i].name, name) == 0)
            return &node->attributes[i];
    return NULL;
}

Graph *node_body(const Node *node, size_t index) {
    for (size_t i = 0; i < node->attribute_count; i++)
        if (node->attributes[i].kind == ATTRIBUTE_GRAPH && index-- == 0)
            return node->attributes[i].graph;
    return NULL;
}

static const Attribute *find_kind(const Node *node, const char *name, AttributeKind kind) {
    const Attribute *attribute = node_find_attribute(node, name);
    return attribute && attribute->kind == kind ? attribute : NULL;
}

Graph *node_find_body(const Node *node, const char *name) {
    const Attribute *attribute = find_kind(node, name, ATTRIBUTE_GRAPH);
    return attribute ? attribute->graph : NULL;
}

int64_t node_get_int(const Node *node, const char *name, int64_t fallback) {
    const Attribute *attribute = find_kind(node, name, ATTRIBUTE_INT);
    return attribute ? attribute->i : fallback;
}

float node_get_float(const Node *node, const char *name, float fallback) {
    const Attribute *attribute = find_kind(node, name, ATTRIBUTE_FLOAT);
    return attribute ? attribute->f : fallback;
}

StringView node_get_string(const Node *node, const char *name, const char *fallback) {
    const Attribute *attribute = find_kind(node, name, ATTRIBUTE_STRING);
    return attribute ? attribute->s
                     : (StringView){ .data = fallback, .length = fallback ? strlen(fallback) : 0 };
}

const int64_t *node_get_ints(const Node *node, const char *name, size_t *ret_count) {
    const Attribute *attribute = find_kind(node, name, ATTRIBUTE_INTS);
    *ret_count = attribute ? attribute->count : 0;
    return attribute && attribute->count > 0 ? attribute->ints : NULL;
}

Status graph_set_attribute(Graph *graph, NodeId node, const Attribute *attribute) {
    Node *target = graph_node(graph, node);
    Attribute *copy = arena_calloc(graph->arena, (size_t)target->attribute_count + 1, sizeof *copy);
    if (!copy)
        return arena_exhausted(graph->arena);
    size_t at = target->attribute_count;
    for (size_t i = 0; i < target->attribute_count; i++) {
        copy[i] = target->attributes[i];
        if (strcmp(copy[i].name, attribute->name) == 0)
            at = i;
    }
    copy[at] = *attribute;
    if (at == target->attribute_count)
        target->attribute_count++;
    target->attributes = copy;
    return status_ok();
}

Status graph_set_int(Graph *graph, NodeId node, const char *name, int64_t value) {
    Attribute attribute = { .name = name, .kind = ATTRIBUTE_INT, .i = value };
    return graph_set_attribute(graph, node, &attribute);
}

Status graph_set_ints(Graph *graph, NodeId node, const char *name, const int64_t *values,
                      size_t count) {
    int64_t *copy = arena_calloc(graph->arena, count, sizeof *copy);
    if (!copy)
        return arena_exhausted(graph->arena);
    if (count > 0)
        memcpy(copy, values, count * sizeof *copy);
    Attribute attribute = { .name = name, .kind = ATTRIBUTE_INTS, .count = count, .ints = copy };
    return graph_set_attribute(graph, node, &attribute);
}
