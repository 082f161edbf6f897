/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Says of the model's constants what plans and devices may count on. All of them outlive every
 * plan, which are clones of this graph, those of bodies included. Those that are read as the
 * weights of a product and as nothing else are told apart, since a device packs them and then need
 * not keep them as they are.
 *
 * What a body reads is never told apart: the same bytes may be read elsewhere as something else.
 *
 * The last on load: a constant that a plan makes is neither.
 */

#include "runtime/base/size.h"
#include "runtime/passes/passes.h"
#include "runtime/passes/scalar_constant.h"

enum { INPUT_WEIGHTS = 1 };

static const char *const products[] = { "Conv", "Gemm", "MatMul" };

static bool is_product(const Node *node) {
    for (size_t i = 0; i < ARRAY_LENGTH(products); i++)
        if (node_is_op(node, products[i]))
            return node->input_count > INPUT_WEIGHTS;
    return false;
}

/* Where the constants of bodies lie. Bodies lend from the graph around them, each its own values
 * over the same bytes. */
typedef struct AddressList {
    const void **items;
    size_t count, capacity;
} AddressList;

static int compare_addresses(const void *left, const void *right) {
    const char *a = *(const char *const *)left, *b = *(const char *const *)right;
    return a < b ? -1 : a > b;
}

static bool address_list_has(const AddressList *list, const void *address) {
    return list->count > 0 &&
           bsearch(&address, list->items, list->count, sizeof address, compare_addresses);
}

static bool address_list_add(AddressList *list, const void *address) {
    if (list->count == list->capacity) {
        size_t capacity = MAX_OF(2 * list->capacity, (size_t)64);
        const void **items = realloc(list->items, capacity * sizeof *items);
        if (!items)
            return false;
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = address;
    return true;
}

/* All constants below last as long as those of this graph do. false: out of memory. */
static bool add_bodies(Graph *graph, AddressList *list) {
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        for (size_t i = 0; !node->removed && node_body(node, i); i++) {
            Graph *body = node_body(node, i);
            for (ValueId value = 0; value < graph_value_count(body); value++) {
                const Tensor *constant = graph_value_const(body, value)->constant;
                graph_value(body, value)->is_lasting = constant != NULL;
                graph_value(body, value)->is_weights = false;
                if (constant && !address_list_add(list, constant->data))
                    return false;
            }
            if (!add_bodies(body, list))
                return false;
        }
    }
    return true;
}

static bool list_bodies(Graph *graph, AddressList *list) {
    bool listed = add_bodies(graph, list);
    if (listed && list->count > 0)
        qsort(list->items, list->count, sizeof *list->items, compare_addresses);
    return listed;
}

Status pass_mark_weights(Graph *graph, const PassContext *context) {
    (void)context;
    size_t count = graph_value_count(graph);
    AUTO(free) size_t *as_weights = calloc(count + 1, sizeof *as_weights);
    if (!as_weights)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "mark_weights: out of memory");
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        if (is_product(node) && node->inputs[INPUT_WEIGHTS] != VALUE_NONE)
            as_weights[node->inputs[INPUT_WEIGHTS]]++;
    }
    AddressList in_bodies = { 0 };
    bool listed = list_bodies(graph, &in_bodies);
    for (ValueId id = 0; listed && id < count; id++) {
        Value *value = graph_value(graph, id);
        value->is_lasting = value->constant != NULL;
        value->is_weights = value->is_lasting && as_weights[id] > 0 &&
                            as_weights[id] == graph_use_count(graph, id) &&
                            !address_list_has(&in_bodies, value->constant->data);
    }
    free(in_bodies.items);
    return listed ? status_ok()
                  : status_error(STATUS_RESOURCE_EXHAUSTED, "mark_weights: out of memory");
}
