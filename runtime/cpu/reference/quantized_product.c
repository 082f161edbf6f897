/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Convolutions and matrix products of quantised tensors: operands are widened to int32 (8-bit
 * floats to float) with their zero points taken off, which makes padding zero too, the plain
 * product sums them, and what is to be quantised again is scaled by scale_a * scale_b / scale_y,
 * made in the type of the scales.
 *
 * Scales and zero points are one element, or as many as rows of the left operand, columns of the
 * right one, or channels of the weights: each is viewed in a shape that broadcasts over its operand
 * and over the result.
 *
 * Thread: any that runs kernels. Source: ONNX ConvInteger 10, QLinearConv 10, MatMulInteger 10,
 * QLinearMatMul 21.
 */

#include "runtime/cpu/reference/quantize.h"
#include "runtime/cpu/reference/reference_kernels.h"

typedef enum Along { ALONG_NONE, ALONG_ROWS, ALONG_COLUMNS, ALONG_CHANNELS } Along;

typedef struct Product {
    const Tensor *left, *right;
    Tensor wide_left, wide_right, sum; /* in scratch; sum only where the result is quantised */
} Product;

/* The tensor in a shape that broadcasts over results or operands. */
static Tensor view_along(const Tensor *tensor, Along along, int32_t rank) {
    Tensor view = *tensor;
    if (tensor_elements(tensor) == 1) {
        view.shape = SHAPE_SCALAR;
    } else if (tensor->shape.rank == 1 && along == ALONG_ROWS) {
        view.shape = SHAPE(tensor->shape.dims[0], 1);
    } else if (tensor->shape.rank == 1 && along == ALONG_CHANNELS) {
        view.shape.rank = rank;
        for (int32_t d = 1; d < rank; d++)
            view.shape.dims[d] = 1;
    }
    return view;
}

/* wide = x - zero */
static Status widen(const KernelCall *call, const Tensor *x, const Tensor *zero, Along along,
                    Tensor *wide) {
    double values[ELEMENT_CHUNK], zeros[ELEMENT_CHUNK] = { 0 };
    Tensor view = zero ? view_along(zero, along, x->shape.rank) : *x;
    Broadcast walk;
    TRY(broadcast_init(&walk, call, (const Tensor *const[]){ x, zero ? &view : NULL }, 2,
                       &x->shape));
    const ElementIo *load = element_io_find(x->dtype), *store = element_io_find(wide->dtype);
    while (broadcast_next(&walk))
        for (size_t at = 0; at < walk.row_count; at += ELEMENT_CHUNK) {
            size_t count = MIN_OF((size_t)ELEMENT_CHUNK, walk.row_count - at);
            load->load_f64(x->data, walk.src[0] + at * walk.step[0], (int64_t)walk.step[0], count,
                           values);
            if (zero)
                element_io_find(zero->dtype)
                    ->load_f64(zero->data, walk.src[1] + at * walk.step[1], (int64_t)walk.step[1],
                               count, zeros);
            for (size_t i = 0; i < count; i++)
                values[i] -= zeros[i];
            store->store_f64(wide->data, walk.dst + at, count, values);
        }
    return status_ok();
}

static Status check_operand(const KernelCall *call, const Tensor *x, const Tensor *zero) {
    if (dtype_bytes(x->dtype) != 1 || !quantize_is_target(x->dtype))
        return call_lacks_dtype(call, x->dtype);
    return zero ? call_check_dtype(call, x->dtype, zero) : status_ok();
}

static bool add_wide(Tensor *wide, const Tensor *like, DType dtype, size_t *total) {
    *wide = (Tensor){ .dtype = dtype, .shape = like->shape };
    size_t bytes;
    return size_mul(tensor_elements(like), dtype_bytes(dtype), &wide->bytes) &&
           size_align(wide->bytes, TENSOR_ALIGNMENT, &bytes) && size_add(*total, bytes, total);
}

/* Memory for the operands, and for the sums when like_sum is given. */
static Status product_scratch(const KernelCall *call, Product *product, const Tensor *like_sum) {
    DType dtype = dtype_info(product->left->dtype)->is_float ? DTYPE_F32 : DTYPE_I32;
    size_t total = 0, bytes;
    char *memory;
    if (dtype_info(product->right->dtype)->is_float != (dtype == DTYPE_F32))
        return call_lacks_dtype(call, product->right->dtype);
    if (!add_wide(&product->wide_left, product->left, dtype, &total) ||
        !add_wide(&product->wide_right, product->right, dtype, &total) ||
        (like_sum && !add_wide(&product->sum, like_sum, dtype, &total)))
        return call_invalid(call, "size of the operands overflows");
    TRY(call_get_scratch(call, total, (void **)&memory));
    Tensor *parts[] = { &product->wide_left, &product->wide_right, &product->sum };
    for (size_t i = 0; i < (like_sum ? 3 : 2); i++) {
        parts[i]->data = memory;
        (void)size_align(parts[i]->bytes, TENSOR_ALIGNMENT, &bytes); /* has fitted above */
        memory += bytes;
    }
    return status_ok();
}

static Status integer_operands(const KernelCall *call, Along left, Along right, Product *product,
                               Tensor **ret_dst) {
    const Tensor *left_zero = call_find_src(call, 2), *right_zero = call_find_src(call, 3);
    TRY(call_get_first(call, &product->left, ret_dst));
    TRY(call_get_src(call, 1, &product->right));
    TRY(call_check_dtype(call, DTYPE_I32, *ret_dst));
    TRY(check_operand(call, product->left, left_zero));
    TRY(check_operand(call, product->right, right_zero));
    TRY(product_scratch(call, product, NULL));
    TRY(widen(call, product->left, left_zero, left, &product->wide_left));
    return widen(call, product->right, right_zero, right, &product->wide_right);
}

Status reference_conv_integer(const KernelCall *call) {
    Product product;
    Tensor *dst;
    TRY(integer_operands(call, ALONG_NONE, ALONG_CHANNELS, &product, &dst));
    return conv_plain(call, &product.wide_left, &product.wide_right, NULL, dst);
}

Status reference_matmul_integer(const KernelCall *call) {
    Product product;
    Tensor *dst;
    TRY(integer_operands(call, ALONG_ROWS, ALONG_COLUMNS, &product, &dst));
    return matmul_plain(call, &product.wide_left, &product.wide_right, dst);
}

/* Inputs of QLinearConv and QLinearMatMul, by name. */
enum { A, A_SCALE, A_ZERO, B, B_SCALE, B_ZERO, Y_SCALE, Y_ZERO, BIAS };

static Status qlinear_operands(const KernelCall *call, Along left, Along right, Product *product,
                               Tensor **ret_dst) {
    const Tensor *ports[Y_ZERO + 1];
    TRY(call_get_first(call, &product->left, ret_dst));
    for (size_t i = 0; i <= Y_ZERO; i++)
        TRY(call_get_src(call, i, &ports[i]));
    product->right = ports[B];
    TRY(check_operand(call, ports[A], ports[A_ZERO]));
    TRY(check_operand(call, ports[B], ports[B_ZERO]));
    TRY(check_operand(call, *ret_dst, ports[Y_ZERO]));
    static const size_t scales[] = { A_SCALE, B_SCALE, Y_SCALE };
    for (size_t i = 0; i < ARRAY_LENGTH(scales); i++)
        if (!dtype_info(ports[scales[i]]->dtype)->is_float ||
            !element_io_find(ports[scales[i]]->dtype))
            return call_lacks_dtype(call, ports[scales[i]]->dtype);
    if (!shape_equal(&ports[Y_SCALE]->shape, &ports[Y_ZERO]->shape) &&
        (tensor_elements(ports[Y_SCALE]) != 1 || tensor_elements(ports[Y_ZERO]) != 1))
        return call_shape_mismatch(call, &ports[Y_SCALE]->shape, &ports[Y_ZERO]->shape);
    TRY(product_scratch(call, product, *ret_dst));
    TRY(widen(call, ports[A], ports[A_ZERO], left, &product->wide_left));
    return widen(call, ports[B], ports[B_ZERO], right, &product->wide_right);
}

/* One chunk of a row of results: sums to values, by the factor and zero point of each. */
static void requantize_chunk(const KernelCall *call, const Broadcast *walk, const Tensor *sum,
                             const Tensor *dst, size_t at) {
    double values[ELEMENT_CHUNK], zeros[ELEMENT_CHUNK], scale[BROADCAST_MAX][ELEMENT_CHUNK];
    static const size_t inputs[BROADCAST_MAX] = { A_SCALE, B_SCALE, Y_SCALE };
    size_t count = MIN_OF((size_t)ELEMENT_CHUNK, walk->row_count - at);
    DType dtype = call->src[A_SCALE]->dtype;
    element_io_find(sum->dtype)->load_f64(sum->data, walk->dst + at, 1, count, values);
    for (size_t s = 0; s < BROADCAST_MAX; s++) {
        const Tensor *source = call->src[inputs[s]];
        element_io_find(source->dtype)
            ->load_f64(source->data, walk->src[s] + at * walk->step[s], (int64_t)walk->step[s],
                       count, scale[s]);
    }
    element_io_find(dst->dtype)
        ->load_f64(call->src[Y_ZERO]->data, walk->src[2] + at * walk->step[2],
                   (int64_t)walk->step[2], count, zeros);
    for (size_t i = 0; i < count; i++) {
        double factor = quantize_round(dtype, scale[0][i] * scale[1][i]);
        values[i] *= quantize_round(dtype, factor / scale[2][i]);
    }
    quantize_store(dst, walk->dst + at, count, values, zeros, true);
}

static Status requantize(const KernelCall *call, Along left, Along right, const Tensor *sum,
                         const Tensor *dst) {
    int32_t channel_rank =
        dst->shape.rank - 1; /* of a view along channels: all dims of a result but the batch */
    Tensor a = view_along(call->src[A_SCALE], left, channel_rank);
    Tensor b = view_along(call->src[B_SCALE], right, channel_rank);
    Tensor y = view_along(call->src[Y_SCALE], ALONG_COLUMNS, channel_rank);
    Broadcast walk;
    TRY(broadcast_init(&walk, call, (const Tensor *const[]){ &a, &b, &y }, 3, &dst->shape));
    while (broadcast_next(&walk))
        for (size_t at = 0; at < walk.row_count; at += ELEMENT_CHUNK)
            requantize_chunk(call, &walk, sum, dst, at);
    return status_ok();
}

Status reference_qlinear_conv(const KernelCall *call) {
    const Tensor *bias = call_find_src(call, BIAS);
    Product product;
    Tensor *dst;
    TRY(qlinear_operands(call, ALONG_NONE, ALONG_CHANNELS, &product, &dst));
    if (bias)
        TRY(call_check_dtype(call, DTYPE_I32, bias));
    TRY(conv_plain(call, &product.wide_left, &product.wide_right, bias, &product.sum));
    return requantize(call, ALONG_NONE, ALONG_CHANNELS, &product.sum, dst);
}

Status reference_qlinear_matmul(const KernelCall *call) {
    Product product;
    Tensor *dst;
    TRY(qlinear_operands(call, ALONG_ROWS, ALONG_COLUMNS, &product, &dst));
    TRY(matmul_plain(call, &product.wide_left, &product.wide_right, &product.sum));
    return requantize(call, ALONG_ROWS, ALONG_COLUMNS, &product.sum, dst);
}
