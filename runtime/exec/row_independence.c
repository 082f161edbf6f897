/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One sweep over the sorted graph gives every value a kind: the same for all rows and batch sizes
 * (FIXED), one entry of axis 0 a row (ROWS), small integers in which the number of rows may stand
 * (COUNT, from Shape), or not known to be any of these (MIXED). A table of rules, one an operator,
 * says what an operator makes of the kinds of its inputs; without a rule the result is MIXED.
 * Proven means: all inputs are open in axis 0, and every output is ROWS.
 *
 * COUNT exists for exports that write Reshape(x, [Shape(x)[0], -1]): its elements are followed as
 * numbers or as "the number of rows". Anything else computed from the number of rows (a mean over
 * the batch, positions by Range) is MIXED.
 *
 * Pure; any thread.
 */

#include "runtime/exec/row_independence.h"

#include "runtime/base/size.h"
#include "runtime/exec/row_rules.h"
#include "runtime/graph/op_schema.h"

#include <string.h>

enum { SCRATCH_FIRST = 16 << 10, SCRATCH_BUDGET = 256 << 20 };

/* Open in axis 0, under one name if named, and not strings (their characters do not lie in rows).
 */
static bool inputs_are_open(const Graph *graph) {
    const char *name = NULL;
    for (size_t i = 0; i < graph_input_count(graph); i++) {
        const Port *port = graph_input(graph, i);
        if (port->dtype == DTYPE_STRING || port->shape.rank < 1 ||
            port->shape.dims[0] != DIM_UNKNOWN)
            return false;
        if (port->dim_names[0] && name && strcmp(name, port->dim_names[0]) != 0)
            return false;
        name = port->dim_names[0] ? port->dim_names[0] : name;
    }
    return graph_input_count(graph) > 0;
}

static bool outputs_are_rows(const Graph *graph, const RowFacts *facts) {
    for (size_t i = 0; i < graph_output_count(graph); i++) {
        ValueId value = graph_output(graph, i)->value;
        if (facts[value].kind != ROW_KIND_ROWS ||
            graph_value_const(graph, value)->dtype == DTYPE_STRING)
            return false;
    }
    return graph_output_count(graph) > 0;
}

static void set_constants(const Graph *graph, RowFacts *facts) {
    for (ValueId id = 0; id < graph_value_count(graph); id++) {
        const Value *value = graph_value_const(graph, id);
        if (!value->constant)
            continue;
        facts[id].kind = ROW_KIND_FIXED;
        bool integers = value->dtype == DTYPE_I64 || value->dtype == DTYPE_I32;
        if (!integers || value->shape.rank > 1 || tensor_elements(value->constant) > SHAPE_MAX_RANK)
            continue;
        facts[id].count = (int32_t)tensor_elements(value->constant);
        for (int32_t i = 0; i < facts[id].count; i++)
            facts[id].items[i] = tensor_get_int(value->constant, (size_t)i);
    }
}

Status row_independence_prove(const Graph *graph, bool *ret_proven) {
    *ret_proven = false;
    if (!inputs_are_open(graph))
        return status_ok();
    AUTO(arena_free) Arena *arena = NULL;
    TRY(arena_new(SCRATCH_FIRST, SCRATCH_BUDGET, &arena));
    RowFacts *facts = arena_calloc(arena, graph_value_count(graph), sizeof *facts); /* MIXED is 0 */
    if (!facts)
        return arena_exhausted(arena);
    set_constants(graph, facts);
    for (size_t i = 0; i < graph_input_count(graph); i++)
        facts[graph_input(graph, i)->value].kind = ROW_KIND_ROWS;
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        if (!node->removed)
            row_rules_apply(graph, node, facts);
    }
    *ret_proven = outputs_are_rows(graph, facts);
    return status_ok();
}
