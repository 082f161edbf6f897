/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Integers in which the number of rows may stand, as exports compute them to spell a Reshape.
 * Vectors of at most SHAPE_MAX_RANK elements; a scalar is a vector of one, so Squeeze and Unsqueeze
 * change nothing.
 *
 * Pure; any thread.
 */

#include "runtime/exec/row_counts.h"

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"

#include <string.h>

typedef struct Follow {
    const Graph *graph;
    const Node *node;
    const RowFacts *facts;
} Follow;

static const RowFacts *followed(const Follow *call, size_t index) {
    if (index >= call->node->input_count || call->node->inputs[index] == VALUE_NONE)
        return NULL;
    const RowFacts *facts = &call->facts[call->node->inputs[index]];
    bool known = facts->kind == ROW_KIND_COUNT || facts->kind == ROW_KIND_FIXED;
    return known && facts->count > 0 ? facts : NULL;
}

static bool is_number(int64_t item) {
    return item != ROW_ITEM_ROWS && item != ROW_ITEM_UNKNOWN;
}

static int64_t clamp(int64_t index, int64_t count) {
    index += index < 0 ? count : 0;
    return index < 0 ? 0 : index > count ? count : index;
}

static bool follow_shape(const Follow *call, RowFacts *ret_result) {
    ValueId src = call->node->inputs[0];
    const Shape *shape = &graph_value_const(call->graph, src)->shape;
    if (call->facts[src].kind != ROW_KIND_ROWS || shape->rank < 1)
        return false;
    int64_t begin = clamp(node_get_int(call->node, "start", 0), shape->rank);
    int64_t end = clamp(node_get_int(call->node, "end", shape->rank), shape->rank);
    for (int64_t i = begin; i < end; i++)
        ret_result->items[ret_result->count++] = i == 0                          ? ROW_ITEM_ROWS
                                                 : shape->dims[i] == DIM_UNKNOWN ? ROW_ITEM_UNKNOWN
                                                                                 : shape->dims[i];
    return ret_result->count > 0;
}

static bool follow_gather(const Follow *call, RowFacts *ret_result) {
    const RowFacts *src = followed(call, 0), *indices = followed(call, 1);
    if (!src || !indices || indices->kind != ROW_KIND_FIXED)
        return false;
    for (int32_t i = 0; i < indices->count; i++) {
        int64_t index = indices->items[i] + (indices->items[i] < 0 ? src->count : 0);
        if (index < 0 || index >= src->count)
            return false;
        ret_result->items[ret_result->count++] = src->items[index];
    }
    return true;
}

static bool follow_slice(const Follow *call, RowFacts *ret_result) {
    const RowFacts *src = followed(call, 0), *starts = followed(call, 1), *ends = followed(call, 2);
    const RowFacts *steps = followed(call, 4);
    bool has_steps = call->node->input_count > 4 && call->node->inputs[4] != VALUE_NONE;
    if (!src || !starts || !ends || starts->count != 1 || ends->count != 1 ||
        !is_number(starts->items[0]) || !is_number(ends->items[0]) ||
        (has_steps && (!steps || steps->items[0] != 1)))
        return false;
    int64_t begin = clamp(starts->items[0], src->count), end = clamp(ends->items[0], src->count);
    for (int64_t i = begin; i < end; i++)
        ret_result->items[ret_result->count++] = src->items[i];
    return ret_result->count > 0;
}

static bool follow_concat(const Follow *call, RowFacts *ret_result) {
    for (size_t i = 0; i < call->node->input_count; i++) {
        const RowFacts *part = followed(call, i);
        if (!part || ret_result->count + part->count > SHAPE_MAX_RANK)
            return false;
        memcpy(ret_result->items + ret_result->count, part->items,
               (size_t)part->count * sizeof *part->items);
        ret_result->count += part->count;
    }
    return ret_result->count > 0;
}

static bool follow_same(const Follow *call, RowFacts *ret_result) {
    const RowFacts *src = followed(call, 0);
    if (!src)
        return false;
    memcpy(ret_result->items, src->items, sizeof src->items);
    ret_result->count = src->count;
    return true;
}

static bool follow_cast(const Follow *call, RowFacts *ret_result) {
    int64_t to = node_get_int(call->node, "to", DTYPE_INVALID);
    return (to == DTYPE_I64 || to == DTYPE_I32) && follow_same(call, ret_result);
}

typedef struct Row {
    const char *name;
    bool (*follow)(const Follow *call, RowFacts *ret_result);
} Row;

static const Row rows[] = {
    { "Cast", follow_cast },     { "Concat", follow_concat },  { "Gather", follow_gather },
    { "Identity", follow_same }, { "Shape", follow_shape },    { "Slice", follow_slice },
    { "Squeeze", follow_same },  { "Unsqueeze", follow_same },
};

bool row_counts_follow(const Graph *graph, const Node *node, const RowFacts *facts,
                       RowFacts *ret_result) {
    if (node->op->domain[0] != '\0' || node->input_count == 0 || node->inputs[0] == VALUE_NONE)
        return false;
    Follow call = { .graph = graph, .node = node, .facts = facts };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        RowFacts result = { .kind = ROW_KIND_COUNT };
        if (strcmp(rows[i].name, node->op->name) == 0 && rows[i].follow(&call, &result)) {
            *ret_result = result;
            return true;
        }
    }
    return false;
}

bool row_counts_keep_rows(const RowFacts *target, const Shape *src, bool allow_zero) {
    bool known = target->kind == ROW_KIND_COUNT || target->kind == ROW_KIND_FIXED;
    if (!known || target->count < 1 || src->rank < 1)
        return false;
    /* The rest must not depend on the number of rows either; -1 then comes to what is left of a
     * row. */
    int64_t row_elements = 1;
    bool rest_known = true;
    for (int32_t i = 1; i < target->count; i++) {
        int64_t item = target->items[i];
        if (item == ROW_ITEM_ROWS)
            return false;
        rest_known &= item > 0;
        if (rest_known && __builtin_mul_overflow(row_elements, item, &row_elements))
            return false;
    }
    int64_t first = target->items[0];
    if (first == ROW_ITEM_ROWS || (first == 0 && !allow_zero))
        return true;
    if (first != -1 || !rest_known)
        return false;
    int64_t src_elements = 1;
    for (int32_t i = 1; i < src->rank; i++)
        if (src->dims[i] <= 0 || __builtin_mul_overflow(src_elements, src->dims[i], &src_elements))
            return false;
    return src_elements == row_elements;
}
