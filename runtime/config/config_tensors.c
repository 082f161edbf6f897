/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The inputs and outputs of config.pbtxt: names, types, dims, reshape. Each tensor is checked alone
 * here; whether the model agrees is the business of runtime/model/signature. Inputs and outputs are
 * two generated types of the same make, so both are first brought into one view.
 *
 * Thread: any.
 */

#include "runtime/config/config_check.h"

#include "runtime/base/size.h"

#include <stdio.h>
#include <string.h>

static const DType dtypes[] = {
    [INFERENCE__DATA_TYPE__TYPE_BOOL] = DTYPE_BOOL,
    [INFERENCE__DATA_TYPE__TYPE_UINT8] = DTYPE_U8,
    [INFERENCE__DATA_TYPE__TYPE_UINT16] = DTYPE_U16,
    [INFERENCE__DATA_TYPE__TYPE_UINT32] = DTYPE_U32,
    [INFERENCE__DATA_TYPE__TYPE_UINT64] = DTYPE_U64,
    [INFERENCE__DATA_TYPE__TYPE_INT8] = DTYPE_I8,
    [INFERENCE__DATA_TYPE__TYPE_INT16] = DTYPE_I16,
    [INFERENCE__DATA_TYPE__TYPE_INT32] = DTYPE_I32,
    [INFERENCE__DATA_TYPE__TYPE_INT64] = DTYPE_I64,
    [INFERENCE__DATA_TYPE__TYPE_FP16] = DTYPE_F16,
    [INFERENCE__DATA_TYPE__TYPE_FP32] = DTYPE_F32,
    [INFERENCE__DATA_TYPE__TYPE_FP64] = DTYPE_F64,
    [INFERENCE__DATA_TYPE__TYPE_STRING] = DTYPE_STRING,
    [INFERENCE__DATA_TYPE__TYPE_BF16] = DTYPE_BF16,
};

DType config_dtype(Inference__DataType type) {
    return (size_t)type < ARRAY_LENGTH(dtypes) ? dtypes[type] : DTYPE_INVALID;
}

Inference__DataType config_data_type(DType dtype) {
    for (size_t i = 1; i < ARRAY_LENGTH(dtypes); i++)
        if (dtypes[i] == dtype)
            return (Inference__DataType)i;
    return INFERENCE__DATA_TYPE__TYPE_INVALID;
}

enum { TENSORS_MAX = 4096, PATH_BYTES = 96 };

/* What ModelInput and ModelOutput have in common. */
typedef struct TensorView {
    const char *list; /* "input" or "output" */
    size_t index;
    const char *name;
    Inference__DataType data_type;
    const int64_t *dims;
    size_t dim_count;
    const Inference__ModelTensorReshape *reshape;
    bool shape_tensor, non_linear;
    Inference__ModelInput__Format format;
} TensorView;

static Status tensor_error(const ConfigCheck *check, const TensorView *view, const char *field,
                           const char *text) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s[%zu].%s", view->list, view->index, field);
    return text_message_error(check->text, path, "%s", text);
}

static Status check_dims(const ConfigCheck *check, const TensorView *view, Shape *ret_shape) {
    if (view->dim_count == 0)
        return tensor_error(check, view, "dims", "at least one dim is wanted");
    for (size_t i = 0; i < view->dim_count; i++) {
        if (view->dims[i] < 1 && view->dims[i] != DIM_UNKNOWN) {
            char path[PATH_BYTES];
            snprintf(path, sizeof path, "%s[%zu].dims[%zu]", view->list, view->index, i);
            return text_message_error(check->text, path,
                                      "a dim is 1 or more, or -1 for any size; got %lld",
                                      (long long)view->dims[i]);
        }
    }
    Status status = shape_make(view->dims, view->dim_count, ret_shape);
    return status_is_ok(&status) ? status : tensor_error(check, view, "dims", status.message);
}

/* The product of the known dims, and how many are not. */
static bool measure(const Shape *shape, size_t *ret_elements, size_t *ret_unknown) {
    *ret_elements = 1;
    *ret_unknown = 0;
    for (int32_t i = 0; i < shape->rank; i++) {
        if (shape->dims[i] == DIM_UNKNOWN)
            ++*ret_unknown;
        else if (!size_mul(*ret_elements, (size_t)shape->dims[i], ret_elements))
            return false;
    }
    return true;
}

static Status check_reshape(const ConfigCheck *check, const TensorView *view,
                            ConfigTensor *tensor) {
    if (!view->reshape)
        return status_ok();
    const int64_t *dims = view->reshape->shape;
    size_t rank = view->reshape->n_shape;
    if (rank == 0 && check->config->has_max_batch_size && check->config->max_batch_size == 0)
        return tensor_error(check, view, "reshape", "an empty shape wants max_batch_size above 0");
    for (size_t i = 0; i < rank; i++)
        if (dims[i] < 1 && dims[i] != DIM_UNKNOWN)
            return tensor_error(check, view, "reshape", "a dim is 1 or more, or -1 for any size");
    Status status = shape_make(dims, rank, &tensor->reshape);
    if (!status_is_ok(&status))
        return tensor_error(check, view, "reshape", status.message);
    size_t from, to, from_unknown, to_unknown;
    if (!measure(&tensor->dims, &from, &from_unknown) ||
        !measure(&tensor->reshape, &to, &to_unknown))
        return tensor_error(check, view, "reshape", "too many elements");
    if (from != to || from_unknown != to_unknown)
        return tensor_error(check, view, "reshape", "must have as many elements as dims");
    tensor->has_reshape = true;
    return status_ok();
}

static Status check_tensor(const ConfigCheck *check, const TensorView *view, ConfigTensor *tensor) {
    if (view->name[0] == '\0')
        return tensor_error(check, view, "name", "is missing");
    if (view->data_type == INFERENCE__DATA_TYPE__TYPE_INVALID)
        return tensor_error(check, view, "data_type", "is missing");
    if (view->shape_tensor)
        return tensor_error(check, view, "is_shape_tensor", "is for TensorRT models only");
    if (view->non_linear)
        return tensor_error(check, view, "is_non_linear_format_io", "is for TensorRT models only");
    if (view->format != INFERENCE__MODEL_INPUT__FORMAT__FORMAT_NONE && view->dim_count != 3)
        return tensor_error(check, view, "format", "an image format wants three dims");
    tensor->name = view->name;
    tensor->dtype = config_dtype(view->data_type);
    if (tensor->dtype == DTYPE_INVALID) /* a message that is no text may hold any number */
        return tensor_error(check, view, "data_type", "is not known");
    TRY(check_dims(check, view, &tensor->dims));
    return check_reshape(check, view, tensor);
}

static int compare_names(const void *a, const void *b) {
    return strcmp((*(const ConfigTensor *const *)a)->name, (*(const ConfigTensor *const *)b)->name);
}

static Status check_unique(const ConfigCheck *check, const char *list, const ConfigTensor *tensors,
                           size_t count) {
    const ConfigTensor **sorted = arena_calloc(check->arena, count, sizeof *sorted);
    if (!sorted)
        return arena_exhausted(check->arena);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &tensors[i];
    qsort(sorted, count, sizeof *sorted, compare_names);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) != 0)
            continue;
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s[%zu].name", list,
                 (size_t)(MAX_OF(sorted[i - 1], sorted[i]) - tensors));
        return text_message_error(check->text, path, "'%s' is there twice", sorted[i]->name);
    }
    return status_ok();
}

static Status check_inputs(ConfigCheck *check) {
    size_t count = check->message->n_input;
    ConfigTensor *tensors = arena_calloc(check->arena, count, sizeof *tensors);
    if (!tensors)
        return arena_exhausted(check->arena);
    for (size_t i = 0; i < count; i++) {
        const Inference__ModelInput *input = check->message->input[i];
        TensorView view = { .list = "input",
                            .index = i,
                            .name = input->name,
                            .data_type = input->data_type,
                            .dims = input->dims,
                            .dim_count = input->n_dims,
                            .reshape = input->reshape,
                            .shape_tensor = input->is_shape_tensor,
                            .non_linear = input->is_non_linear_format_io,
                            .format = input->format };
        TRY(check_tensor(check, &view, &tensors[i]));
        tensors[i].ragged = input->allow_ragged_batch;
        tensors[i].optional = input->optional;
    }
    const ModelConfig *config = check->config;
    for (size_t i = 0; i < count; i++)
        if (tensors[i].optional && config->kind == MODEL_ONNX && config->has_max_batch_size &&
            config->max_batch_size > 0)
            return text_message_error(check->text, "input",
                                      "'%s': optional wants max_batch_size 0 for an ONNX model",
                                      tensors[i].name);
    check->config->inputs = tensors;
    check->config->input_count = count;
    return check_unique(check, "input", tensors, count);
}

static Status check_outputs(ConfigCheck *check) {
    size_t count = check->message->n_output;
    ConfigTensor *tensors = arena_calloc(check->arena, count, sizeof *tensors);
    if (!tensors)
        return arena_exhausted(check->arena);
    for (size_t i = 0; i < count; i++) {
        const Inference__ModelOutput *output = check->message->output[i];
        TensorView view = { .list = "output",
                            .index = i,
                            .name = output->name,
                            .data_type = output->data_type,
                            .dims = output->dims,
                            .dim_count = output->n_dims,
                            .reshape = output->reshape,
                            .shape_tensor = output->is_shape_tensor,
                            .non_linear = output->is_non_linear_format_io };
        TRY(check_tensor(check, &view, &tensors[i]));
        if (output->label_filename[0] == '\0')
            continue;
        if (!config_is_plain_filename(output->label_filename))
            return tensor_error(check, &view, "label_filename",
                                "must be the name of a file in the model's directory");
        tensors[i].label_filename = output->label_filename;
    }
    check->config->outputs = tensors;
    check->config->output_count = count;
    return check_unique(check, "output", tensors, count);
}

Status config_check_tensors(ConfigCheck *check) {
    if (check->message->n_input > TENSORS_MAX)
        return text_message_error(check->text, "input", "more than %d inputs", (int)TENSORS_MAX);
    if (check->message->n_output > TENSORS_MAX)
        return text_message_error(check->text, "output", "more than %d outputs", (int)TENSORS_MAX);
    TRY(check_inputs(check));
    return check_outputs(check);
}
