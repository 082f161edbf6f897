/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Normalisations that exporters spell out become one node again:
 *
 *     c = x - Mean(x);  c / Sqrt(Mean(c^2) + epsilon) [* scale] [+ shift]      LayerNormalization
 *     x / Sqrt(Mean(x^2) + epsilon) [* scale]                                  RMSNormalization
 *
 * over trailing axes. c^2 may be Pow or Mul, the quotient a Div, a Mul by Reciprocal, by 1 / Sqrt
 * or by Pow(.., -0.5); x - Mean(x) may be computed twice. Scale and shift are taken along when they
 * are constants that do not enlarge the result; the scale that is missing is a constant of ones.
 * Rounding differs: the sums run in another order. Source: ONNX LayerNormalization 17,
 * RMSNormalization 23.
 */

#include "runtime/passes/passes.h"
#include "runtime/passes/product.h"
#include "runtime/passes/scalar_constant.h"

typedef struct Norm {
    ValueId x;
    int64_t axis; /* the first of those that are normalised */
    float epsilon;
    bool centred;         /* LayerNormalization */
    NodeId last;          /* whose result is replaced */
    ValueId scale, shift; /* VALUE_NONE: none */
} Norm;

/* Are the axes the last ones, every one, of a value of that rank? */
static bool are_trailing(const Tensor *axes, int32_t rank, int64_t *ret_axis) {
    size_t count = tensor_elements(axes);
    uint32_t seen = 0;
    if (axes->dtype != DTYPE_I64 || count == 0 || count > (size_t)rank)
        return false;
    for (size_t i = 0; i < count; i++) {
        int64_t axis = tensor_get_int(axes, i);
        axis += axis < 0 ? rank : 0;
        if (axis < rank - (int64_t)count || axis >= rank)
            return false;
        seen |= UINT32_C(1) << axis;
    }
    *ret_axis = rank - (int64_t)count;
    return seen == ((UINT32_C(1) << count) - 1) << *ret_axis;
}

/* value = ReduceMean(*ret_x) over trailing axes, dims kept */
static bool match_mean(const Graph *graph, ValueId value, ValueId *ret_x, int64_t *ret_axis) {
    const Node *node = value_made_by(graph, value, "ReduceMean", 2);
    if (!node || node_get_int(node, "keepdims", 1) == 0)
        return false;
    const Tensor *axes = graph_value_const(graph, node->inputs[1])->constant;
    int32_t rank = graph_value_const(graph, node->inputs[0])->shape.rank;
    *ret_x = node->inputs[0];
    return axes && rank > 0 && are_trailing(axes, rank, ret_axis);
}

/* value = *ret_x - Mean(*ret_x) */
static bool match_centred(const Graph *graph, ValueId value, ValueId *ret_x, int64_t *ret_axis) {
    const Node *node = value_made_by(graph, value, "Sub", 2);
    return node && match_mean(graph, node->inputs[1], ret_x, ret_axis) && *ret_x == node->inputs[0];
}

/* value = Sqrt(Mean(square) + epsilon), square = ret_sides[0] * ret_sides[1] */
static bool match_deviation(const Graph *graph, ValueId inner, Norm *norm, ValueId ret_sides[2]) {
    const Node *add = value_made_by(graph, inner, "Add", 2);
    for (uint32_t i = 0; add && i < 2; i++) {
        ValueId square;
        Product product;
        if (!scalar_constant(graph, add->inputs[i], &norm->epsilon) ||
            !match_mean(graph, add->inputs[1 - i], &square, &norm->axis))
            continue;
        if (!product_of(graph, square, &product) || product.count != 2 || product.constant != 1)
            continue;
        ret_sides[0] = product.factors[0];
        ret_sides[1] = product.factors[1];
        return true;
    }
    return false;
}

/* *ret_inner of Sqrt(*ret_inner) */
static bool is_root(const Graph *graph, ValueId value, ValueId *ret_inner) {
    const Node *node = value_made_by(graph, value, "Sqrt", 1);
    if (node)
        *ret_inner = node->inputs[0];
    return node != NULL;
}

/* *ret_inner of 1 / Sqrt(*ret_inner), in all its forms */
static bool is_inverse_root(const Graph *graph, ValueId value, ValueId *ret_inner) {
    float number;
    const Node *node = value_made_by(graph, value, "Reciprocal", 1);
    if (node)
        return is_root(graph, node->inputs[0], ret_inner);
    node = value_made_by(graph, value, "Div", 2);
    if (node)
        return scalar_constant(graph, node->inputs[0], &number) && number == 1 &&
               is_root(graph, node->inputs[1], ret_inner);
    node = value_made_by(graph, value, "Pow", 2);
    if (!node || !scalar_constant(graph, node->inputs[1], &number) || number != -0.5f)
        return false;
    *ret_inner = node->inputs[0];
    return true;
}

/* node = *ret_over / Sqrt(*ret_inner) */
static bool match_quotient(const Graph *graph, const Node *node, uint32_t side, ValueId *ret_over,
                           ValueId *ret_inner) {
    if (node->input_count != 2 || node->epilogue_count > 0)
        return false;
    *ret_over = node->inputs[side];
    if (node_is_op(node, "Div"))
        return side == 0 && is_root(graph, node->inputs[1], ret_inner);
    return node_is_op(node, "Mul") && is_inverse_root(graph, node->inputs[1 - side], ret_inner);
}

/* Both sides of the square are what is divided, or computed just so. */
static bool settle(const Graph *graph, ValueId over, const ValueId sides[2], Norm *norm) {
    ValueId x[3];
    int64_t axis[3];
    const ValueId all[] = { over, sides[0], sides[1] };
    norm->centred = true;
    for (size_t i = 0; i < 3; i++)
        norm->centred = norm->centred && match_centred(graph, all[i], &x[i], &axis[i]) &&
                        x[i] == x[0] && axis[i] == norm->axis;
    norm->x = norm->centred ? x[0] : over;
    return norm->centred || (sides[0] == over && sides[1] == over);
}

static bool match(const Graph *graph, NodeId id, Norm *ret_norm) {
    const Node *node = graph_node_const(graph, id);
    if (node->removed || node->output_count != 1 || node->outputs[0] == VALUE_NONE ||
        graph_value_const(graph, node->outputs[0])->dtype != DTYPE_F32)
        return false;
    *ret_norm = (Norm){ .last = id, .scale = VALUE_NONE, .shift = VALUE_NONE };
    for (uint32_t side = 0; side < 2; side++) {
        ValueId over, inner, sides[2];
        if (match_quotient(graph, node, side, &over, &inner) &&
            match_deviation(graph, inner, ret_norm, sides) && settle(graph, over, sides, ret_norm))
            return true;
    }
    return false;
}

/* Is it a float constant with dims of the normalised axes, so that the result stays as large? */
static bool fits(const Graph *graph, ValueId value, const Norm *norm) {
    const Tensor *constant = graph_value_const(graph, value)->constant;
    const Shape *x = &graph_value_const(graph, norm->x)->shape;
    if (!constant || constant->dtype != DTYPE_F32 || constant->shape.rank > x->rank)
        return false;
    for (int32_t i = 1; i <= constant->shape.rank; i++) {
        int64_t dim = constant->shape.dims[constant->shape.rank - i], axis = x->rank - i;
        if (dim != 1 && (axis < norm->axis || dim != x->dims[axis]))
            return false;
    }
    return true;
}

/* The result's one user is op with such a constant: it becomes part of the node. */
static bool take_operand(const Graph *graph, Norm *norm, const char *op, ValueId *ret_operand) {
    ValueId result = graph_node_const(graph, norm->last)->outputs[0];
    NodeId user_id = graph_single_user(graph, result);
    if (user_id == NODE_NONE)
        return false;
    const Node *user = graph_node_const(graph, user_id);
    if (!node_is_op(user, op) || user->input_count != 2 || user->epilogue_count > 0)
        return false;
    ValueId operand = user->inputs[user->inputs[0] == result ? 1 : 0];
    if (!fits(graph, operand, norm))
        return false;
    norm->last = user_id;
    *ret_operand = operand;
    return true;
}

/* Ones of the normalised dims; false in *ret_made where they are not known. */
static Status make_ones(Graph *graph, Norm *norm, bool *ret_made) {
    const Shape *x = &graph_value_const(graph, norm->x)->shape;
    Shape shape = { .rank = x->rank - (int32_t)norm->axis };
    size_t count;
    for (int32_t i = 0; i < shape.rank; i++)
        shape.dims[i] = x->dims[norm->axis + i];
    *ret_made = shape_is_known(&shape) && shape_elements(&shape, &count);
    if (!*ret_made)
        return status_ok();
    Tensor *ones;
    TRY(graph_add_constant_new(graph, DTYPE_F32, &shape, &norm->scale, &ones));
    for (size_t i = 0; i < count; i++)
        ((float *)ones->data)[i] = 1;
    return status_ok();
}

static Status replace(Graph *graph, Norm *norm) {
    bool has_scale = take_operand(graph, norm, "Mul", &norm->scale);
    if (norm->centred)
        take_operand(graph, norm, "Add", &norm->shift);
    if (!has_scale) {
        TRY(make_ones(graph, norm, &has_scale));
        if (!has_scale)
            return status_ok();
    }
    const char *name = graph_node_const(graph, norm->last)->name;
    ValueId old = graph_node_const(graph, norm->last)->outputs[0], result;
    const Value value = *graph_value_const(graph, old);
    TRY(graph_add_value(graph, NULL, value.dtype, &value.shape, &result));
    Attribute attributes[] = {
        { .name = "axis", .kind = ATTRIBUTE_INT, .i = norm->axis },
        { .name = "epsilon", .kind = ATTRIBUTE_FLOAT, .f = norm->epsilon },
    };
    ValueId inputs[] = { norm->x, norm->scale, norm->shift };
    const char *op = norm->centred ? "LayerNormalization" : "RMSNormalization";
    NodeSpec spec = { .op = op_schema_find("", op),
                      .name = name,
                      .inputs = inputs,
                      .outputs = &result,
                      .attributes = attributes,
                      .input_count = norm->shift == VALUE_NONE ? 2 : 3,
                      .output_count = 1,
                      .attribute_count = 2 };
    TRY(graph_add_node(graph, &spec, NULL));
    graph_replace_value(graph, old, result);
    graph_remove_node(graph, norm->last);
    return status_ok();
}

Status pass_match_norm(Graph *graph, const PassContext *context) {
    (void)context;
    size_t count = graph_node_count(graph);
    for (NodeId id = 0; id < count; id++) {
        Norm norm;
        if (match(graph, id, &norm))
            TRY(replace(graph, &norm));
    }
    return graph_compact(graph);
}
