/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs the rows of the pass table one by one and compares how often each operator occurs before and
 * after: what a pass found shows in what it replaced. Steps that joined a node's epilogue count as
 * an operator of their own. Thread: main.
 */

#include "clients/inferctl/passes_report.h"

#include "runtime/base/size.h"
#include "runtime/device/device_open.h"
#include "runtime/graph/op_schema.h"
#include "runtime/passes/pipeline.h"

#include <stdlib.h>
#include <string.h>

enum { FOLD_LIMIT_BYTES = 1 << 30 };

static const char EPILOGUE[] = "(epilogue steps)";

/* Adds to the change of one name; there is room for all that may come. */
static void add_change(PassChange *pass, const char *name, int64_t change) {
    size_t at = 0;
    while (at < pass->change_count && strcmp(pass->changes[at].name, name) != 0)
        at++;
    if (at == pass->change_count)
        pass->changes[pass->change_count++] = (OpChange){ .name = name };
    pass->changes[at].change += change;
}

static size_t count_nodes(const Graph *graph, PassChange *pass, int64_t sign) {
    size_t count = 0;
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        if (node->removed)
            continue;
        count++;
        add_change(pass, node->op->name, sign);
        if (node->epilogue_count > 0)
            add_change(pass, EPILOGUE, sign * node->epilogue_count);
    }
    return count;
}

static int by_size(const void *a, const void *b) {
    const OpChange *left = a, *right = b;
    int64_t x = llabs(left->change), y = llabs(right->change);
    return x != y ? (x < y) - (x > y) : strcmp(left->name, right->name);
}

/* Largest first, those without a change dropped. */
static void tidy_changes(PassChange *pass) {
    size_t kept = 0;
    for (size_t i = 0; i < pass->change_count; i++)
        if (pass->changes[i].change != 0)
            pass->changes[kept++] = pass->changes[i];
    pass->change_count = kept;
    if (kept > 1)
        qsort(pass->changes, kept, sizeof *pass->changes, by_size);
}

static Status report_pass(Graph *graph, const PassContext *context, const Pass *row, Arena *arena,
                          PassChange *pass) {
    size_t room = graph_node_count(graph);
    *pass = (PassChange){ .pass = row->name, .on_plan = row->stage == PASS_ON_PLAN };
    /* A pass may add nodes: twice as many and some serve all that exist. */
    pass->changes = arena_calloc(arena, 4 * room + 64, sizeof *pass->changes);
    if (!pass->changes)
        return arena_exhausted(arena);
    pass->nodes_before = count_nodes(graph, pass, -1);
    TRY(row->run(graph, context));
    pass->nodes_after = count_nodes(graph, pass, 1);
    tidy_changes(pass);
    return status_ok();
}

static void close_shapes(Graph *graph) {
    for (size_t i = 0; i < graph_input_count(graph); i++) {
        Value *value = graph_value(graph, graph_input(graph, i)->value);
        for (int32_t d = 0; d < value->shape.rank; d++)
            if (value->shape.dims[d] == DIM_UNKNOWN)
                value->shape.dims[d] = 1;
    }
}

Status passes_report(Graph *graph, Arena *arena, PassChange **ret_passes, size_t *ret_count) {
    AUTO(device_close) Device *device = NULL;
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    TRY(device_open("cpu", &host, &device, &note));
    PassContext context = { .device = device, .fold_limit_bytes = FOLD_LIMIT_BYTES };
    size_t count;
    const Pass *rows = pass_table(&count);
    PassChange *passes = arena_calloc(arena, count, sizeof *passes);
    if (!passes)
        return arena_exhausted(arena);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].stage == PASS_ON_PLAN && (i == 0 || rows[i - 1].stage != PASS_ON_PLAN))
            close_shapes(graph);
        TRY(report_pass(graph, &context, &rows[i], arena, &passes[i]));
    }
    *ret_passes = passes;
    *ret_count = count;
    return status_ok();
}
