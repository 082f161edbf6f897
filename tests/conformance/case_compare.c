/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Compares a result with the official one, by the official runner's rules (reference
 * cpu_engine.md 4.1). */

#include "tests/conformance/case_compare.h"

#include "runtime/tensor/list.h"

#include <math.h>
#include <string.h>

static bool close_enough(double expected, double got, double relative, double absolute) {
    if (isnan(expected) || isnan(got))
        return isnan(expected) && isnan(got);
    if (isinf(expected) || isinf(got))
        return expected == got;
    return fabs(got - expected) <= absolute + relative * fabs(expected);
}

static Status compare_strings(const Tensor *expected, const Tensor *got) {
    const StringView *a = expected->data, *b = got->data;
    for (size_t i = 0; i < tensor_elements(expected); i++)
        if (a[i].length != b[i].length ||
            (a[i].length > 0 && memcmp(a[i].data, b[i].data, a[i].length) != 0))
            return status_error(STATUS_DATA_LOSS, "element %zu: expected '%.*s', got '%.*s'", i,
                                (int)a[i].length, a[i].data, (int)b[i].length, b[i].data);
    return status_ok();
}

/* A complex tensor as one of twice as many real numbers. */
static Tensor as_real(const Tensor *tensor) {
    Tensor real = *tensor;
    if (tensor->dtype == DTYPE_C64 || tensor->dtype == DTYPE_C128) {
        real.dtype = tensor->dtype == DTYPE_C64 ? DTYPE_F32 : DTYPE_F64;
        real.shape = SHAPE((int64_t)tensor_elements(tensor) * 2);
    }
    return real;
}

/* Element by element, as deep as they go. */
static Status compare_lists(const Tensor *expected, const Tensor *got, double relative,
                            double absolute) {
    for (size_t i = 0; i < list_count(expected); i++) {
        Status status =
            case_compare(&list_items(expected)[i], &list_items(got)[i], relative, absolute);
        if (!status_is_ok(&status))
            return status_prefix(&status, "element %zu", i);
    }
    return status_ok();
}

Status case_compare(const Tensor *expected, const Tensor *got, double relative, double absolute) {
    if (expected->dtype != got->dtype || !shape_equal(&expected->shape, &got->shape))
        return status_error(STATUS_DATA_LOSS, "expected %s %s, got %s %s",
                            dtype_name(expected->dtype), SHAPE_TEXT(&expected->shape),
                            dtype_name(got->dtype), SHAPE_TEXT(&got->shape));
    if (expected->dtype == DTYPE_STRING)
        return compare_strings(expected, got);
    if (dtype_is_list(expected->dtype))
        return compare_lists(expected, got, relative, absolute);
    Tensor a = as_real(expected), b = as_real(got);
    for (size_t i = 0; i < tensor_elements(&a); i++) {
        double want = tensor_get_float(&a, i), have = tensor_get_float(&b, i);
        if (!close_enough(want, have, relative, absolute))
            return status_error(STATUS_DATA_LOSS, "element %zu: expected %g, got %g", i, want,
                                have);
    }
    return status_ok();
}
