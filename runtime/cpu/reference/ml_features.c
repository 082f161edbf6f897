/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Features made fit for a model, column by column: Scaler, Imputer, Binarizer, Normalizer, and
 * columns put side by side (FeatureVectorizer) or picked (ArrayFeatureExtractor).
 *
 * Thread: any that runs kernels. Source: ONNX ai.onnx.ml 1.
 */

#include "runtime/cpu/reference/ml_scores.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <math.h>
#include <string.h>

/* Source 0 and a result of its shape. */
static Status same_shape(const KernelCall *call, const Tensor **ret_src, Tensor **ret_dst) {
    TRY(call_get_first(call, ret_src, ret_dst));
    if (!element_io_find((*ret_src)->dtype) || !element_io_find((*ret_dst)->dtype))
        return call_lacks_dtype(call, (*ret_src)->dtype);
    return call_check_shape(call, &(*ret_src)->shape, *ret_dst);
}

/* Elements of a row, at least 1 so that it divides. */
static size_t row_length(const Tensor *tensor) {
    const Shape *shape = &tensor->shape;
    return shape->rank > 0 && shape->dims[shape->rank - 1] > 0
               ? (size_t)shape->dims[shape->rank - 1]
               : 1;
}

/* One value for all columns, or one for each. */
static Status check_columns(const KernelCall *call, const char *name, size_t count,
                            size_t columns) {
    if (count == 1 || count == columns)
        return status_ok();
    return call_invalid(call, "%s: expected 1 or %zu, got %zu", name, columns, count);
}

/* A pass over all elements in chunks, with the index of each. */
typedef double (*ElementFn)(const void *user, double x, size_t column);

static void map_elements(const Tensor *src, const Tensor *dst, ElementFn map, const void *user) {
    double values[ELEMENT_CHUNK];
    size_t count = tensor_elements(src), columns = row_length(src);
    for (size_t at = 0; at < count; at += ELEMENT_CHUNK) {
        size_t chunk = MIN_OF((size_t)ELEMENT_CHUNK, count - at);
        element_io_find(src->dtype)->load_f64(src->data, at, 1, chunk, values);
        for (size_t i = 0; i < chunk; i++)
            values[i] = map(user, values[i], (at + i) % columns);
        element_io_find(dst->dtype)->store_f64(dst->data, at, chunk, values);
    }
}

typedef struct Scaling {
    const float *offset, *scale;
    size_t offset_count, scale_count;
} Scaling;

static double scale_element(const void *user, double x, size_t column) {
    const Scaling *scaling = user;
    double offset = scaling->offset_count
                        ? (double)scaling->offset[scaling->offset_count > 1 ? column : 0]
                        : 0.0;
    double scale =
        scaling->scale_count ? (double)scaling->scale[scaling->scale_count > 1 ? column : 0] : 1.0;
    return (x - offset) * scale;
}

Status reference_scaler(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    Scaling scaling;
    TRY(same_shape(call, &src, &dst));
    scaling.offset = node_get_floats(call->node, "offset", &scaling.offset_count);
    scaling.scale = node_get_floats(call->node, "scale", &scaling.scale_count);
    if (scaling.offset_count)
        TRY(check_columns(call, "offset", scaling.offset_count, row_length(src)));
    if (scaling.scale_count)
        TRY(check_columns(call, "scale", scaling.scale_count, row_length(src)));
    map_elements(src, dst, scale_element, &scaling);
    return status_ok();
}

static double binarize_element(const void *user, double x, size_t column) {
    (void)column;
    return x > *(const double *)user ? 1.0 : 0.0;
}

Status reference_binarizer(const KernelCall *call) {
    double threshold = (double)node_get_float(call->node, "threshold", 0.0f);
    const Tensor *src;
    Tensor *dst;
    TRY(same_shape(call, &src, &dst));
    map_elements(src, dst, binarize_element, &threshold);
    return status_ok();
}

typedef struct Imputing {
    const float *values;
    size_t count;
    double missing;
} Imputing;

static double impute_element(const void *user, double x, size_t column) {
    const Imputing *imputing = user;
    bool missing = isnan(imputing->missing) ? isnan(x) : x == imputing->missing;
    return missing ? (double)imputing->values[imputing->count > 1 ? column : 0] : x;
}

static void impute_ints(const Tensor *src, const Tensor *dst, const int64_t *values, size_t count,
                        int64_t missing) {
    const ElementIo *io = element_io_find(src->dtype);
    size_t columns = row_length(src);
    for (size_t i = 0; i < tensor_elements(src); i++) {
        int64_t x;
        io->load_i64(src->data, i, 1, 1, &x);
        if (x == missing)
            x = values[count > 1 ? i % columns : 0];
        io->store_i64(dst->data, i, 1, &x);
    }
}

Status reference_imputer(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    Imputing imputing = { .missing =
                              (double)node_get_float(call->node, "replaced_value_float", 0.0f) };
    size_t int_count;
    const int64_t *ints = node_get_ints(call->node, "imputed_value_int64s", &int_count);
    imputing.values = node_get_floats(call->node, "imputed_value_floats", &imputing.count);
    TRY(same_shape(call, &src, &dst));
    TRY(call_check_dtype(call, src->dtype, dst));
    if (!dtype_info(src->dtype)->is_float) {
        TRY(check_columns(call, "imputed_value_int64s", int_count, row_length(src)));
        impute_ints(src, dst, ints, int_count, node_get_int(call->node, "replaced_value_int64", 0));
        return status_ok();
    }
    TRY(check_columns(call, "imputed_value_floats", imputing.count, row_length(src)));
    map_elements(src, dst, impute_element, &imputing);
    return status_ok();
}

typedef enum Norm { NORM_MAX, NORM_L1, NORM_L2, NORM_UNKNOWN } Norm;

static Norm read_norm(const Node *node) {
    static const char *const names[] = { "MAX", "L1", "L2" };
    StringView text = node_get_string(node, "norm", names[NORM_MAX]);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strlen(names[i]) == text.length && memcmp(names[i], text.data, text.length) == 0)
            return (Norm)i;
    return NORM_UNKNOWN;
}

/* The greatest element keeps its sign; a row whose norm is 0 stays as it is. */
static double norm_of(Norm norm, const double *values, size_t count) {
    double total = norm == NORM_MAX && count > 0 ? values[0] : 0.0;
    for (size_t i = 0; i < count; i++) {
        if (norm == NORM_MAX)
            total = fmax(total, values[i]);
        else
            total += norm == NORM_L1 ? fabs(values[i]) : values[i] * values[i];
    }
    total = norm == NORM_L2 ? sqrt(total) : total;
    return total == 0.0 ? 1.0 : total;
}

Status reference_normalizer(const KernelCall *call) {
    Norm norm = read_norm(call->node);
    FeatureRows features;
    const Tensor *src;
    Tensor *dst;
    double *row;
    size_t bytes;
    TRY(same_shape(call, &src, &dst));
    TRY(feature_rows(call, &features));
    if (norm == NORM_UNKNOWN)
        return call_invalid(call, "norm: expected MAX, L1 or L2");
    if (!size_mul(features.columns, sizeof *row, &bytes))
        return call_invalid(call, "size of the operands overflows");
    TRY(call_get_scratch(call, bytes, (void **)&row));
    for (size_t i = 0; i < features.rows; i++) {
        feature_row_load(&features, i, row);
        double divisor = norm_of(norm, row, features.columns);
        for (size_t c = 0; c < features.columns; c++)
            row[c] /= divisor;
        element_io_find(dst->dtype)
            ->store_f64(dst->data, i * features.columns, features.columns, row);
    }
    return status_ok();
}

/* Columns of one input into a row of the result; what is missing is 0. */
static void copy_columns(const Tensor *src, size_t row, size_t width, float *dst) {
    size_t columns = (size_t)src->shape.dims[src->shape.rank - 1], count = MIN_OF(width, columns);
    for (size_t i = 0; i < width; i++) {
        double value = 0.0;
        if (i < count)
            element_io_find(src->dtype)->load_f64(src->data, row * columns + i, 1, 1, &value);
        dst[i] = (float)value;
    }
}

Status reference_feature_vectorizer(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    size_t width_count, inputs = call->node->input_count, at = 0;
    const int64_t *widths = node_get_ints(call->node, "inputdimensions", &width_count);
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_dtype(call, DTYPE_F32, dst));
    if (width_count != inputs || dst->shape.rank != 2)
        return call_invalid(call, "inputdimensions: expected %zu items, got %zu", inputs,
                            width_count);
    int64_t total = dst->shape.dims[1], rows = dst->shape.dims[0];
    for (size_t i = 0; i < inputs; i++) {
        TRY(call_get_src(call, i, &src));
        if (src->shape.rank < 1 || src->shape.rank > 2 || !element_io_find(src->dtype) ||
            (src->shape.rank == 2 ? src->shape.dims[0] : 1) != rows || widths[i] < 0 ||
            widths[i] > total)
            return call_shape_mismatch(call, &dst->shape, &src->shape);
        total -= widths[i];
    }
    if (total != 0)
        return call_invalid(call, "inputdimensions do not make %s", SHAPE_TEXT(&dst->shape));
    for (int64_t row = 0; row < rows; row++)
        for (size_t i = 0; i < inputs; i++) {
            copy_columns(call->src[i], (size_t)row, (size_t)widths[i], (float *)dst->data + at);
            at += (size_t)widths[i];
        }
    return status_ok();
}

Status reference_array_feature_extractor(const KernelCall *call) {
    const Tensor *src, *indices;
    Tensor *dst;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_get_src(call, 1, &indices));
    TRY(call_check_dtype(call, src->dtype, dst));
    TRY(call_check_dtype(call, DTYPE_I64, indices));
    if (src->shape.rank < 1 || dtype_bytes(src->dtype) == 0)
        return call_invalid(call, "expected a vector or more, got %s", SHAPE_TEXT(&src->shape));
    size_t bytes = dtype_bytes(src->dtype), count = tensor_elements(indices);
    size_t columns = (size_t)src->shape.dims[src->shape.rank - 1];
    size_t rows = shape_product(&src->shape, 0, (size_t)src->shape.rank - 1);
    const int64_t *index = indices->data;
    if (tensor_elements(dst) != rows * count)
        return call_shape_mismatch(call, &dst->shape, &src->shape);
    for (size_t i = 0; i < count; i++)
        if (index[i] < 0 || (uint64_t)index[i] >= columns)
            return call_invalid(call, "index %lld is outside of the %zu columns",
                                (long long)index[i], columns);
    for (size_t row = 0; row < rows; row++)
        for (size_t i = 0; i < count; i++)
            memcpy((char *)dst->data + (row * count + i) * bytes,
                   (const char *)src->data + (row * columns + (size_t)index[i]) * bytes, bytes);
    return status_ok();
}
