/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Products of com.microsoft that one recipe cannot say: an attribute names the activation behind
 * them (FusedConv, FusedGemm), ranks decide how to transpose (FusedMatMul), or weights are bits in
 * bytes (MatMulNBits), which become a constant of 2-, 4- or 8-bit elements over the same memory.
 */

#include "runtime/onnx/contrib.h"

#include "runtime/base/size.h"

#include <string.h>

static const struct {
    const char *name, *body; /* p: the product; parameters are called alpha and beta by then */
} activations[] = {
    { "", "y = Identity(p)" },
    { "Clip", "y = Clip(p low high)" },
    { "HardSigmoid", "y = HardSigmoid(p) {alpha=$alpha:0.2 beta=$beta:0.5}" },
    { "LeakyRelu", "y = LeakyRelu(p) {alpha=$alpha:0.01}" },
    { "Relu", "y = Relu(p)" },
    { "Sigmoid", "y = Sigmoid(p)" },
    { "Tanh", "y = Tanh(p)" },
};

typedef struct Activation {
    StringView name;
    float alpha, beta;
    bool has_alpha, has_beta;
} Activation;

static bool text_is(StringView text, const char *name) {
    return strlen(name) == text.length && memcmp(name, text.data, text.length) == 0;
}

static StringView get_string(const NodeDraft *draft, const char *name) {
    const Attribute *found = draft_find(draft, name);
    return found && found->kind == ATTRIBUTE_STRING ? found->s : (StringView){ "", 0 };
}

static bool get_float(const NodeDraft *draft, const char *name, float *value) {
    const Attribute *found = draft_find(draft, name);
    if (!found || found->kind != ATTRIBUTE_FLOAT)
        return false;
    *value = found->f;
    return true;
}

/* The draft becomes the activation of `product`. */
static Status activate(ImportContext *context, NodeDraft *draft, ValueId product,
                       const Activation *activation) {
    const char *body = NULL;
    Attribute parameters[2];
    ValueId inputs[3] = { product, VALUE_NONE, VALUE_NONE };
    NodeDraft node = { .name = draft->name, .opset = draft->opset, .outputs = draft->outputs };
    for (size_t i = 0; i < ARRAY_LENGTH(activations); i++)
        if (text_is(activation->name, activations[i].name))
            body = activations[i].body;
    if (!body)
        return status_error(STATUS_UNIMPLEMENTED, "activation '%.*s' is not supported",
                            (int)MIN_OF(activation->name.length, (size_t)40),
                            activation->name.data);
    node.inputs = inputs;
    node.input_count = 1;
    node.output_count = draft->output_count;
    node.attributes = parameters;
    if (activation->has_alpha)
        parameters[node.attribute_count++] =
            (Attribute){ .name = "alpha", .kind = ATTRIBUTE_FLOAT, .f = activation->alpha };
    if (activation->has_beta)
        parameters[node.attribute_count++] =
            (Attribute){ .name = "beta", .kind = ATTRIBUTE_FLOAT, .f = activation->beta };
    if (text_is(activation->name, "Clip")) {
        TRY(upgrade_scalar_like(context, &node, activation->alpha, &inputs[1]));
        TRY(upgrade_scalar_like(context, &node, activation->beta, &inputs[2]));
        node.input_count = 3;
    }
    TRY(recipe_expand(context, &node, &(Recipe){ "p low? high?", "y", body }));
    *draft = node;
    return status_ok();
}

/* The node as the file has it, under a standard name and with a result of its own. */
static Status emit_product(ImportContext *context, const NodeDraft *draft, const char *op,
                           uint32_t input_count, ValueId *ret_value) {
    NodeDraft node = *draft;
    TRY(upgrade_value(context, ret_value));
    node.op = op;
    node.domain = "";
    node.input_count = MIN_OF(draft->input_count, input_count);
    node.outputs = ret_value;
    node.output_count = 1;
    return draft_add(context, &node);
}

Status contrib_fused_gemm(ImportContext *context, NodeDraft *draft) {
    Activation activation = { .name = get_string(draft, "activation") };
    ValueId product;
    activation.has_alpha = get_float(draft, "activation_alpha", &activation.alpha);
    activation.has_beta = get_float(draft, "activation_beta", &activation.beta);
    draft_drop(draft, "activation");
    draft_drop(draft, "activation_alpha");
    draft_drop(draft, "activation_beta");
    draft_drop(draft, "activation_gamma");
    TRY(emit_product(context, draft, "Gemm", 3, &product));
    return activate(context, draft, product, &activation);
}

Status contrib_fused_conv(ImportContext *context, NodeDraft *draft) {
    const Attribute *parameters = draft_find(draft, "activation_params");
    Activation activation = { .name = get_string(draft, "activation") };
    ValueId product, residual = draft_has_input(draft, 3) ? draft->inputs[3] : VALUE_NONE;
    if (parameters && parameters->kind == ATTRIBUTE_FLOATS) {
        activation.has_alpha = parameters->count > 0;
        activation.has_beta = parameters->count > 1;
        activation.alpha = activation.has_alpha ? parameters->floats[0] : 0.0f;
        activation.beta = activation.has_beta ? parameters->floats[1] : 0.0f;
    }
    if (text_is(activation.name, "Clip") && !activation.has_beta)
        return status_error(STATUS_INVALID_ARGUMENT, "activation_params: expected min and max");
    draft_drop(draft, "activation");
    draft_drop(draft, "activation_params");
    TRY(emit_product(context, draft, "Conv", 3, &product));
    if (residual != VALUE_NONE)
        TRY(upgrade_emit(context, draft, "Add", (ValueId[]){ product, residual }, 2, NULL,
                         &product));
    return activate(context, draft, product, &activation);
}

/* @of_batch  the first dim goes before the last one; @of_matrix  the last two change places */
static Status transpose_operand(ImportContext *context, const NodeDraft *draft, uint32_t index,
                                bool of_batch, bool of_matrix, ValueId *ret_value) {
    ValueId operand = draft->inputs[index];
    int32_t rank = graph_value_const(context->graph, operand)->shape.rank;
    *ret_value = operand;
    if ((!of_batch && !of_matrix) || rank == 0 || rank == 1)
        return status_ok();
    if (rank == SHAPE_UNRANKED)
        return status_error(STATUS_UNIMPLEMENTED, "transposes input %u, whose rank is not known",
                            index);
    int64_t *order = arena_calloc(context->arena, (size_t)rank, sizeof *order);
    if (!order)
        return arena_exhausted(context->arena);
    for (int32_t i = 0; i < rank; i++)
        order[i] = of_batch && i < rank - 1 ? (i + 1) % (rank - 1) : i;
    if (of_matrix) {
        int64_t last = order[rank - 1];
        order[rank - 1] = order[rank - 2];
        order[rank - 2] = last;
    }
    Attribute perm = {
        .name = "perm", .kind = ATTRIBUTE_INTS, .count = (size_t)rank, .ints = order
    };
    return upgrade_emit(context, draft, "Transpose", &operand, 1, &perm, ret_value);
}

Status contrib_fused_matmul(ImportContext *context, NodeDraft *draft) {
    static const char *const batch[] = { "transBatchA", "transBatchB" };
    static const char *const matrix[] = { "transA", "transB" };
    ValueId operands[2];
    float alpha = 1.0f;
    (void)get_float(draft, "alpha", &alpha);
    for (uint32_t i = 0; i < 2; i++)
        TRY(transpose_operand(context, draft, i, draft_get_int(draft, batch[i], 0) != 0,
                              draft_get_int(draft, matrix[i], 0) != 0, &operands[i]));
    if (alpha != 1.0f) {
        ValueId product;
        TRY(upgrade_emit(context, draft, "MatMul", operands, 2, NULL, &product));
        TRY(upgrade_scalar_like(context, draft, alpha, &operands[1]));
        operands[0] = product;
    }
    draft->op = alpha != 1.0f ? "Mul" : "MatMul";
    draft->domain = "";
    memcpy(draft->inputs, operands, sizeof operands);
    draft->attribute_count = 0;
    return status_ok();
}

/* What MatMulNBits says of its weights: [n, blocks * block] elements of `bits` bits. */
typedef struct PackedWeights {
    int64_t n, k, block, blocks;
    DType dtype;
} PackedWeights;

static Status read_packing(const NodeDraft *draft, PackedWeights *ret_packing) {
    static const struct {
        int64_t bits;
        DType dtype;
    } types[] = { { 2, DTYPE_U2 }, { 4, DTYPE_U4 }, { 8, DTYPE_U8 } };
    int64_t bits = draft_get_int(draft, "bits", 4);
    PackedWeights packing = { .n = draft_get_int(draft, "N", 0),
                              .k = draft_get_int(draft, "K", 0),
                              .block = draft_get_int(draft, "block_size", 0) };
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
        if (types[i].bits == bits)
            packing.dtype = types[i].dtype;
    if (packing.dtype == DTYPE_INVALID)
        return status_error(STATUS_UNIMPLEMENTED, "weights of %lld bits are not supported",
                            (long long)bits);
    bool fits = packing.n > 0 && packing.k > 0 && packing.block >= 8 &&
                packing.block <= INT32_MAX && packing.block % 8 == 0 && packing.k <= INT32_MAX &&
                packing.n <= INT32_MAX;
    if (!fits)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "N, K and block_size: expected positive numbers and blocks of a "
                            "multiple of 8, got %lld, %lld, %lld",
                            (long long)packing.n, (long long)packing.k, (long long)packing.block);
    packing.blocks = (packing.k + packing.block - 1) / packing.block;
    *ret_packing = packing;
    return status_ok();
}

/* Bytes of a u8 constant as [n, columns] of the packed type: rows that end inside a byte have more
 * columns. */
static Status unpack_constant(ImportContext *context, ValueId source, const PackedWeights *packing,
                              int64_t columns, ValueId *ret_value) {
    const Value *value = graph_value_const(context->graph, source);
    const Tensor *bytes = value->constant;
    Tensor packed = { .dtype = packing->dtype };
    int64_t in_byte = 8 / (int64_t)dtype_info(packing->dtype)->bits;
    size_t size;
    packed.shape = SHAPE(packing->n, (columns + in_byte - 1) / in_byte * in_byte);
    if (!bytes)
        return status_error(STATUS_UNIMPLEMENTED, "weights that are no constant");
    if (bytes->dtype != DTYPE_U8 || !shape_bytes(&packed.shape, packed.dtype, &size) ||
        size != tensor_elements(bytes))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "packed weights: expected %lld rows of %lld elements of %s, got %s "
                            "of shape %s",
                            (long long)packing->n, (long long)columns, dtype_name(packing->dtype),
                            dtype_name(bytes->dtype), SHAPE_TEXT(&bytes->shape));
    packed.data = bytes->data;
    return graph_add_constant(context->graph, NULL, &packed, ret_value);
}

/* Where none are given, weights are symmetric around the middle. */
static Status zero_points(ImportContext *context, const NodeDraft *draft,
                          const PackedWeights *packing, ValueId *ret_value) {
    static const uint8_t middles[] = { [2] = 0xaa, [4] = 0x88, [8] = 0x80 };
    if (draft_has_input(draft, 3))
        return unpack_constant(context, draft->inputs[3], packing, packing->blocks, ret_value);
    int64_t in_byte = 8 / (int64_t)dtype_info(packing->dtype)->bits;
    Shape shape = SHAPE(packing->n, (packing->blocks + in_byte - 1) / in_byte * in_byte);
    Tensor *tensor;
    size_t bytes;
    if (!shape_bytes(&shape, packing->dtype, &bytes))
        return status_error(STATUS_INVALID_ARGUMENT, "zero points are too large to address");
    TRY(import_charge_constant(context, bytes));
    TRY(graph_add_constant_new(context->graph, packing->dtype, &shape, ret_value, &tensor));
    memset(tensor->data, middles[dtype_info(packing->dtype)->bits], bytes);
    return status_ok();
}

Status contrib_matmul_nbits(ImportContext *context, NodeDraft *draft) {
    static const Recipe recipe = {
        "a w s z grid columns ends bias?", "y",
        "t = Reshape(s grid); u = Slice(z #0 columns #1); "
        "d = DequantizeLinear(w t u) {axis=1 block_size=$block_size}; e = Slice(d #0 ends #1); "
        "f = Transpose(e) {perm=[1,0]}; p = MatMul(a f); y = Add?(p bias)"
    };
    PackedWeights packing;
    ValueId inputs[8] = { draft->inputs[0], VALUE_NONE, draft->inputs[2] };
    if (draft_has_input(draft, 4))
        return status_error(STATUS_UNIMPLEMENTED, "an order of groups (g_idx) is not supported");
    TRY(read_packing(draft, &packing));
    TRY(unpack_constant(context, draft->inputs[1], &packing, packing.blocks * packing.block,
                        &inputs[1]));
    TRY(zero_points(context, draft, &packing, &inputs[3]));
    TRY(upgrade_ints(context, (int64_t[]){ packing.n, packing.blocks }, 2, &inputs[4]));
    TRY(upgrade_ints(context, &packing.blocks, 1, &inputs[5]));
    TRY(upgrade_ints(context, &packing.k, 1, &inputs[6]));
    inputs[7] = draft_has_input(draft, 5) ? draft->inputs[5] : VALUE_NONE;
    draft->inputs = inputs;
    draft->input_count = 8;
    return recipe_expand(context, draft, &recipe);
}
