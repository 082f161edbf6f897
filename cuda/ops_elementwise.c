/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Elementwise operators: one launch each, in whichever layout their ports share. Operands that are
 * broadcast get stride 0; neighbouring dims that all operands walk alike become one, so that most
 * launches divide once or not at all.
 *
 * Thread: whoever plans.
 */

#include "cuda/build.h"

#include "runtime/base/size.h"

#include <float.h>
#include <string.h>

/* --- one operand --- */

typedef struct UnaryRow {
    const char *name;
    UnaryOp op;
    const char *alpha, *beta; /* attributes */
    float alpha_default, beta_default;
} UnaryRow;

#define UNARY_PLAIN(name, text) { text, UNARY_##name, NULL, NULL, 0, 0 },
static const UnaryRow plain_rows[] = { UNARY_OPS(UNARY_PLAIN) };

static const UnaryRow attribute_rows[] = {
    { "Celu", UNARY_CELU, "alpha", NULL, 1, 0 },
    { "Elu", UNARY_ELU, "alpha", NULL, 1, 0 },
    { "HardSigmoid", UNARY_HARD_SIGMOID, "alpha", "beta", 0.2f, 0.5f },
    { "LeakyRelu", UNARY_LEAKY_RELU, "alpha", NULL, 0.01f, 0 },
    { "Selu", UNARY_SELU, "alpha", "gamma", 1.67326319217681884765625f,
      1.05070102214813232421875f },
    { "Shrink", UNARY_SHRINK, "bias", "lambd", 0, 0.5f },
    { "Swish", UNARY_SWISH, "alpha", NULL, 1, 0 },
    { "ThresholdedRelu", UNARY_THRESHOLDED_RELU, "alpha", NULL, 1, 0 },
};

static const struct {
    const char *name;
    WholeOp op;
} whole_rows[] = {
#define WHOLE_PLAIN(name, text) { text, WHOLE_##name },
    WHOLE_OPS(WHOLE_PLAIN)
};

static bool is_gelu_tanh(const Node *node) {
    StringView form = node_get_string(node, "approximate", "none");
    return form.length == 4 && memcmp(form.data, "tanh", 4) == 0;
}

static const void *find_unary(const Node *node, DType dtype, float *alpha, float *beta) {
    const char *name = node->op->name;
    if (strcmp(name, "Gelu") == 0 && is_gelu_tanh(node))
        return kernel_unary(UNARY_GELU_TANH, dtype);
    for (size_t i = 0; i < ARRAY_LENGTH(attribute_rows); i++) {
        const UnaryRow *row = &attribute_rows[i];
        if (strcmp(row->name, name) != 0)
            continue;
        *alpha = node_get_float(node, row->alpha, row->alpha_default);
        if (row->beta)
            *beta = node_get_float(node, row->beta, row->beta_default);
        return kernel_unary(row->op, dtype);
    }
    const void *kernel = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(plain_rows) && !kernel; i++)
        if (strcmp(plain_rows[i].name, name) == 0)
            kernel = kernel_unary(plain_rows[i].op, dtype);
    for (size_t i = 0; i < ARRAY_LENGTH(whole_rows) && !kernel; i++)
        if (strcmp(whole_rows[i].name, name) == 0)
            kernel = kernel_whole(whole_rows[i].op, dtype);
    return kernel;
}

static bool launch_unary(NodeBuild *build, const void *kernel, float alpha, float beta) {
    uint32_t count = value_count(build_output(build, 0));
    if (count == 0 || !build_layouts_agree(build, build_input(build, 0), build_output(build, 0)))
        return false;
    return BUILD_LAUNCH(build, kernel, grid_elements(count), arg_output(build, 0),
                        arg_input(build, 0), ARG(count), ARG(alpha), ARG(beta));
}

bool build_unary(NodeBuild *build) {
    float alpha = 0, beta = 0;
    const void *kernel = find_unary(build->node, build_input(build, 0)->dtype, &alpha, &beta);
    return launch_unary(build, kernel, alpha, beta);
}

static bool limit(const NodeBuild *build, uint32_t index, float *ret_limit) {
    if (!build_input(build, index))
        return true;
    const Tensor *constant = build_constant(build, index);
    if (!constant || tensor_elements(constant) != 1)
        return false;
    *ret_limit = (float)tensor_get_float(constant, 0);
    return true;
}

/* Limits that are computed, and those of whole numbers, stay on the CPU. */
bool build_clip(NodeBuild *build) {
    float low = -INFINITY, high = INFINITY;
    if (!limit(build, 1, &low) || !limit(build, 2, &high))
        return false;
    return launch_unary(build, kernel_unary(UNARY_CLIP, build_input(build, 0)->dtype), low, high);
}

bool build_cast(NodeBuild *build) {
    DType from = build_input(build, 0)->dtype, to = build_output(build, 0)->dtype;
    if (from == to)
        return build_same_bytes(build);
    return launch_unary(build, kernel_cast(from, to), 0, 0);
}

bool build_float_test(NodeBuild *build) {
    bool infinite = strcmp(build->node->op->name, "IsInf") == 0;
    float negative = (float)node_get_int(build->node, "detect_negative", 1);
    float positive = (float)node_get_int(build->node, "detect_positive", 1);
    return launch_unary(build, kernel_float_test(infinite, build_input(build, 0)->dtype), negative,
                        positive);
}

/* --- several operands --- */

enum { OPERANDS_MAX = 3 };

typedef struct Operands {
    int32_t rank;
    uint32_t dims[KERNEL_RANK]; /* of the result, as they lie */
    int32_t strides[OPERANDS_MAX][KERNEL_RANK];
    size_t count;
} Operands;

/* The operand's stride for each dim of the result; false where it lies in another layout. */
static bool operand_strides(const NodeBuild *build, const Value *operand, const Value *result,
                            int32_t *strides) {
    int32_t own[SHAPE_MAX_RANK], shift = result->shape.rank - operand->shape.rank;
    size_t count = value_count(operand);
    if (count == 0 || shift < 0)
        return false;
    bool may_differ = operand->shape.rank < 3 || count == 1;
    if (!value_is_plain(result) && value_is_plain(operand) && !may_differ) {
        /* only what looks the same in both layouts: at most one dim that is not 1 */
        int many = 0;
        for (int32_t i = 0; i < operand->shape.rank; i++)
            many += operand->shape.dims[i] > 1;
        if (many > 1)
            return false;
    } else if (build->program && value_is_plain(result) && !value_is_plain(operand)) {
        return false;
    }
    value_strides(operand, own);
    for (int32_t i = 0; i < result->shape.rank; i++)
        strides[i] = i < shift || operand->shape.dims[i - shift] == 1 ? 0 : own[i - shift];
    return true;
}

static bool joins(const Operands *all, int32_t left, int32_t right) {
    for (size_t i = 0; i < all->count; i++)
        if (all->strides[i][left] != all->strides[i][right] * (int32_t)all->dims[right])
            return false;
    return true;
}

/* Drops dims of 1 and joins what all operands walk as one. */
static void simplify(Operands *all) {
    int32_t rank = 0;
    for (int32_t i = 0; i < all->rank; i++) {
        if (all->dims[i] == 1)
            continue;
        all->dims[rank] = all->dims[i];
        for (size_t k = 0; k < all->count; k++)
            all->strides[k][rank] = all->strides[k][i];
        if (rank > 0 && joins(all, rank - 1, rank)) {
            all->dims[rank - 1] *= all->dims[rank];
            for (size_t k = 0; k < all->count; k++)
                all->strides[k][rank - 1] = all->strides[k][rank];
        } else {
            rank++;
        }
    }
    all->rank = rank;
}

static bool resolve(const NodeBuild *build, size_t count, Operands *ret_operands) {
    const Value *result = build_output(build, 0);
    if (value_count(result) == 0 || result->shape.rank > KERNEL_RANK)
        return false;
    int32_t order[SHAPE_MAX_RANK];
    value_order(result, order);
    *ret_operands = (Operands){ .rank = result->shape.rank, .count = count };
    for (size_t i = 0; i < count; i++) {
        int32_t strides[SHAPE_MAX_RANK];
        const Value *operand = build_input(build, (uint32_t)i);
        if (!operand || !operand_strides(build, operand, result, strides))
            return false;
        for (int32_t k = 0; k < result->shape.rank; k++)
            ret_operands->strides[i][k] = strides[order[k]];
    }
    for (int32_t k = 0; k < result->shape.rank; k++)
        ret_operands->dims[k] = (uint32_t)result->shape.dims[order[k]];
    simplify(ret_operands);
    return true;
}

static bool launch_two(NodeBuild *build, const void *kernel) {
    Operands all;
    if (!kernel || build->node->input_count != 2 || !resolve(build, 2, &all))
        return false;
    Walk2 walk = { .count = value_count(build_output(build, 0)), .rank = all.rank };
    memcpy(walk.dims, all.dims, sizeof walk.dims);
    memcpy(walk.a, all.strides[0], sizeof walk.a);
    memcpy(walk.b, all.strides[1], sizeof walk.b);
    return BUILD_LAUNCH(build, kernel, grid_elements(walk.count), arg_output(build, 0),
                        arg_input(build, 0), arg_input(build, 1), ARG(walk));
}

typedef struct NamedOp {
    const char *name;
    int op;
} NamedOp;

static int find_named(const NamedOp *rows, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].op;
    return -1;
}
#define FIND_NAMED(rows, name)    find_named(rows, ARRAY_LENGTH(rows), name)

#define NAMED_BINARY(name, text)  { text, BINARY_##name },
#define NAMED_BITS(name, text)    { text, BITS_##name },
#define NAMED_COMPARE(name, text) { text, COMPARE_##name },
static const NamedOp binary_rows[] = { BINARY_OPS(NAMED_BINARY) };
static const NamedOp bits_rows[] = { BITS_OPS(NAMED_BITS) };
#define NAMED_LOGIC(name, text) { text, LOGIC_##name },
static const NamedOp logic_rows[] = { LOGIC_OPS(NAMED_LOGIC) };
static const NamedOp compare_rows[] = { COMPARE_OPS(NAMED_COMPARE) };

bool build_binary(NodeBuild *build) {
    const char *name = build->node->op->name;
    DType dtype = build_output(build, 0)->dtype;
    if (build->node->input_count != 2 || !build_input(build, 1) ||
        build_input(build, 1)->dtype != dtype || build_input(build, 0)->dtype != dtype)
        return false; /* Pow may mix types */
    int op = FIND_NAMED(binary_rows, name);
    if (op >= 0)
        return launch_two(build, kernel_binary((BinaryOp)op, dtype));
    op = FIND_NAMED(bits_rows, name);
    return op >= 0 && launch_two(build, kernel_bits((BitsOp)op, dtype));
}

bool build_mod(NodeBuild *build) {
    bool like_c = node_get_int(build->node, "fmod", 0) != 0;
    return launch_two(build,
                      kernel_bits(like_c ? BITS_FMOD : BITS_MOD, build_input(build, 0)->dtype));
}

/* Max, Min, Sum and Mean of two; of one a copy; of more on the CPU. */
bool build_variadic(NodeBuild *build) {
    const char *name = build->node->op->name;
    if (build->node->input_count == 1)
        return build_same_bytes(build);
    BinaryOp op = strcmp(name, "Sum") == 0   ? BINARY_ADD
                  : strcmp(name, "Max") == 0 ? BINARY_MAX
                                             : BINARY_MIN;
    return launch_two(build, kernel_binary(op, build_output(build, 0)->dtype));
}

bool build_compare(NodeBuild *build) {
    int op = FIND_NAMED(logic_rows, build->node->op->name);
    if (op >= 0)
        return launch_two(build, kernel_logic((LogicOp)op));
    op = FIND_NAMED(compare_rows, build->node->op->name);
    return op >= 0 &&
           launch_two(build, kernel_compare((CompareOp)op, build_input(build, 0)->dtype));
}

bool build_where(NodeBuild *build) {
    Operands all;
    if (!resolve(build, 3, &all))
        return false;
    Walk3 walk = { .count = value_count(build_output(build, 0)), .rank = all.rank };
    memcpy(walk.dims, all.dims, sizeof walk.dims);
    memcpy(walk.a, all.strides[0], sizeof walk.a);
    memcpy(walk.b, all.strides[1], sizeof walk.b);
    memcpy(walk.c, all.strides[2], sizeof walk.c);
    const void *kernel = kernel_where(dtype_bytes(build_output(build, 0)->dtype));
    return BUILD_LAUNCH(build, kernel, grid_elements(walk.count), arg_output(build, 0),
                        arg_input(build, 0), arg_input(build, 1), arg_input(build, 2), ARG(walk));
}
