/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Binds the shapes of recurrent operators to names. Pure functions, any thread. Source: ONNX LSTM,
 * GRU and RNN 22.
 */

#include "runtime/graph/recurrent.h"

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"

#include <string.h>

int64_t recurrent_gates(const Node *node) {
    if (strcmp(node->op->name, "LSTM") == 0)
        return 4;
    return strcmp(node->op->name, "GRU") == 0 ? 3 : 1;
}

Status recurrent_direction(const Node *node, RecurrentDirection *ret_direction) {
    static const char *const names[] = { "forward", "reverse", "bidirectional" };
    StringView text = node_get_string(node, "direction", "forward");
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (text.length == strlen(names[i]) && memcmp(text.data, names[i], text.length) == 0) {
            *ret_direction = (RecurrentDirection)i;
            return status_ok();
        }
    return status_error(STATUS_INVALID_ARGUMENT,
                        "direction: expected forward, reverse or bidirectional, got '%.*s'",
                        (int)MIN_OF(text.length, (size_t)40), text.data);
}

bool recurrent_batch_first(const Node *node) {
    return node_get_int(node, "layout", 0) != 0;
}

const char *recurrent_result_pattern(const Node *node, size_t output) {
    bool batch_first = recurrent_batch_first(node);
    if (output == 0)
        return batch_first ? "bsnh" : "snbh";
    return batch_first ? "bnh" : "nbh";
}

/* name := factor * what another is, once that is known */
static Status derive(DimNames *names, char name, int64_t factor, char from) {
    int64_t dim = *dim_name(names, from), product;
    if (dim == DIM_UNKNOWN)
        return status_ok();
    if (__builtin_mul_overflow(dim, factor, &product))
        return status_error(STATUS_INVALID_ARGUMENT, "hidden_size: %lld is too large",
                            (long long)dim);
    return dim_names_set(names, name, product, "gates times hidden size");
}

Status recurrent_bind(const Node *node, const Shape *const shapes[static RECURRENT_INPUTS],
                      DimNames *names) {
    bool batch_first = recurrent_batch_first(node);
    const char *state = recurrent_result_pattern(node, 1);
    RecurrentDirection direction;
    dim_names_init(names);
    TRY(recurrent_direction(node, &direction));
    *dim_name(names, 'n') = direction == RECURRENT_BIDIRECTIONAL ? 2 : 1;
    TRY(dim_names_bind(names, shapes[0], batch_first ? "bsi" : "sbi", 0));
    TRY(dim_names_bind(names, shapes[2], "nGh", 2));
    int64_t hidden = node_get_int(node, "hidden_size", 0);
    if (hidden > 0)
        TRY(dim_names_set(names, 'h', hidden, "hidden_size"));
    TRY(derive(names, 'G', recurrent_gates(node), 'h'));
    TRY(dim_names_bind(names, shapes[1], "nGi", 1));
    TRY(derive(names, 'B', 2, 'G'));
    TRY(dim_names_bind(names, shapes[3], "nB", 3));
    TRY(dim_names_bind(names, shapes[4], "b", 4));
    TRY(dim_names_bind(names, shapes[5], state, 5));
    TRY(dim_names_bind(names, shapes[6], state, 6));
    TRY(derive(names, 'P', 3, 'h'));
    return dim_names_bind(names, shapes[7], "nP", 7);
}
