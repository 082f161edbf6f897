/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Matrix products: every row of the result is a sum of rows of the right operand, each times one
 * element of the left. Integers wrap; half precision is computed in float.
 *
 * Source: ONNX Gemm 13, MatMul 13 (numpy.matmul).
 */

#include "runtime/cpu/reference/axpy.h"
#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/quantize.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/reference_util.h"

#include <string.h>

/* dst[rows,columns] = left[rows,inner] * right[inner,columns]; strides in elements. */
typedef struct Product {
    AxpyFn axpy;
    size_t bytes; /* of an element */
    int64_t rows, inner, columns;
    int64_t left_row, left_inner, right_inner, right_column;
} Product;

static void product_run(const Product *product, char *dst, const char *left, const char *right) {
    int64_t bytes = (int64_t)product->bytes;
    memset(dst, 0, (size_t)(product->rows * product->columns * bytes));
    for (int64_t i = 0; i < product->rows; i++)
        for (int64_t k = 0; k < product->inner; k++)
            product->axpy(dst + i * product->columns * bytes,
                          left + (i * product->left_row + k * product->left_inner) * bytes,
                          right + k * product->right_inner * bytes, product->right_column,
                          (size_t)product->columns);
}

static Status product_types(const KernelCall *call, const Tensor *left, const Tensor *right,
                            const Tensor *dst, Product *product) {
    TRY(call_check_dtype(call, left->dtype, right));
    TRY(call_check_dtype(call, left->dtype, dst));
    product->axpy = axpy_find(left->dtype);
    product->bytes = dtype_bytes(left->dtype);
    return product->axpy ? status_ok() : call_lacks_dtype(call, left->dtype);
}

/* The dims before the last two. */
static Tensor batch_of(const Tensor *tensor) {
    Tensor batch = *tensor;
    batch.shape.rank = MAX_OF(tensor->shape.rank - 2, 0);
    return batch;
}

/* Fills rows, inner, columns and the shape that the result must have, given its batch dims. */
static Status matmul_dims(const KernelCall *call, const Shape *left, const Shape *right,
                          Product *product, Shape *ret_shape) {
    if (left->rank < 1 || right->rank < 1)
        return call_invalid(call, "operands must not be scalars");
    product->rows = left->rank > 1 ? left->dims[left->rank - 2] : 1;
    product->inner = left->dims[left->rank - 1];
    product->columns = right->rank > 1 ? right->dims[right->rank - 1] : 1;
    if (product->inner != right->dims[MAX_OF(right->rank - 2, 0)])
        return call_invalid(call, "inner dims differ: %s and %s", SHAPE_TEXT(left),
                            SHAPE_TEXT(right));
    product->left_row = product->inner;
    product->left_inner = product->right_column = 1;
    product->right_inner = product->columns;
    Shape a = *left, b = *right;
    a.rank = MAX_OF(left->rank - 2, 0);
    b.rank = MAX_OF(right->rank - 2, 0);
    TRY(shape_broadcast(&a, &b, ret_shape));
    if (left->rank > 1)
        ret_shape->dims[ret_shape->rank++] = product->rows;
    if (right->rank > 1)
        ret_shape->dims[ret_shape->rank++] = product->columns;
    return status_ok();
}

Status matmul_plain(const KernelCall *call, const Tensor *left, const Tensor *right, Tensor *dst) {
    Product product;
    Shape expected;
    Broadcast walk;
    TRY(product_types(call, left, right, dst, &product));
    TRY(matmul_dims(call, &left->shape, &right->shape, &product, &expected));
    TRY(call_check_shape(call, &expected, dst));
    if (tensor_elements(dst) == 0)
        return status_ok();

    Tensor left_batch = batch_of(left), right_batch = batch_of(right);
    Shape batch = expected;
    batch.rank -= (left->shape.rank > 1) + (right->shape.rank > 1);
    TRY(broadcast_init(&walk, call, (const Tensor *const[]){ &left_batch, &right_batch }, 2,
                       &batch));
    size_t left_bytes = (size_t)(product.rows * product.inner) * product.bytes;
    size_t right_bytes = (size_t)(product.inner * product.columns) * product.bytes;
    size_t dst_bytes = (size_t)(product.rows * product.columns) * product.bytes;
    while (broadcast_next(&walk))
        for (size_t i = 0; i < walk.row_count; i++)
            product_run(&product, (char *)dst->data + (walk.dst + i) * dst_bytes,
                        (const char *)left->data + (walk.src[0] + i * walk.step[0]) * left_bytes,
                        (const char *)right->data + (walk.src[1] + i * walk.step[1]) * right_bytes);
    return status_ok();
}

static Status matmul(const KernelCall *call) {
    const Tensor *left, *right;
    Tensor *dst;
    TRY(call_get_first(call, &left, &dst));
    TRY(call_get_src(call, 1, &right));
    return matmul_plain(call, left, right, dst);
}

Status reference_matmul(const KernelCall *call) {
    return run_widened(call, matmul);
}

/* dst = alpha * dst + beta * c, in rows; c may be NULL. */
typedef struct GemmRow {
    void *dst;
    const void *alpha, *beta, *c;
    size_t step, count;
} GemmRow;

#define GEMM_ROW(S, T, W)                                                                          \
    static void gemm_row_##S(const GemmRow *row) {                                                 \
        const W alpha = (W) * (const T *)row->alpha, beta = (W) * (const T *)row->beta;            \
        T *to = row->dst;                                                                          \
        const T *c = row->c;                                                                       \
        for (size_t i = 0; i < row->count; i++)                                                    \
            to[i] = (T)(alpha * (W)to[i] + (c ? beta * (W)c[i * row->step] : 0));                  \
    }
GEMM_ROW(F32, float, float)
GEMM_ROW(F64, double, double)
GEMM_ROW(I32, int32_t, uint32_t)
GEMM_ROW(U32, uint32_t, uint32_t)
GEMM_ROW(I64, int64_t, uint64_t)
GEMM_ROW(U64, uint64_t, uint64_t)

static void (*const GEMM_ROWS[DTYPE_COUNT])(const GemmRow *row) = {
    [DTYPE_F32] = gemm_row_F32, [DTYPE_F64] = gemm_row_F64, [DTYPE_I32] = gemm_row_I32,
    [DTYPE_U32] = gemm_row_U32, [DTYPE_I64] = gemm_row_I64, [DTYPE_U64] = gemm_row_U64,
};

static Status gemm_finish(const KernelCall *call, const Tensor *c, Tensor *dst) {
    uint64_t alpha_code = 0, beta_code = 0; /* one element of dst's type each */
    double alpha = (double)node_get_float(call->node, "alpha", 1.0f);
    double beta = (double)node_get_float(call->node, "beta", 1.0f);
    Broadcast walk;
    if (c)
        TRY(call_check_dtype(call, dst->dtype, c));
    element_io_find(dst->dtype)->store_f64(&alpha_code, 0, 1, &alpha);
    element_io_find(dst->dtype)->store_f64(&beta_code, 0, 1, &beta);
    TRY(broadcast_init(&walk, call, &c, 1, &dst->shape));
    size_t bytes = dtype_bytes(dst->dtype);
    while (broadcast_next(&walk))
        GEMM_ROWS[dst->dtype](
            &(GemmRow){ .dst = (char *)dst->data + walk.dst * bytes,
                        .alpha = &alpha_code,
                        .beta = &beta_code,
                        .c = c ? (const char *)c->data + walk.src[0] * bytes : NULL,
                        .step = walk.step[0],
                        .count = walk.row_count });
    return status_ok();
}

static Status gemm(const KernelCall *call) {
    const Tensor *left, *right;
    Tensor *dst;
    Product product;
    bool left_turned = node_get_int(call->node, "transA", 0) != 0;
    bool right_turned = node_get_int(call->node, "transB", 0) != 0;
    TRY(call_get_first(call, &left, &dst));
    TRY(call_get_src(call, 1, &right));
    TRY(product_types(call, left, right, dst, &product));
    const int64_t *a = left->shape.dims, *b = right->shape.dims;
    if (left->shape.rank != 2 || right->shape.rank != 2 || a[!left_turned] != b[right_turned])
        return call_invalid(call, "no product of %s and %s", SHAPE_TEXT(&left->shape),
                            SHAPE_TEXT(&right->shape));
    product.rows = a[left_turned];
    product.inner = a[!left_turned];
    product.columns = b[!right_turned];
    product.left_row = left_turned ? 1 : a[1];
    product.left_inner = left_turned ? a[1] : 1;
    product.right_inner = right_turned ? 1 : b[1];
    product.right_column = right_turned ? b[1] : 1;
    TRY(call_check_shape(call, &SHAPE(product.rows, product.columns), dst));
    if (tensor_elements(dst) == 0)
        return status_ok();
    product_run(&product, dst->data, left->data, right->data);
    return gemm_finish(call, call_find_src(call, 2), dst);
}

Status reference_gemm(const KernelCall *call) {
    return run_widened(call, gemm);
}
