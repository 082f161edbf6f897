/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * MatMulInteger and QLinearMatMul by oneDNN's 8-bit products, where the machine has them without
 * saturation in between (VNNI, AMX). The right side is a constant matrix, packed once a model as
 * signed bytes; an unsigned one has its sign bit flipped and 128 taken off its zero points, which
 * comes to the same. Zero points are taken off the sums afterwards:
 *
 *     (a - za) (b - zb) = a b - za * column sums of b - zb * row sums of a + inner * za * zb
 *
 * modulo 2^32 like the operators themselves, so every result has the same bits as the plain
 * kernel's.
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX MatMulInteger 10,
 * QLinearMatMul 21.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/vector_loops.h"
#include "runtime/cpu/vector_nn.h"
#include "runtime/cpu/weights.h"

#include <stdio.h>
#include <string.h>

enum { ROWS_GRAIN = 16 };

/* Where the operators have their inputs; INDEX_LEFT_OUT: has none such. */
enum { INDEX_LEFT_OUT = UINT32_MAX };
typedef struct Ports {
    const char *op;
    uint32_t a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero;
} Ports;

static const Ports ports[] = {
    { "MatMulInteger", 0, INDEX_LEFT_OUT, 2, 1, INDEX_LEFT_OUT, 3, INDEX_LEFT_OUT, INDEX_LEFT_OUT },
    { "QLinearMatMul", 0, 1, 2, 3, 4, 5, 6, 7 },
};

typedef struct MatmulIntegerKernel {
    Kernel base;
    const Ports *ports;
    DnnlOp *op;
    size_t rows, inner, columns;
    bool a_signed, requantizes, y_signed;
    size_t b_scale_step;        /* QLinearMatMul: 1 a column, or 0 */
    int32_t *column_sums;       /* of packed b */
    int32_t *b_zeros;           /* by column; NULL: all 0 */
    size_t sums_at, factors_at; /* in scratch */
} MatmulIntegerKernel;

static void matmul_integer_free(Kernel *kernel) {
    MatmulIntegerKernel *matmul = (MatmulIntegerKernel *)kernel;
    dnnl_op_free(matmul->op);
    free(matmul->column_sums);
    free(matmul->b_zeros);
    free(matmul);
}

static void kernel_auto_free(MatmulIntegerKernel *matmul) {
    matmul_integer_free(&matmul->base);
}
DEFINE_AUTO(MatmulIntegerKernel, kernel_auto_free);

static bool is_byte(const Value *value) {
    return value && (value->dtype == DTYPE_U8 || value->dtype == DTYPE_I8) &&
           value->layout == LAYOUT_PLAIN && shape_is_known(&value->shape);
}

static bool is_one(const Value *value) {
    size_t count;
    return value && shape_is_known(&value->shape) && shape_elements(&value->shape, &count) &&
           count == 1;
}

/* One, or one a column. */
static bool is_one_or_columns(const Value *value, size_t columns) {
    return is_one(value) ||
           (value && value->shape.rank == 1 && value->shape.dims[0] == (int64_t)columns);
}

static const Value *port(const KernelBuild *build, uint32_t index) {
    return index == INDEX_LEFT_OUT ? NULL : build_input(build, index);
}

/* What the scales must be; they are read when it runs. */
static bool takes_scales(const KernelBuild *build, const Ports *at, MatmulIntegerKernel *found) {
    const Value *dst = build_output(build, 0), *b_scale = port(build, at->b_scale);
    found->requantizes = at->a_scale != INDEX_LEFT_OUT;
    if (!found->requantizes)
        return dst && dst->dtype == DTYPE_I32;
    const Value *scales[] = { port(build, at->a_scale), b_scale, port(build, at->y_scale) };
    for (size_t i = 0; i < ARRAY_LENGTH(scales); i++)
        if (!value_is_f32(scales[i]) || (scales[i] != b_scale && !is_one(scales[i])))
            return false;
    found->y_signed = dst && dst->dtype == DTYPE_I8;
    found->b_scale_step = is_one(b_scale) ? 0 : 1;
    return is_byte(dst) && is_one(port(build, at->y_zero)) &&
           is_one_or_columns(b_scale, found->columns);
}

static bool describe(const KernelBuild *build, const Ports *at, MatmulIntegerKernel *found) {
    const Value *a = port(build, at->a), *b = port(build, at->b), *dst = build_output(build, 0);
    const Value *a_zero = port(build, at->a_zero), *b_zero = port(build, at->b_zero);
    size_t elements;
    if (!is_byte(a) || !is_byte(b) || !b->constant || b->shape.rank != 2 || a->shape.rank < 2 ||
        !dst || !shape_is_known(&dst->shape) || build->node->epilogue_count > 0 ||
        (a_zero && !is_one(a_zero)) || (b_zero && !b_zero->constant))
        return false;
    found->inner = (size_t)b->shape.dims[0];
    found->columns = (size_t)b->shape.dims[1];
    if (!shape_elements(&dst->shape, &elements) || elements == 0 || found->inner == 0 ||
        (size_t)a->shape.dims[a->shape.rank - 1] != found->inner)
        return false;
    found->rows = elements / found->columns;
    found->a_signed = a->dtype == DTYPE_I8;
    return (!b_zero || is_one_or_columns(b_zero, found->columns)) && takes_scales(build, at, found);
}

static int32_t byte_at(const Tensor *tensor, size_t index) {
    return tensor->dtype == DTYPE_I8 ? ((const int8_t *)tensor->data)[index]
                                     : ((const uint8_t *)tensor->data)[index];
}

/* Of b as it is packed: an unsigned one is 128 lower, its zero points too. */
static Status sum_columns(const KernelBuild *build, MatmulIntegerKernel *matmul) {
    const Tensor *b = port(build, matmul->ports->b)->constant;
    const Value *zero = port(build, matmul->ports->b_zero);
    int32_t lower = b->dtype == DTYPE_U8 ? 128 : 0;
    matmul->column_sums = calloc(matmul->columns, sizeof(int32_t));
    matmul->b_zeros = calloc(matmul->columns, sizeof(int32_t));
    if (!matmul->column_sums || !matmul->b_zeros)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    for (size_t k = 0; k < matmul->inner; k++)
        for (size_t n = 0; n < matmul->columns; n++)
            matmul->column_sums[n] += byte_at(b, k * matmul->columns + n) - lower;
    bool any = false;
    for (size_t n = 0; n < matmul->columns; n++) {
        int32_t given =
            zero ? byte_at(zero->constant, tensor_elements(zero->constant) == 1 ? 0 : n) : 0;
        matmul->b_zeros[n] = given - lower;
        any |= given != lower;
    }
    if (!any) {
        free(matmul->b_zeros);
        matmul->b_zeros = NULL;
    }
    return status_ok();
}

typedef struct ByteFormat {
    DnnlFormat *format;
    size_t bytes; /* of the plain matrix */
    bool flips;   /* unsigned to signed */
} ByteFormat;

static Status pack_bytes(void *user, const void *plain, void *packed) {
    const ByteFormat *bytes = user;
    if (!bytes->flips)
        return dnnl_format_pack(bytes->format, plain, packed);
    AUTO(free) uint8_t *flipped = malloc(bytes->bytes);
    if (!flipped)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    for (size_t i = 0; i < bytes->bytes; i++)
        flipped[i] = ((const uint8_t *)plain)[i] ^ 0x80;
    return dnnl_format_pack(bytes->format, flipped, packed);
}

static void byte_format_free(void *user) {
    ByteFormat *bytes = user;
    dnnl_format_free(bytes->format);
    free(bytes);
}

static Status bind_weights(const KernelBuild *build, MatmulIntegerKernel *matmul) {
    const Value *b = port(build, matmul->ports->b);
    ByteFormat *bytes = malloc(sizeof *bytes);
    if (!bytes)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    *bytes = (ByteFormat){ .bytes = b->constant->bytes, .flips = b->dtype == DTYPE_U8 };
    Status status = dnnl_format_new(matmul->op, &bytes->format);
    if (!status_is_ok(&status)) {
        free(bytes);
        return status;
    }
    WeightFormat format = { .bytes = dnnl_op_weights_bytes(matmul->op),
                            .user = bytes,
                            .pack = pack_bytes,
                            .free = byte_format_free };
    char text[64];
    dnnl_op_weights_format(matmul->op, text, sizeof text);
    snprintf(format.key, sizeof format.key, "bytes:%s", text);
    const void *packed;
    TRY(packed_weights_get(b->is_lasting || !build->own_weights ? build->weights
                                                                : build->own_weights,
                           b, &format, &packed));
    return dnnl_op_bind(matmul->op, packed, NULL);
}

static Status make_op(MatmulIntegerKernel *matmul) {
    int64_t rows = (int64_t)matmul->rows, inner = (int64_t)matmul->inner,
            columns = (int64_t)matmul->columns;
    DnnlMatmulSpec spec = {
        .src = dnnl_view_plain((int64_t[]){ rows, inner }, 2),
        .weights = dnnl_view_plain((int64_t[]){ inner, columns }, 2),
        .dst = dnnl_view_plain((int64_t[]){ rows, columns }, 2),
        .pack = true,
    };
    spec.src.dtype = matmul->a_signed ? DTYPE_I8 : DTYPE_U8;
    spec.weights.dtype = DTYPE_I8;
    spec.dst.dtype = DTYPE_I32;
    return dnnl_matmul_new(&spec, &matmul->op);
}

static void lay_out_scratch(MatmulIntegerKernel *matmul) {
    size_t used = 0, sums = matmul->rows * matmul->columns * sizeof(int32_t);
    scratch_space(&used, dnnl_op_scratch_bytes(matmul->op));
    matmul->sums_at = scratch_space(&used, matmul->requantizes ? sums : 0);
    matmul->factors_at =
        scratch_space(&used, matmul->requantizes ? matmul->columns * sizeof(float) : 0);
    matmul->base.scratch_bytes = MAX_OF(used, (size_t)1);
}

static Status matmul_integer_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    const Ports *at = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(ports); i++)
        at = node_is(build->node, "", ports[i].op) ? &ports[i] : at;
    MatmulIntegerKernel found = { .ports = at };
    if (!at || !dnnl_has_int8() || !describe(build, at, &found))
        return status_ok();
    AUTO(kernel_auto_free) MatmulIntegerKernel *matmul = NULL;
    TRY(kernel_alloc(&matmul_integer_kernel_type, sizeof *matmul, &matmul));
    found.base = matmul->base;
    *matmul = found;
    Status made = make_op(matmul);
    if (made.code == STATUS_UNIMPLEMENTED)
        return status_ok();
    TRY(made);
    TRY(sum_columns(build, matmul));
    TRY(bind_weights(build, matmul));
    lay_out_scratch(matmul);
    *ret_kernel = &TAKE(matmul)->base;
    return status_ok();
}

typedef struct FinishRun {
    const MatmulIntegerKernel *matmul;
    const uint8_t *a;
    int32_t *sums;
    void *dst;            /* NULL: sums are the result */
    const float *factors; /* by column, or one */
    int32_t a_zero, y_zero;
} FinishRun;

static void finish_rows(void *user, size_t begin, size_t end) {
    const FinishRun *run = user;
    const MatmulIntegerKernel *matmul = run->matmul;
    const VectorNn *nn = vector_loops()->nn;
    for (size_t row = begin; row < end; row++) {
        int32_t *sums = run->sums + row * matmul->columns;
        if (run->a_zero != 0)
            nn->add_columns(sums, matmul->column_sums, -run->a_zero, matmul->columns);
        if (matmul->b_zeros) {
            int32_t row_sum =
                nn->sum_bytes(run->a + row * matmul->inner, matmul->a_signed, matmul->inner);
            int32_t both = (int32_t)((uint32_t)matmul->inner * (uint32_t)run->a_zero);
            nn->add_columns(sums, matmul->b_zeros, both - row_sum, matmul->columns);
        }
        if (run->dst)
            nn->requantize((uint8_t *)run->dst + row * matmul->columns, matmul->y_signed, sums,
                           run->factors, matmul->b_scale_step, run->y_zero, matmul->columns);
    }
}

/* scale_a * scale_b / scale_y, each step rounded as the plain kernel does. */
static void make_factors(const MatmulIntegerKernel *matmul, const KernelCall *call,
                         float *factors) {
    float a = *(const float *)call->src[matmul->ports->a_scale]->data;
    float y = *(const float *)call->src[matmul->ports->y_scale]->data;
    const float *b = call->src[matmul->ports->b_scale]->data;
    for (size_t n = 0; n < (matmul->b_scale_step ? matmul->columns : 1); n++) {
        float product = a * b[n];
        factors[n] = product / y;
    }
}

static Status matmul_integer_run(const Kernel *kernel, const KernelCall *call) {
    const MatmulIntegerKernel *matmul = (const MatmulIntegerKernel *)kernel;
    const Ports *at = matmul->ports;
    char *scratch;
    TRY(scratch_get(matmul->base.scratch_bytes, &scratch));
    FinishRun run = { .matmul = matmul, .a = call->src[at->a]->data, .sums = call->dst[0].data };
    if (matmul->requantizes) {
        float *factors = (float *)(void *)(scratch + matmul->factors_at);
        run.sums = (int32_t *)(void *)(scratch + matmul->sums_at);
        run.dst = call->dst[0].data;
        run.factors = factors;
        run.y_zero = byte_at(call->src[at->y_zero], 0);
        make_factors(matmul, call, factors);
    }
    if (at->a_zero < call->node->input_count && call->src[at->a_zero])
        run.a_zero = byte_at(call->src[at->a_zero], 0);
    const void *data[DNNL_SLOT_COUNT] = {
        [DNNL_SLOT_SRC] = run.a,
        [DNNL_SLOT_DST] = run.sums,
        [DNNL_SLOT_SCRATCH] = scratch,
    };
    TRY(dnnl_op_run(matmul->op, data));
    if (run.dst || run.a_zero != 0 || matmul->b_zeros)
        pool_for(call->pool, matmul->rows, ROWS_GRAIN, finish_rows, &run);
    return status_ok();
}

const KernelType matmul_integer_kernel_type = {
    .name = "dnnl_matmul_integer",
    .prepare = matmul_integer_prepare,
    .run = matmul_integer_run,
    .free = matmul_integer_free,
};
