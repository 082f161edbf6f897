/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What follows a Conv, Gemm or MatMul elementwise becomes steps of its epilogue, as far as the
 * device does them inside the node's kernel, and so does what follows an elementwise node, so that
 * a chain is one kernel that goes over blocks in the cache: activations, scalar arithmetic, and the
 * addition of a residual of the same shape. A result that anybody else reads ends the chain.
 *
 * A residual may be computed later than the node in the old order; it cannot depend on the node,
 * whose one user is the addition itself, so sorting afterwards always succeeds. On plan: shapes are
 * known, and equal shapes are equal.
 */

#include "runtime/base/size.h"
#include "runtime/passes/passes.h"
#include "runtime/passes/scalar_constant.h"

#include <float.h>

enum {
    OWN_INPUTS = 3,
    INPUTS_MAX = OWN_INPUTS + EPILOGUE_MAX
}; /* data, weights, bias; then residuals */

typedef struct ActivationRow {
    const char *name;
    EpilogueKind kind;
    const char *alpha, *beta; /* attributes, or NULL */
    float alpha_default, beta_default;
} ActivationRow;

static const ActivationRow activations[] = {
    { .name = "HardSigmoid", .kind = EPILOGUE_HARD_SIGMOID, "alpha", "beta", 0.2f, 0.5f },
    { .name = "HardSwish", .kind = EPILOGUE_HARD_SWISH },
    { .name = "LeakyRelu", .kind = EPILOGUE_LEAKY_RELU, "alpha", NULL, 0.01f, 0 },
    { .name = "Relu", .kind = EPILOGUE_RELU },
    { .name = "Sigmoid", .kind = EPILOGUE_SIGMOID },
    { .name = "Swish", .kind = EPILOGUE_SWISH, "alpha", NULL, 1, 0 },
    { .name = "Tanh", .kind = EPILOGUE_TANH },
};

static bool match_activation(const Node *user, EpilogueStep *ret_step) {
    for (size_t i = 0; i < ARRAY_LENGTH(activations); i++) {
        const ActivationRow *row = &activations[i];
        if (!node_is_op(user, row->name))
            continue;
        *ret_step = (EpilogueStep){ .kind = row->kind };
        if (row->alpha)
            ret_step->alpha = node_get_float(user, row->alpha, row->alpha_default);
        if (row->beta)
            ret_step->beta = node_get_float(user, row->beta, row->beta_default);
        return true;
    }
    return false;
}

static bool match_gelu(const Node *user, EpilogueStep *ret_step) {
    StringView form = node_get_string(user, "approximate", "none");
    if (!node_is_op(user, "Gelu") || form.length != 4 || memcmp(form.data, "none", 4) != 0)
        return false;
    *ret_step = (EpilogueStep){ .kind = EPILOGUE_GELU };
    return true;
}

static bool match_clip(const Graph *graph, const Node *user, EpilogueStep *ret_step) {
    if (!node_is_op(user, "Clip"))
        return false;
    *ret_step = (EpilogueStep){ .kind = EPILOGUE_CLIP, .alpha = -FLT_MAX, .beta = FLT_MAX };
    bool has_low = user->input_count > 1 && user->inputs[1] != VALUE_NONE;
    bool has_high = user->input_count > 2 && user->inputs[2] != VALUE_NONE;
    return (!has_low || scalar_constant(graph, user->inputs[1], &ret_step->alpha)) &&
           (!has_high || scalar_constant(graph, user->inputs[2], &ret_step->beta)) &&
           (has_low || has_high);
}

/* value op number, as alpha * x + beta */
static bool match_linear(const Graph *graph, const Node *user, ValueId value,
                         EpilogueStep *ret_step) {
    float number;
    if (user->input_count != 2)
        return false;
    uint32_t at = user->inputs[0] == value ? 1 : 0;
    if (!scalar_constant(graph, user->inputs[at], &number))
        return false;
    const Shape *other = &graph_value_const(graph, user->inputs[at])->shape;
    if (other->rank > graph_value_const(graph, value)->shape.rank)
        return false;
    *ret_step = (EpilogueStep){ .kind = EPILOGUE_LINEAR, .alpha = 1 };
    if (node_is_op(user, "Add"))
        ret_step->beta = number;
    else if (node_is_op(user, "Sub") && at == 1)
        ret_step->beta = -number;
    else if (node_is_op(user, "Mul"))
        ret_step->alpha = number;
    else
        return false;
    return true;
}

static bool match_residual(const Graph *graph, const Node *user, ValueId value,
                           ValueId *ret_residual, EpilogueStep *ret_step) {
    if (!node_is_op(user, "Add") && !(node_is_op(user, "Sum") && user->input_count == 2))
        return false;
    ValueId other = user->inputs[0] == value ? user->inputs[1] : user->inputs[0];
    const Value *residual = graph_value_const(graph, other),
                *result = graph_value_const(graph, value);
    if (other == value || residual->dtype != DTYPE_F32 || residual->constant ||
        !shape_is_known(&result->shape) || !shape_equal(&residual->shape, &result->shape))
        return false;
    *ret_residual = other;
    *ret_step = (EpilogueStep){ .kind = EPILOGUE_ADD };
    return true;
}

/* The node's inputs with the residual behind its own three. */
static Status add_residual(Graph *graph, NodeId id, ValueId residual, EpilogueStep *step) {
    const Node *node = graph_node_const(graph, id);
    ValueId inputs[INPUTS_MAX];
    size_t count = MAX_OF(node->input_count, (uint32_t)OWN_INPUTS);
    for (size_t i = 0; i < count; i++)
        inputs[i] = i < node->input_count ? node->inputs[i] : VALUE_NONE;
    step->input = (uint32_t)count;
    inputs[count] = residual;
    return graph_set_inputs(graph, id, inputs, count + 1);
}

/* Two linear steps in a row are one. */
static void append_step(Node *node, EpilogueStep step) {
    EpilogueStep *last =
        node->epilogue_count > 0 ? &node->epilogue[node->epilogue_count - 1] : NULL;
    if (last && last->kind == EPILOGUE_LINEAR && step.kind == EPILOGUE_LINEAR) {
        last->alpha *= step.alpha;
        last->beta = last->beta * step.alpha + step.beta;
        return;
    }
    node->epilogue[node->epilogue_count++] = step;
}

static Status fuse_user(Graph *graph, const PassContext *context, NodeId id, bool *ret_fused) {
    *ret_fused = false;
    const Node *node = graph_node_const(graph, id);
    ValueId value = node->outputs[0], residual = VALUE_NONE;
    NodeId user_id = value == VALUE_NONE ? NODE_NONE : graph_single_user(graph, value);
    if (user_id == NODE_NONE || node->epilogue_count == EPILOGUE_MAX ||
        node->input_count >= INPUTS_MAX)
        return status_ok();
    const Node *user = graph_node_const(graph, user_id);
    EpilogueStep step;
    if (user->epilogue_count > 0 || user->output_count != 1)
        return status_ok();
    if (!match_activation(user, &step) && !match_gelu(user, &step) &&
        !match_clip(graph, user, &step) && !match_linear(graph, user, value, &step) &&
        !match_residual(graph, user, value, &residual, &step))
        return status_ok();
    if (!context->device->api->fuses(context->device, graph, id, step.kind))
        return status_ok();
    ValueId result = user->outputs[0];
    if (residual != VALUE_NONE)
        TRY(add_residual(graph, id, residual, &step));
    append_step(graph_node(graph, id), step);
    graph_replace_value(graph, result, value);
    graph_remove_node(graph, user_id);
    *ret_fused = true;
    return status_ok();
}

static bool is_product(const Graph *graph, NodeId id) {
    const Node *node = graph_node_const(graph, id);
    return (node_is_op(node, "Conv") || node_is_op(node, "Gemm") || node_is_op(node, "MatMul")) &&
           graph_value_const(graph, node->outputs[0])->dtype == DTYPE_F32;
}

static bool is_elementwise(const Graph *graph, NodeId id) {
    const Node *node = graph_node_const(graph, id);
    return !node->removed && node->op->flags & OP_ELEMENTWISE && node->output_count == 1 &&
           node->outputs[0] != VALUE_NONE && !graph_value_const(graph, node->outputs[0])->constant;
}

/* Products first: a sum that ends both a product and a chain is worth more in the product. */
Status pass_fuse_epilogues(Graph *graph, const PassContext *context) {
    for (NodeId id = 0; id < graph_node_count(graph); id++)
        for (bool fused = is_product(graph, id); fused;)
            TRY(fuse_user(graph, context, id, &fused));
    for (NodeId id = 0; id < graph_node_count(graph); id++)
        for (bool fused = is_elementwise(graph, id); fused;)
            TRY(fuse_user(graph, context, id, &fused));
    return graph_sort(graph);
}
