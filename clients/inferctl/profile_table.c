/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A row a node of the plan; runs of one plan report the same nodes in the same order, so the next
 * row is nearly always the one meant. Names are copied: the plan may be gone when the table is
 * printed. Thread: the one that runs the model.
 */

#include "clients/inferctl/profile_table.h"

#include "clients/inferctl/estimate.h"
#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"

#include <stdlib.h>
#include <string.h>

static ProfileRow *add_row(ProfileTable *table) {
    if (table->count == table->capacity) {
        size_t capacity = MAX_OF(2 * table->capacity, (size_t)64);
        ProfileRow *rows = arena_calloc(table->arena, capacity, sizeof *rows);
        if (!rows) {
            table->full = true;
            return NULL;
        }
        if (table->count > 0)
            memcpy(rows, table->rows, table->count * sizeof *rows);
        table->rows = rows;
        table->capacity = capacity;
    }
    return &table->rows[table->count++];
}

static const char *copy_text(Arena *arena, const char *text) {
    size_t length = strlen(text) + 1;
    char *copy = arena_alloc(arena, length);
    return copy ? memcpy(copy, text, length) : "";
}

static ProfileRow *find_row(ProfileTable *table, const StepReport *report) {
    for (size_t i = 0; i < table->count; i++) {
        size_t at = (table->cursor + i) % table->count;
        if (table->rows[at].node == report->node) {
            table->cursor = (at + 1) % table->count;
            return &table->rows[at];
        }
    }
    ProfileRow *row = add_row(table);
    if (!row)
        return NULL;
    table->cursor = 0;
    *row =
        (ProfileRow){ .name = copy_text(table->arena, report->node->name ? report->node->name : ""),
                      .op = report->node->op->name,
                      .kernel = copy_text(table->arena, report->kernel),
                      .nodes = 1,
                      .node = report->node };
    return row;
}

static uint64_t value_bytes(const Graph *graph, ValueId id) {
    size_t bytes;
    if (id == VALUE_NONE)
        return 0;
    const Value *value = graph_value_const(graph, id);
    return shape_is_known(&value->shape) && shape_bytes(&value->shape, value->dtype, &bytes) ? bytes
                                                                                             : 0;
}

void profile_step(void *user, const StepReport *report) {
    ProfileTable *table = user;
    ProfileRow *row = find_row(table, report);
    if (!row)
        return;
    const Node *node = report->node;
    uint64_t taken_ns = report->end_ns - report->begin_ns;
    row->taken_ns += taken_ns;
    row->least_ns = row->calls++ == 0 ? taken_ns : MIN_OF(row->least_ns, taken_ns);
    if (row->calls > 1)
        return;
    if (!estimate_node(report->graph, node, &row->operations))
        row->operations = 0;
    for (uint32_t i = 0; i < node->input_count; i++)
        row->bytes += value_bytes(report->graph, node->inputs[i]);
    for (uint32_t i = 0; i < node->output_count; i++)
        row->bytes += value_bytes(report->graph, node->outputs[i]);
    if (node->output_count > 0 && node->outputs[0] != VALUE_NONE)
        shape_format(&graph_value_const(report->graph, node->outputs[0])->shape, row->shape);
}

void profile_clear(ProfileTable *table) {
    table->count = table->cursor = 0;
}

static int by_time(const void *a, const void *b) {
    const ProfileRow *left = a, *right = b;
    return (left->least_ns < right->least_ns) - (left->least_ns > right->least_ns);
}

void profile_sort(ProfileTable *table) {
    if (table->count > 1)
        qsort(table->rows, table->count, sizeof *table->rows, by_time);
}

Status profile_by_operator(const ProfileTable *table, ProfileTable *ret_table) {
    *ret_table = (ProfileTable){ .arena = table->arena };
    for (size_t i = 0; i < table->count; i++) {
        const ProfileRow *from = &table->rows[i];
        size_t at = 0;
        while (at < ret_table->count && (strcmp(ret_table->rows[at].op, from->op) != 0 ||
                                         strcmp(ret_table->rows[at].kernel, from->kernel) != 0))
            at++;
        ProfileRow *row = at < ret_table->count ? &ret_table->rows[at] : add_row(ret_table);
        if (!row)
            return arena_exhausted(table->arena);
        if (at == ret_table->count - 1 && row->nodes == 0)
            *row = (ProfileRow){ .name = "", .op = from->op, .kernel = from->kernel };
        row->nodes += from->nodes;
        row->calls += from->calls;
        row->taken_ns += from->taken_ns;
        row->least_ns += from->least_ns;
        row->operations += from->operations;
        row->bytes += from->bytes;
    }
    profile_sort(ret_table);
    return status_ok();
}

uint64_t profile_total_ns(const ProfileTable *table) {
    uint64_t total_ns = 0;
    for (size_t i = 0; i < table->count; i++)
        total_ns += table->rows[i].least_ns;
    return total_ns;
}
