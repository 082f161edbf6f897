/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The rules, one row an operator. A rule says whether rows stay apart; it may only say so when
 * every shape and constant it needs is known, so that doubt is always "no". Ranks are known on load
 * for all but odd models.
 *
 * Pure; any thread.
 */

#include "runtime/exec/row_rules.h"

#include "runtime/base/size.h"
#include "runtime/exec/row_counts.h"
#include "runtime/graph/op_schema.h"

#include <string.h>

typedef struct RuleCall {
    const Graph *graph;
    const Node *node;
    const RowFacts *facts; /* by value */
} RuleCall;

static bool has_input(const RuleCall *call, size_t index) {
    return index < call->node->input_count && call->node->inputs[index] != VALUE_NONE;
}

/* Left out counts as fixed. */
static RowKind kind_of(const RuleCall *call, size_t index) {
    return has_input(call, index) ? call->facts[call->node->inputs[index]].kind : ROW_KIND_FIXED;
}

static const Shape *shape_of(const RuleCall *call, size_t index) {
    return &graph_value_const(call->graph, call->node->inputs[index])->shape;
}

static int32_t output_rank(const RuleCall *call) {
    return graph_value_const(call->graph, call->node->outputs[0])->shape.rank;
}

static bool others_fixed(const RuleCall *call, size_t first) {
    for (size_t i = first; i < call->node->input_count; i++)
        if (kind_of(call, i) != ROW_KIND_FIXED)
            return false;
    return true;
}

/* Input 0 holds the rows, all others are fixed. */
static bool first_is_rows(const RuleCall *call) {
    return kind_of(call, 0) == ROW_KIND_ROWS && others_fixed(call, 1);
}

/* A fixed operand that is broadcast over axis 0 of a result of that rank. */
static bool spares_rows(const Shape *shape, int32_t rank) {
    return shape->rank != SHAPE_UNRANKED &&
           (shape->rank < rank || (shape->rank == rank && shape->dims[0] == 1));
}

static bool rule_elementwise(const RuleCall *call) {
    int32_t rank = output_rank(call);
    if (rank == SHAPE_UNRANKED)
        return false;
    for (size_t i = 0; i < call->node->input_count; i++) {
        if (!has_input(call, i))
            continue;
        RowKind kind = kind_of(call, i);
        bool aligned = kind == ROW_KIND_ROWS && shape_of(call, i)->rank == rank;
        if (!aligned && !(kind == ROW_KIND_FIXED && spares_rows(shape_of(call, i), rank)))
            return false;
    }
    return true;
}

static bool axis_is_not_rows(const RuleCall *call, int64_t axis) {
    int32_t rank = shape_of(call, 0)->rank;
    return rank > 0 && axis != 0 && axis != -rank;
}

static bool rule_softmax(const RuleCall *call) {
    return first_is_rows(call) && axis_is_not_rows(call, node_get_int(call->node, "axis", -1));
}

static bool rule_axis_0(const RuleCall *call) { /* ArgMax and others whose axis is 0 by default */
    return first_is_rows(call) && axis_is_not_rows(call, node_get_int(call->node, "axis", 0));
}

/* Normalises over [axis, rank): only axis 0 itself would mix, or a scale that has it too. */
static bool rule_layer_norm(const RuleCall *call) {
    if (!first_is_rows(call))
        return false;
    int32_t rank = shape_of(call, 0)->rank;
    for (size_t i = 1; i < call->node->input_count; i++)
        if (has_input(call, i) && !spares_rows(shape_of(call, i), rank))
            return false;
    return axis_is_not_rows(call, node_get_int(call->node, "axis", -1));
}

static bool rule_rotary(const RuleCall *call) { /* caches by position number, numbers by row */
    return kind_of(call, 0) == ROW_KIND_ROWS && kind_of(call, 1) == ROW_KIND_FIXED &&
           kind_of(call, 2) == ROW_KIND_FIXED && kind_of(call, 3) == ROW_KIND_ROWS;
}

/* Every sample on its own; a mask of rank 4 has the samples too, a smaller one is for all. */
static bool rule_attention(const RuleCall *call) {
    for (size_t i = 0; i < call->node->input_count; i++) {
        if (!has_input(call, i))
            continue;
        bool shared =
            i == 3 && kind_of(call, i) == ROW_KIND_FIXED && spares_rows(shape_of(call, i), 4);
        bool own = kind_of(call, i) == ROW_KIND_ROWS && (i != 3 || shape_of(call, i)->rank == 4);
        if (!shared && !own)
            return false;
    }
    return true;
}

/* Inputs 1 and 2 are weights, all others have rows. */
static bool rule_causal_conv(const RuleCall *call) {
    return kind_of(call, 0) == ROW_KIND_ROWS && kind_of(call, 1) == ROW_KIND_FIXED &&
           kind_of(call, 2) == ROW_KIND_FIXED &&
           (!has_input(call, 3) || kind_of(call, 3) == ROW_KIND_ROWS);
}

/* The batch comes first in one of the two layouts; weights are inputs 1 to 3 and 7. */
static bool rule_recurrent(const RuleCall *call) {
    if (node_get_int(call->node, "layout", 0) == 0 || kind_of(call, 0) != ROW_KIND_ROWS)
        return false;
    for (size_t i = 1; i < call->node->input_count; i++) {
        RowKind wanted = i >= 4 && i <= 6 ? ROW_KIND_ROWS : ROW_KIND_FIXED;
        if (has_input(call, i) && kind_of(call, i) != wanted)
            return false;
    }
    return true;
}

static bool all_are_rows(const RuleCall *call) {
    for (size_t i = 0; i < call->node->input_count; i++)
        if (has_input(call, i) && kind_of(call, i) != ROW_KIND_ROWS)
            return false;
    return true;
}

static bool rule_flatten(const RuleCall *call) {
    int64_t axis = node_get_int(call->node, "axis", 1);
    return first_is_rows(call) &&
           axis == 1; /* any other joins rows with what follows, or moves them */
}

static bool rule_transpose(const RuleCall *call) {
    size_t count;
    const int64_t *perm = node_get_ints(call->node, "perm", &count);
    return first_is_rows(call) && count > 0 && perm[0] == 0;
}

static bool rule_concat(const RuleCall *call) {
    int64_t axis = node_get_int(call->node, "axis", 0);
    for (size_t i = 0; i < call->node->input_count; i++)
        if (kind_of(call, i) != ROW_KIND_ROWS)
            return false;
    return axis_is_not_rows(call, axis);
}

/* The small integers of an input, when all of them are plain numbers. */
static const RowFacts *numbers_of(const RuleCall *call, size_t index) {
    if (!has_input(call, index))
        return NULL;
    const RowFacts *facts = &call->facts[call->node->inputs[index]];
    for (int32_t i = 0; i < facts->count; i++)
        if (facts->items[i] == ROW_ITEM_ROWS || facts->items[i] == ROW_ITEM_UNKNOWN)
            return NULL;
    return facts->kind == ROW_KIND_FIXED && facts->count > 0 ? facts : NULL;
}

static bool axes_spare_rows(const RuleCall *call, size_t index, int32_t rank) {
    const RowFacts *axes = numbers_of(call, index);
    if (!axes || rank < 1)
        return false;
    for (int32_t i = 0; i < axes->count; i++)
        if (axes->items[i] == 0 || axes->items[i] == -rank)
            return false;
    return true;
}

static bool rule_axes_input(const RuleCall *call) { /* Reduce*, Squeeze */
    return first_is_rows(call) && axes_spare_rows(call, 1, shape_of(call, 0)->rank);
}

static bool rule_unsqueeze(const RuleCall *call) {
    return first_is_rows(call) && axes_spare_rows(call, 1, output_rank(call));
}

static bool rule_slice(const RuleCall *call) {
    return first_is_rows(call) && axes_spare_rows(call, 3, shape_of(call, 0)->rank);
}

static bool rule_pad(const RuleCall *call) {
    const RowFacts *pads = numbers_of(call, 1);
    if (!first_is_rows(call))
        return false;
    if (has_input(call, 3))
        return axes_spare_rows(call, 3, shape_of(call, 0)->rank);
    return pads && pads->count % 2 == 0 && pads->items[0] == 0 && pads->items[pads->count / 2] == 0;
}

static bool rule_gather(const RuleCall *call) {
    int64_t axis = node_get_int(call->node, "axis", 0);
    if (kind_of(call, 0) == ROW_KIND_ROWS && kind_of(call, 1) == ROW_KIND_FIXED)
        return axis_is_not_rows(call, axis);
    bool from_table = kind_of(call, 0) == ROW_KIND_FIXED && kind_of(call, 1) == ROW_KIND_ROWS;
    int32_t rank = shape_of(call, 0)->rank;
    return from_table &&
           (axis == 0 || axis == -rank); /* an embedding: axes of the indices come first */
}

static bool rule_gemm(const RuleCall *call) {
    if (node_get_int(call->node, "transA", 0) != 0 || kind_of(call, 0) != ROW_KIND_ROWS ||
        kind_of(call, 1) != ROW_KIND_FIXED)
        return false;
    if (!has_input(call, 2))
        return true;
    if (kind_of(call, 2) == ROW_KIND_ROWS)
        return shape_of(call, 2)->rank == 2;
    return kind_of(call, 2) == ROW_KIND_FIXED && spares_rows(shape_of(call, 2), 2);
}

static bool rule_matmul(const RuleCall *call) {
    int32_t left = shape_of(call, 0)->rank, right = shape_of(call, 1)->rank;
    if (left == SHAPE_UNRANKED || right == SHAPE_UNRANKED || left < 2)
        return false;
    if (kind_of(call, 0) == ROW_KIND_ROWS && kind_of(call, 1) == ROW_KIND_ROWS)
        return left == right && left >= 3; /* axis 0 is a batch axis of both */
    if (kind_of(call, 0) == ROW_KIND_ROWS && kind_of(call, 1) == ROW_KIND_FIXED)
        return right <= 2 || (left >= 3 && spares_rows(shape_of(call, 1), left));
    return kind_of(call, 0) == ROW_KIND_FIXED && kind_of(call, 1) == ROW_KIND_ROWS && right >= 3 &&
           spares_rows(shape_of(call, 0), right);
}

/* One scale, or one for each entry of a dim that is not the rows'. */
static bool rule_scaled(const RuleCall *call) { /* QuantizeLinear, DequantizeLinear */
    int32_t rank = shape_of(call, 1)->rank;
    if (!first_is_rows(call) || node_get_int(call->node, "block_size", 0) != 0)
        return false;
    return rank == 0 || (rank == 1 && axis_is_not_rows(call, node_get_int(call->node, "axis", 1)));
}

static bool input_is_one(const RuleCall *call, size_t index) {
    const Shape *shape;
    if (!has_input(call, index))
        return true;
    shape = shape_of(call, index);
    return shape->rank == 0 || (shape->rank == 1 && shape->dims[0] == 1);
}

/* The left operand holds the rows; its scale and zero point, and those of the result, are one. */
static bool rule_quantized_matmul(const RuleCall *call) {
    bool is_integer = strcmp(call->node->op->name, "MatMulInteger") == 0;
    size_t right = is_integer ? 1 : 3;
    int32_t left_rank = shape_of(call, 0)->rank, right_rank = shape_of(call, right)->rank;
    if (!first_is_rows(call) || left_rank < 2 || right_rank < 1 || right_rank > 2)
        return false;
    if (is_integer)
        return input_is_one(call, 2);
    return input_is_one(call, 1) && input_is_one(call, 2) && input_is_one(call, 6) &&
           input_is_one(call, 7);
}

/* A matrix of features; a vector would be one row of them. */
static bool rule_features(const RuleCall *call) {
    return first_is_rows(call) && shape_of(call, 0)->rank == 2;
}

static bool rule_feature_columns(const RuleCall *call) { /* FeatureVectorizer */
    for (size_t i = 0; i < call->node->input_count; i++)
        if (kind_of(call, i) != ROW_KIND_ROWS || shape_of(call, i)->rank != 2)
            return false;
    return true;
}

static bool rule_reshape(const RuleCall *call) {
    if (kind_of(call, 0) != ROW_KIND_ROWS || !has_input(call, 1))
        return false;
    return row_counts_keep_rows(&call->facts[call->node->inputs[1]], shape_of(call, 0),
                                node_get_int(call->node, "allowzero", 0) != 0);
}

/* A shape that begins with the number of rows, and has it nowhere else. */
static bool is_shape_of_rows(const RuleCall *call, size_t index) {
    const RowFacts *shape = &call->facts[call->node->inputs[index]];
    if (shape->kind != ROW_KIND_COUNT || shape->count < 1 || shape->items[0] != ROW_ITEM_ROWS)
        return false;
    for (int32_t i = 1; i < shape->count; i++)
        if (shape->items[i] == ROW_ITEM_ROWS)
            return false;
    return true;
}

static bool rule_filled(const RuleCall *call) { /* ConstantOfShape */
    return is_shape_of_rows(call, 0);
}

/* The same for every row, or rows that grow along other axes. */
static bool rule_expand(const RuleCall *call) {
    if (!has_input(call, 1) || !is_shape_of_rows(call, 1))
        return false;
    int32_t rank = call->facts[call->node->inputs[1]].count;
    return kind_of(call, 0) == ROW_KIND_ROWS
               ? shape_of(call, 0)->rank == rank
               : kind_of(call, 0) == ROW_KIND_FIXED && spares_rows(shape_of(call, 0), rank);
}

/* Each result element takes only from its own row where all operands have rows: GatherElements. */
static bool rule_all_rows(const RuleCall *call) {
    return rule_concat(call);
}

/* Resize leaves axis 0 alone when `axes` does not name it, or its constant scale is 1. */
static bool rule_resize(const RuleCall *call) {
    size_t count;
    const int64_t *axes = node_get_ints(call->node, "axes", &count);
    int32_t rank = shape_of(call, 0)->rank;
    if (!first_is_rows(call) || rank < 1)
        return false;
    bool spares = axes != NULL;
    for (size_t i = 0; i < count; i++)
        spares &= axes[i] != 0 && axes[i] != -rank;
    if (spares || axes || !has_input(call, 2))
        return spares;
    StringView mode = node_get_string(call->node, "coordinate_transformation_mode", "half_pixel");
    const Tensor *scales = graph_value_const(call->graph, call->node->inputs[2])->constant;
    bool crops = mode.length > 3 && memcmp(mode.data, "tf_c", 4) == 0;
    return !crops && scales && scales->dtype == DTYPE_F32 &&
           tensor_elements(scales) == (size_t)rank && *(const float *)scales->data == 1.0f;
}

static bool rule_one_hot(const RuleCall *call) {
    int64_t axis = node_get_int(call->node, "axis", -1);
    int32_t rank = output_rank(call);
    return first_is_rows(call) && rank > 1 && axis != 0 && axis != -rank;
}

static bool rule_matrices(const RuleCall *call) { /* Trilu, Det: the last two dims are one matter */
    return first_is_rows(call) && shape_of(call, 0)->rank > 2;
}

typedef struct Rule {
    const char *name;
    bool (*keeps_rows)(const RuleCall *call);
} Rule;

/* Those not flagged OP_ELEMENTWISE. */
static const Rule rules[] = {
    { "ArgMax", rule_axis_0 },
    { "ArgMin", rule_axis_0 },
    { "ArrayFeatureExtractor", rule_features },
    { "Attention", rule_attention },
    { "AveragePool", first_is_rows },
    { "BatchNormalization", first_is_rows },
    { "Binarizer", first_is_rows },
    { "CategoryMapper", first_is_rows },
    { "CausalConvWithState", rule_causal_conv },
    { "Col2Im", first_is_rows },
    { "Concat", rule_concat },
    { "ConstantOfShape", rule_filled },
    { "Conv", first_is_rows },
    { "ConvInteger", first_is_rows },
    { "ConvTranspose", first_is_rows },
    { "CumProd", rule_axes_input },
    { "CumSum", rule_axes_input },
    { "DepthToSpace", first_is_rows },
    { "DequantizeLinear", rule_scaled },
    { "Det", rule_matrices },
    { "Expand", rule_expand },
    { "FeatureVectorizer", rule_feature_columns },
    { "Flatten", rule_flatten },
    { "GRU", rule_recurrent },
    { "Gather", rule_gather },
    { "GatherElements", rule_all_rows },
    { "Gemm", rule_gemm },
    { "GlobalAveragePool", first_is_rows },
    { "GlobalLpPool", first_is_rows },
    { "GlobalMaxPool", first_is_rows },
    { "GridSample", rule_all_rows },
    { "GroupNormalization", first_is_rows },
    { "Hardmax", rule_softmax },
    { "Identity", first_is_rows },
    { "Imputer", rule_features },
    { "InstanceNormalization", first_is_rows },
    { "LRN", first_is_rows },
    { "LSTM", rule_recurrent },
    { "LabelEncoder", first_is_rows },
    { "LayerNormalization", rule_layer_norm },
    { "LinearAttention", all_are_rows },
    { "LinearClassifier", rule_features },
    { "LinearRegressor", rule_features },
    { "LogSoftmax", rule_softmax },
    { "LpNormalization", rule_softmax },
    { "LpPool", first_is_rows },
    { "MatMul", rule_matmul },
    { "MatMulInteger", rule_quantized_matmul },
    { "MaxPool", first_is_rows },
    { "Normalizer", rule_features },
    { "OneHot", rule_one_hot },
    { "OneHotEncoder", first_is_rows },
    { "Pad", rule_pad },
    { "QLinearConv", first_is_rows },
    { "QLinearMatMul", rule_quantized_matmul },
    { "QuantizeLinear", rule_scaled },
    { "RMSNormalization", rule_layer_norm },
    { "RNN", rule_recurrent },
    { "ReduceL1", rule_axes_input },
    { "ReduceL2", rule_axes_input },
    { "ReduceLogSum", rule_axes_input },
    { "ReduceLogSumExp", rule_axes_input },
    { "ReduceMax", rule_axes_input },
    { "ReduceMean", rule_axes_input },
    { "ReduceMin", rule_axes_input },
    { "ReduceProd", rule_axes_input },
    { "ReduceSum", rule_axes_input },
    { "ReduceSumSquare", rule_axes_input },
    { "Reshape", rule_reshape },
    { "Resize", rule_resize },
    { "RotaryEmbedding", rule_rotary },
    { "SVMClassifier", rule_features },
    { "SVMRegressor", rule_features },
    { "Scaler", rule_features },
    { "ScatterElements", rule_all_rows },
    { "Slice", rule_slice },
    { "Softmax", rule_softmax },
    { "SpaceToDepth", first_is_rows },
    { "Split", rule_axis_0 },
    { "Squeeze", rule_axes_input },
    { "TensorScatter", all_are_rows },
    { "TopK", rule_softmax },
    { "Transpose", rule_transpose },
    { "TreeEnsemble", rule_features },
    { "TreeEnsembleClassifier", rule_features },
    { "TreeEnsembleRegressor", rule_features },
    { "Trilu", rule_matrices },
    { "Unsqueeze", rule_unsqueeze },
};

/* No name of the one is also in the other. */
static bool is_known_domain(const char *domain) {
    return domain[0] == '\0' || strcmp(domain, "ai.onnx.ml") == 0;
}

static bool keeps_rows(const RuleCall *call) {
    if (call->node->op->flags & (OP_RANDOM | OP_DATA_SHAPE) ||
        !is_known_domain(call->node->op->domain) || !has_input(call, 0))
        return false;
    if (call->node->op->flags & OP_ELEMENTWISE)
        return rule_elementwise(call);
    for (size_t i = 0; i < ARRAY_LENGTH(rules); i++)
        if (strcmp(rules[i].name, call->node->op->name) == 0)
            return rules[i].keeps_rows(call);
    return false;
}

/* What holds for the first result holds for all of them. */
static bool results_alike(const Node *node) {
    static const char *const names[] = { "Attention", "CausalConvWithState",   "GRU",
                                         "LSTM",      "LinearAttention",       "LinearClassifier",
                                         "RNN",       "SVMClassifier",         "Split",
                                         "TopK",      "TreeEnsembleClassifier" };
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(node->op->name, names[i]) == 0)
            return true;
    return false;
}

static bool counts_rows(const RowFacts *facts) {
    for (int32_t i = 0; i < facts->count; i++)
        if (facts->items[i] == ROW_ITEM_ROWS)
            return true;
    return false;
}

void row_rules_apply(const Graph *graph, const Node *node, RowFacts *facts) {
    RuleCall call = { .graph = graph, .node = node, .facts = facts };
    RowFacts result = { .kind = ROW_KIND_MIXED };
    bool is_random = node->op->flags & OP_RANDOM;
    if (row_counts_follow(graph, node, facts, &result))
        result.kind = counts_rows(&result) ? ROW_KIND_COUNT : ROW_KIND_FIXED; /* a length */
    else if (others_fixed(&call, 0) && !is_random)
        result.kind = ROW_KIND_FIXED;
    else if (keeps_rows(&call))
        result.kind = ROW_KIND_ROWS;
    /* MaxPool's second result holds indices into the whole batch, Dropout's a mask nobody asks for:
     * the first alone is known, but of some operators, whose results are all alike. */
    for (uint32_t i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE)
            facts[node->outputs[i]] = i == 0 || results_alike(node) ? result : (RowFacts){ 0 };
}
