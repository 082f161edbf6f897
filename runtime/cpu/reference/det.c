/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Det: elimination with the largest pivot of each column, in double, on a copy in scratch.
 *
 * Source: ONNX Det 22. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/reference_util.h"

#include <math.h>

static void swap_rows(double *a, double *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

static double determinant(double *m, size_t n) {
    double product = 1.0;
    for (size_t column = 0; column < n; column++) {
        size_t pivot = column;
        for (size_t row = column + 1; row < n; row++)
            if (fabs(m[row * n + column]) > fabs(m[pivot * n + column]))
                pivot = row;
        if (m[pivot * n + column] == 0.0)
            return 0.0;
        if (pivot != column) {
            swap_rows(m + pivot * n, m + column * n, n);
            product = -product;
        }
        product *= m[column * n + column];
        for (size_t row = column + 1; row < n; row++) {
            double factor = m[row * n + column] / m[column * n + column];
            for (size_t i = column; i < n; i++)
                m[row * n + i] -= factor * m[column * n + i];
        }
    }
    return product;
}

Status reference_det(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    void *memory;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_dtype(call, src->dtype, dst));
    const ElementIo *io = element_io_find(src->dtype);
    if (!io || !dtype_info(src->dtype)->is_float)
        return call_lacks_dtype(call, src->dtype);
    Shape expected = src->shape;
    expected.rank -= 2;
    if (expected.rank < 0 || src->shape.dims[expected.rank] != src->shape.dims[expected.rank + 1])
        return call_invalid(call, "expected square matrices, got shape %s",
                            SHAPE_TEXT(&src->shape));
    TRY(call_check_shape(call, &expected, dst));
    size_t n = (size_t)src->shape.dims[expected.rank], count = tensor_elements(dst), bytes;
    if (!size_mul(n, n, &bytes) || !size_mul(bytes, sizeof(double), &bytes))
        return call_invalid(call, "matrices of %s are too large", SHAPE_TEXT(&src->shape));
    TRY(call_get_scratch(call, bytes, &memory));
    for (size_t i = 0; i < count; i++) {
        io->load_f64(src->data, i * n * n, 1, n * n, memory);
        double value = determinant(memory, n);
        io->store_f64(dst->data, i, 1, &value);
    }
    return status_ok();
}
