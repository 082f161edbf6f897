/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * MatMul and Gemm in f32 by oneDNN. A constant right side is packed once a model; leading dims of
 * the left side are rows of one matrix when the right side has none of its own. A third input of
 * MatMul that no epilogue step claims is a bias of N numbers (a pass put it there). Gemm's odd
 * forms (alpha, beta, a C that is more than one row) are finished by loops of our own.
 *
 * With several threads the rows are cut into slices with the same packed weights (few rows: by
 * columns, matmul_columns.h), and a batch of
 * products of two computed sides (attention) into runs of whole matrices. A row's result
 * does not depend on how many rows there are where oneDNN 2.6.3 takes its blocked GEMM (brg:*, from
 * AVX-512 on): measured for 10 shapes at 1 to 64 rows, every bit is the same. Below (AVX2, AVX) it
 * takes gemm:jit, which sums in another order for some row counts: there rows are not sliced, and a
 * row differs in its last bits between batches (test_matmul bounds by how much).
 *
 * Thread: prepared by a loader; run by any number at once. Source: ONNX MatMul 13, Gemm 13.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/fused_steps.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/matmul_columns.h"
#include "runtime/cpu/vector_loops.h"

#include <stdatomic.h>
#include <string.h>

enum {
    SLICE_MIN_ROWS = 16,
    SLICE_MIN_FLOPS = 4 * 1000 * 1000, /* some 20 us of one core */
};

typedef struct MatmulKernel {
    Kernel base;
    DnnlOp *whole, *slice, *rest; /* slice of slice_units units, and the last, shorter one */
    MatmulColumns *by_columns;    /* NULL: not cut so */
    size_t rows, columns;
    size_t units, slice_units; /* what is cut: rows of one matrix, or matrices of a batch */
    size_t src_unit, weights_unit, dst_unit; /* floats a unit */
    bool has_bias, bias_bound;
    float alpha, beta; /* Gemm, applied by us unless both are 1 and c_input is UINT32_MAX */
    uint32_t c_input;  /* Gemm's C when it is not a bias; else UINT32_MAX */
    size_t post_count;
    uint32_t sum_input; /* UINT32_MAX: no sum */
    bool bf16;          /* rows of src are rounded into scratch, behind the operation's own */
    size_t rounded_at, columns_at;
} MatmulKernel;

/* What the node says, as matrices. */
typedef struct MatmulShape {
    DnnlView src, weights, dst;
    int64_t inner;
    bool pack, sliceable;
    bool matrices; /* sliceable: axis 0 counts matrices, not rows */
} MatmulShape;

static void matmul_free(Kernel *kernel) {
    MatmulKernel *matmul = (MatmulKernel *)kernel;
    matmul_columns_free(matmul->by_columns);
    dnnl_op_free(matmul->whole);
    dnnl_op_free(matmul->slice);
    dnnl_op_free(matmul->rest);
    free(matmul);
}

static void matmul_kernel_free(MatmulKernel *matmul) {
    matmul_free(&matmul->base);
}
DEFINE_AUTO(MatmulKernel, matmul_kernel_free);

static DnnlView matrix(int64_t rows, int64_t columns, bool transposed) {
    DnnlView view = dnnl_view_plain((int64_t[]){ rows, columns }, 2);
    if (transposed) {
        view.strides[0] = 1;
        view.strides[1] = rows;
    }
    return view;
}

/* Left-padded with ones to the given rank; both ends of the matrix are given. */
static DnnlView batched(const Shape *shape, int32_t rank, int64_t rows, int64_t columns) {
    int64_t dims[DNNL_VIEW_RANK];
    for (int32_t i = 0; i < rank; i++)
        dims[i] = 1;
    for (int32_t i = 0; i < shape->rank - 2; i++)
        dims[rank - shape->rank + i] = shape->dims[i];
    dims[rank - 2] = rows;
    dims[rank - 1] = columns;
    return dnnl_view_plain(dims, rank);
}

static bool describe_matmul(const Value *a, const Value *b, MatmulShape *ret_shape) {
    const Shape *left = &a->shape, *right = &b->shape;
    if (left->rank < 1 || right->rank < 1)
        return false;
    int64_t inner = left->dims[left->rank - 1];
    int64_t rows = left->rank == 1 ? 1 : left->dims[left->rank - 2];
    int64_t columns = right->rank == 1 ? 1 : right->dims[right->rank - 1];
    int64_t right_rows = right->rank == 1 ? right->dims[0] : right->dims[right->rank - 2];
    size_t right_matrices = right->rank <= 2 ? 1 : shape_product(right, 0, (size_t)right->rank - 2);
    if (right_rows != inner)
        return false;
    *ret_shape = (MatmulShape){ .inner = inner };
    if (right_matrices == 1) { /* every row of the left side meets the same matrix */
        if (left->rank > 1)
            rows = (int64_t)shape_product(left, 0, (size_t)left->rank - 1);
        ret_shape->src = matrix(rows, inner, false);
        ret_shape->weights = matrix(inner, columns, false);
        ret_shape->dst = matrix(rows, columns, false);
        ret_shape->pack = b->constant != NULL;
        ret_shape->sliceable = true;
        return true;
    }
    if (left->rank == right->rank &&
        memcmp(left->dims, right->dims, (size_t)(left->rank - 2) * sizeof *left->dims) == 0) {
        int64_t count = (int64_t)right_matrices; /* none is broadcast: a plain row of matrices */
        ret_shape->src = dnnl_view_plain((int64_t[]){ count, rows, inner }, 3);
        ret_shape->weights = dnnl_view_plain((int64_t[]){ count, inner, columns }, 3);
        ret_shape->dst = dnnl_view_plain((int64_t[]){ count, rows, columns }, 3);
        ret_shape->sliceable = ret_shape->matrices = b->constant == NULL;
        return true;
    }
    int32_t rank = MAX_OF(left->rank, right->rank);
    ret_shape->src = batched(left, rank, rows, inner);
    ret_shape->weights = batched(right, rank, inner, columns);
    ret_shape->dst = ret_shape->src;
    for (int32_t i = 0; i < rank - 2; i++)
        ret_shape->dst.dims[i] = MAX_OF(ret_shape->src.dims[i], ret_shape->weights.dims[i]);
    ret_shape->dst.dims[rank - 1] = columns;
    ret_shape->dst = dnnl_view_plain(ret_shape->dst.dims, rank);
    return true;
}

static bool describe_gemm(const Node *node, const Value *a, const Value *b,
                          MatmulShape *ret_shape) {
    if (a->shape.rank != 2 || b->shape.rank != 2)
        return false;
    bool trans_a = node_get_int(node, "transA", 0) != 0,
         trans_b = node_get_int(node, "transB", 0) != 0;
    int64_t rows = a->shape.dims[trans_a ? 1 : 0], inner = a->shape.dims[trans_a ? 0 : 1];
    int64_t columns = b->shape.dims[trans_b ? 0 : 1];
    if (b->shape.dims[trans_b ? 1 : 0] != inner)
        return false;
    *ret_shape = (MatmulShape){ .src = matrix(rows, inner, trans_a),
                                .weights = matrix(inner, columns, trans_b),
                                .dst = matrix(rows, columns, false),
                                .inner = inner,
                                .pack = b->constant != NULL,
                                .sliceable = !trans_a };
    return true;
}

static bool describe(const KernelBuild *build, MatmulShape *ret_shape) {
    const Value *a = build_input(build, 0), *b = build_input(build, 1),
                *dst = build_output(build, 0);
    if (!value_is_f32(a) || !value_is_f32(b) || !value_is_f32(dst) || a->layout != LAYOUT_PLAIN ||
        b->layout != LAYOUT_PLAIN || dst->layout != LAYOUT_PLAIN)
        return false;
    bool gemm = node_is(build->node, "", "Gemm");
    if (gemm ? !describe_gemm(build->node, a, b, ret_shape) : !describe_matmul(a, b, ret_shape))
        return false;
    size_t elements;
    if (!shape_elements(&dst->shape, &elements) || elements == 0 || ret_shape->inner == 0)
        return false;
    const DnnlView *view = &ret_shape->dst;
    for (int32_t i = 0; i < view->rank; i++)
        elements /= (size_t)view->dims[i];
    return elements == 1; /* the output is as large as we think */
}

/* One number a column: [N], [1,N], ... */
static bool is_bias(const Value *value, int64_t columns) {
    size_t elements;
    return value && value->shape.rank >= 1 && value->shape.dims[value->shape.rank - 1] == columns &&
           shape_elements(&value->shape, &elements) && elements == (size_t)columns;
}

/* Decides what is done with the third input. false: we cannot take it. */
static bool describe_third(const KernelBuild *build, MatmulKernel *matmul,
                           const MatmulShape *shape) {
    const Value *third = fused_steps_free_input(build, 2);
    bool gemm = node_is(build->node, "", "Gemm");
    matmul->alpha = gemm ? node_get_float(build->node, "alpha", 1) : 1;
    matmul->beta = gemm ? node_get_float(build->node, "beta", 1) : 1;
    matmul->c_input = UINT32_MAX;
    if (!third) {
        matmul->beta = 1;
        return true;
    }
    if (!value_is_f32(third) || third->layout != LAYOUT_PLAIN)
        return false;
    bool simple = matmul->alpha == 1 && matmul->beta == 1;
    matmul->has_bias = simple && is_bias(third, shape->dst.dims[shape->dst.rank - 1]);
    if (matmul->has_bias)
        return true;
    matmul->c_input = 2;
    return gemm && third->shape.rank <= 2;
}

static bool finishes_itself(const MatmulKernel *matmul) {
    return matmul->alpha != 1 || matmul->c_input != UINT32_MAX;
}

static DnnlMatmulSpec spec_of(const MatmulKernel *matmul, const MatmulShape *shape, int64_t units,
                              const DnnlPost *posts, size_t post_count) {
    DnnlMatmulSpec spec = { .src = shape->src,
                            .weights = shape->weights,
                            .dst = shape->dst,
                            .pack = shape->pack,
                            .has_bias = matmul->has_bias,
                            .posts = posts,
                            .post_count = post_count };
    spec.src.dtype = matmul->bf16 ? DTYPE_BF16 : DTYPE_F32;
    if (shape->sliceable)
        spec.src.dims[0] = spec.dst.dims[0] = units;
    if (shape->matrices)
        spec.weights.dims[0] = units;
    return spec;
}

static Status op_new(const MatmulKernel *matmul, const MatmulShape *shape, int64_t units,
                     const DnnlPost *posts, size_t post_count, DnnlOp **ret_op) {
    DnnlMatmulSpec spec = spec_of(matmul, shape, units, posts, post_count);
    return dnnl_matmul_new(&spec, ret_op);
}

static Status bind(const KernelBuild *build, MatmulKernel *matmul, DnnlOp *op) {
    const void *packed, *bias = matmul->has_bias ? value_constant(build_input(build, 2)) : NULL;
    TRY(dnnl_weights_shared(build, build_input(build, 1), op, &packed));
    matmul->base.weights_bound = packed != NULL;
    matmul->bias_bound = bias != NULL;
    return dnnl_op_bind(op, packed, bias);
}

static bool is_like(const DnnlOp *op, const DnnlOp *whole) {
    return dnnl_op_post_count(op) == dnnl_op_post_count(whole) &&
           strcmp(dnnl_op_implementation(op), dnnl_op_implementation(whole)) == 0;
}

bool matmul_keeps_bits(const DnnlOp *op) {
    return strncmp(dnnl_op_implementation(op), "brg", 3) == 0;
}

static Status make_slices(const KernelBuild *build, MatmulKernel *matmul, const MatmulShape *shape,
                          const DnnlPost *posts) {
    size_t threads = build->pool ? pool_thread_count(build->pool) : 1;
    double flops = 2.0 * (double)matmul->rows * (double)matmul->columns * (double)shape->inner;
    size_t slices =
        (size_t)MIN_OF(MIN_OF(flops / SLICE_MIN_FLOPS, (double)(threads * 4)),
                       (double)(matmul->units / (shape->matrices ? 1 : SLICE_MIN_ROWS)));
    if (threads < 2 || slices < 2 || !shape->sliceable || !matmul_keeps_bits(matmul->whole))
        return status_ok();
    /* Whole multiples of SLICE_MIN_ROWS: the library's row blocks stay full. */
    size_t units = (matmul->units + slices - 1) / slices;
    if (!shape->matrices)
        units = (units + SLICE_MIN_ROWS - 1) / SLICE_MIN_ROWS * SLICE_MIN_ROWS;
    size_t rest = matmul->units % units;
    AUTO(dnnl_op_free) DnnlOp *slice = NULL;
    AUTO(dnnl_op_free) DnnlOp *last = NULL;
    TRY(op_new(matmul, shape, (int64_t)units, posts, matmul->post_count, &slice));
    if (rest > 0)
        TRY(op_new(matmul, shape, (int64_t)rest, posts, matmul->post_count, &last));
    if (!is_like(slice, matmul->whole) || (last && !is_like(last, matmul->whole)))
        return status_ok();
    TRY(bind(build, matmul, slice));
    if (last)
        TRY(bind(build, matmul, last));
    matmul->slice_units = units;
    matmul->slice = TAKE(slice);
    matmul->rest = TAKE(last);
    return status_ok();
}

/* Few rows: cut by columns, where the weights are bound. */
static Status make_columns(const KernelBuild *build, MatmulKernel *matmul, const MatmulShape *shape,
                           const DnnlPost *posts) {
    const Value *weights = build_input(build, 1);
    if (!shape->pack || !shape->sliceable || !matmul->base.weights_bound || matmul->slice ||
        (matmul->has_bias && !matmul->bias_bound) || !matmul_keeps_bits(matmul->whole))
        return status_ok();
    DnnlMatmulSpec spec = spec_of(matmul, shape, (int64_t)matmul->units, posts, matmul->post_count);
    MatmulColumnsSource source = {
        .spec = &spec,
        .whole = matmul->whole,
        .bias = matmul->has_bias ? value_constant(build_input(build, 2)) : NULL,
        .threads = build->pool ? pool_thread_count(build->pool) : 1,
    };
    TRY(dnnl_weights_shared(build, weights, matmul->whole, &source.packed));
    return matmul_columns_new(&source, &matmul->by_columns);
}

static const Shape *no_operand(void *user, uint32_t input) {
    (void)user, (void)input; /* rows and columns are folded: a broadcast operand would not fit */
    return NULL;
}

static size_t scratch_of(const DnnlOp *op) {
    return op ? dnnl_op_scratch_bytes(op) : 0;
}

static void lay_out_scratch(MatmulKernel *matmul, const MatmulShape *shape) {
    size_t used = 0;
    scratch_space(&used, MAX_OF(MAX_OF(scratch_of(matmul->whole), scratch_of(matmul->slice)),
                                scratch_of(matmul->rest)));
    size_t rounded = matmul->rows * (size_t)shape->inner * sizeof(uint16_t);
    matmul->rounded_at = scratch_space(&used, matmul->bf16 ? rounded : 0);
    matmul->columns_at = scratch_space(
        &used, matmul->by_columns ? matmul_columns_scratch_bytes(matmul->by_columns) : 0);
    matmul->base.scratch_bytes = used;
}

static Status matmul_prepare(const KernelBuild *build, Kernel **ret_kernel) {
    *ret_kernel = NULL;
    MatmulShape shape;
    if (!(node_is(build->node, "", "MatMul") || node_is(build->node, "", "Gemm")) ||
        !describe(build, &shape))
        return status_ok();
    AUTO(matmul_kernel_free) MatmulKernel *matmul = NULL;
    TRY(kernel_alloc(&matmul_kernel_type, sizeof *matmul, &matmul));
    if (!describe_third(build, matmul, &shape))
        return status_ok();
    matmul->columns = (size_t)shape.dst.dims[shape.dst.rank - 1];
    matmul->rows = shape_product(&build_output(build, 0)->shape, 0,
                                 (size_t)build_output(build, 0)->shape.rank) /
                   matmul->columns;
    size_t dst_rows = shape.matrices ? (size_t)shape.dst.dims[1] : 1;
    matmul->units = matmul->rows / dst_rows;
    matmul->src_unit = dst_rows * (size_t)shape.inner;
    matmul->dst_unit = dst_rows * matmul->columns;
    matmul->bf16 = build->precision == PRECISION_BF16 && shape.pack && shape.sliceable;
    matmul->weights_unit = shape.matrices ? (size_t)shape.inner * matmul->columns : 0;

    DnnlPost posts[EPILOGUE_MAX];
    size_t offered = finishes_itself(matmul)
                         ? 0
                         : fused_steps_posts(build->node, &build_output(build, 0)->shape,
                                             no_operand, NULL, posts);
    Status made = op_new(matmul, &shape, (int64_t)matmul->units, posts, offered, &matmul->whole);
    if (made.code == STATUS_UNIMPLEMENTED)
        return status_ok();
    TRY(made);
    matmul->post_count = dnnl_op_post_count(matmul->whole);
    matmul->sum_input = (uint32_t)fused_steps_sum_input(build->node, matmul->post_count);
    matmul->base.in_place_input = matmul->sum_input;
    TRY(bind(build, matmul, matmul->whole));
    TRY(make_slices(build, matmul, &shape, posts));
    TRY(make_columns(build, matmul, &shape, posts));
    lay_out_scratch(matmul, &shape);
    *ret_kernel = &TAKE(matmul)->base;
    return status_ok();
}

typedef struct MatmulRun {
    const MatmulKernel *matmul;
    const KernelCall *call;
    _Atomic int failed; /* StatusCode of a slice that did not run; any one of them */
} MatmulRun;

/* Units from `unit` on as the operation wants them. */
static const void *source_of(const MatmulKernel *matmul, const KernelCall *call, size_t unit,
                             size_t units, char *scratch) {
    const float *src = (const float *)call->src[0]->data + unit * matmul->src_unit;
    if (!matmul->bf16)
        return src;
    uint16_t *rounded = (uint16_t *)(void *)(scratch + matmul->rounded_at);
    vector_loops()->to_bf16(rounded, src, units * matmul->src_unit);
    return rounded;
}

/* @units  how many from unit on the operation takes */
static Status run_op(const MatmulKernel *matmul, const KernelCall *call, const DnnlOp *op,
                     size_t unit, size_t units) {
    char *scratch;
    TRY(scratch_get(MAX_OF(matmul->base.scratch_bytes, 1), &scratch));
    const void *data[DNNL_SLOT_COUNT] = {
        [DNNL_SLOT_SRC] = source_of(matmul, call, unit, units, scratch),
        [DNNL_SLOT_WEIGHTS] = (const float *)call->src[1]->data + unit * matmul->weights_unit,
        [DNNL_SLOT_BIAS] = matmul->has_bias ? call->src[2]->data : NULL,
        [DNNL_SLOT_DST] = (float *)call->dst[0].data + unit * matmul->dst_unit,
        [DNNL_SLOT_SCRATCH] = scratch,
    };
    return dnnl_op_run(op, data);
}

static void run_slices(void *user, size_t begin, size_t end) {
    MatmulRun *run = user;
    for (size_t i = begin; i < end; i++) {
        size_t unit = i * run->matmul->slice_units;
        size_t units = MIN_OF(run->matmul->slice_units, run->matmul->units - unit);
        bool full = units == run->matmul->slice_units;
        Status status = run_op(run->matmul, run->call,
                               full ? run->matmul->slice : run->matmul->rest, unit, units);
        if (!status_is_ok(&status))
            atomic_store(&run->failed, (int)status.code);
    }
}

static Status run_columns(const MatmulKernel *matmul, const KernelCall *call) {
    char *scratch;
    TRY(scratch_get(matmul->base.scratch_bytes, &scratch));
    MatmulColumnsRun run = { .src = source_of(matmul, call, 0, matmul->units, scratch),
                             .dst = call->dst[0].data,
                             .has_sum = matmul->sum_input != UINT32_MAX,
                             .scratch_offset = matmul->columns_at };
    return matmul_columns_run(matmul->by_columns, call->pool, &run);
}

static Status run_product(const MatmulKernel *matmul, const KernelCall *call) {
    if (matmul->by_columns && pool_helper_count(call->pool) > 0)
        return run_columns(matmul, call);
    if (!matmul->slice || pool_helper_count(call->pool) == 0)
        return run_op(matmul, call, matmul->whole, 0, matmul->units);
    MatmulRun run = { .matmul = matmul, .call = call };
    pool_for(call->pool, (matmul->units + matmul->slice_units - 1) / matmul->slice_units, 1,
             run_slices, &run);
    int failed = atomic_load(&run.failed);
    return failed == STATUS_OK ? status_ok()
                               : status_error((StatusCode)failed, "a slice of the product failed");
}

/* Y = alpha * Y + beta * C, C broadcast to [M,N]. */
static void finish_gemm(const MatmulKernel *matmul, const KernelCall *call) {
    const VectorLoops *loops = vector_loops();
    const Tensor *c = matmul->c_input == UINT32_MAX ? NULL : call->src[matmul->c_input];
    int32_t rank = c ? c->shape.rank : 0;
    size_t c_rows = rank == 2 ? (size_t)c->shape.dims[0] : 1;
    size_t c_columns = rank >= 1 ? (size_t)c->shape.dims[rank - 1] : 1;
    for (size_t row = 0; row < matmul->rows; row++) {
        float *dst = (float *)call->dst[0].data + row * matmul->columns;
        if (matmul->alpha != 1)
            loops->unary[UNARY_LINEAR](dst, dst, matmul->columns, matmul->alpha, 0);
        if (!c)
            continue;
        const float *from = (const float *)c->data + (c_rows == 1 ? 0 : row * c_columns);
        for (size_t i = 0; i < matmul->columns; i++)
            dst[i] += matmul->beta * from[c_columns == 1 ? 0 : i];
    }
}

static Status matmul_run(const Kernel *kernel, const KernelCall *call) {
    const MatmulKernel *matmul = (const MatmulKernel *)kernel;
    Tensor *dst = &call->dst[0];
    if (matmul->sum_input != UINT32_MAX && call->src[matmul->sum_input]->data != dst->data)
        memcpy(dst->data, call->src[matmul->sum_input]->data, dst->bytes);
    TRY(run_product(matmul, call));
    if (finishes_itself(matmul))
        finish_gemm(matmul, call);
    fused_steps_run(call, matmul->post_count);
    return status_ok();
}

const KernelType matmul_kernel_type = {
    .name = "dnnl_matmul",
    .prepare = matmul_prepare,
    .run = matmul_run,
    .free = matmul_free,
};
