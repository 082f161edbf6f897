/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * model_warmup of config.pbtxt: zeros, random numbers or the content of a file in warmup/, as many
 * rows as the sample says, run through the version's executor or engine by the loader itself.
 * Random numbers lie in 0..1, so that an index is one; random text is empty, as in Triton. A file
 * holds one row, which is repeated. Source: reference open_inference_triton.md 3.2, 3.5.
 *
 * Thread: loader.
 */

#include "runtime/model/warmup.h"

#include "runtime/base/beneath.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"
#include "runtime/base/thread.h"
#include "runtime/model/tensor_form.h"

#include <stdio.h>
#include <string.h>

enum { ARENA_FIRST_BYTES = 4096 };
static const size_t SAMPLE_BYTES_MAX = (size_t)1 << 30;

/* --- running --- */

typedef struct Waiting {
    Mutex mutex;
    Cond changed;
    bool is_done; /* under mutex */
    Status status;
} Waiting;

static void on_done(void *user, const Status *status) {
    Waiting *waiting = user;
    LOCKED(&waiting->mutex);
    waiting->status = *status;
    waiting->is_done = true;
    cond_signal(&waiting->changed);
}

static bool take_no_more(void *user) {
    (void)user;
    return false;
}

static Status run_engine(Engine *engine, const RunArgs *args) {
    Waiting waiting = { 0 };
    mutex_init(&waiting.mutex);
    cond_init(&waiting.changed);
    EngineRun run = { .args = *args, .respond = take_no_more, .done = on_done, .user = &waiting };
    engine->api->submit(engine, &run);
    {
        LOCKED(&waiting.mutex);
        while (!waiting.is_done)
            cond_wait_until(&waiting.changed, &waiting.mutex, TIME_NEVER);
    }
    cond_deinit(&waiting.changed);
    mutex_deinit(&waiting.mutex);
    return waiting.status;
}

Status model_version_run(ModelVersion *version, const Tensor *inputs) {
    const Signature *signature = &version->signature;
    size_t ports =
        version->executor ? executor_input_count(version->executor) : signature->all_input_count;
    size_t outputs =
        version->executor ? executor_output_count(version->executor) : signature->all_output_count;
    AUTO(free) Tensor *tensors = calloc(ports + outputs + 1, sizeof *tensors);
    AUTO(output_pool_free) OutputPool *pool = NULL;
    if (!tensors)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    TRY(output_pool_new(SIZE_MAX, &pool));
    AUTO(output_block_unref) OutputBlock *block = NULL;
    TRY(output_block_new(pool, &block));
    for (size_t i = 0; i < signature->all_input_count; i++) {
        if (signature->inputs[i].port >= ports)
            continue;
        Tensor *tensor = &tensors[signature->inputs[i].port];
        *tensor = inputs[i];
        TRY(tensor_form_of_model(&signature->inputs[i], &inputs[i].shape, &tensor->shape));
    }
    RunArgs args = { .inputs = tensors, .outputs = tensors + ports, .block = block };
    return version->engine ? run_engine(version->engine, &args)
                           : executor_run(version->executor, &args);
}

/* --- samples --- */

static uint64_t next_random(uint64_t *random) {
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *random >> 33;
}

/* In 0..1: floats between, others 0 or 1. */
static void fill_random(Tensor *tensor, uint64_t *random) {
    size_t bytes = dtype_info(tensor->dtype)->bits / 8;
    if (tensor->dtype == DTYPE_STRING || bytes == 0)
        return;
    for (size_t at = 0; at + bytes <= tensor->bytes; at += bytes) {
        uint64_t drawn = next_random(random);
        float f32 = (float)(drawn & 0xFFFF) / 65536;
        double f64 = f32;
        unsigned char one[16] = { drawn & 1 };
        if (tensor->dtype == DTYPE_F32)
            memcpy(one, &f32, sizeof f32);
        else if (tensor->dtype == DTYPE_F64)
            memcpy(one, &f64, sizeof f64);
        memcpy((char *)tensor->data + at, one, bytes);
    }
}

/* "<length><bytes>..." -> as many views as the row has elements. */
static Status split_strings(const char *text, size_t length, const char *name, StringView *views,
                            size_t count) {
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bytes = 0;
        if (length - at < sizeof bytes)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "warm-up input '%s': expected %zu strings, got %zu", name, count,
                                i);
        memcpy(&bytes, text + at, sizeof bytes);
        at += sizeof bytes;
        if (bytes > length - at)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "warm-up input '%s': string %zu is cut off", name, i);
        views[i] = (StringView){ text + at, bytes };
        at += bytes;
    }
    return status_ok();
}

static Status fill_from_file(const WarmupInput *input, int model_directory, size_t rows,
                             Arena *arena, Tensor *tensor) {
    char path[512];
    AUTO(free) char *bytes = NULL;
    size_t length, row_bytes = tensor->bytes / MAX_OF(rows, (size_t)1);
    snprintf(path, sizeof path, "warmup/%s", input->file);
    if (model_directory < 0)
        return status_error(STATUS_FAILED_PRECONDITION, "%s: the model has no directory", path);
    TRY(beneath_read_file(model_directory, path, SAMPLE_BYTES_MAX, &bytes, &length));
    if (tensor->dtype == DTYPE_STRING) {
        char *text = arena_strndup(arena, bytes, length);
        if (!text)
            return arena_exhausted(arena);
        TRY(split_strings(text, length, input->name, tensor->data, row_bytes / sizeof(StringView)));
    } else if (length != row_bytes) {
        return status_error(STATUS_INVALID_ARGUMENT,
                            "warm-up input '%s': %s has %zu bytes, %s %s has %zu", input->name,
                            input->file, length, dtype_name(input->dtype), SHAPE_TEXT(&input->dims),
                            row_bytes);
    } else if (length > 0) {
        memcpy(tensor->data, bytes, length);
    }
    for (size_t row = 1; row < rows; row++)
        memcpy((char *)tensor->data + row * row_bytes, tensor->data, row_bytes);
    return status_ok();
}

/* A zeroed tensor; strings are empty. */
static Status make_tensor(DType dtype, const Shape *shape, Arena *arena, Tensor *ret_tensor) {
    size_t bytes;
    if (!shape_bytes(shape, dtype, &bytes) || bytes > SAMPLE_BYTES_MAX)
        return status_error(STATUS_INVALID_ARGUMENT, "warm-up: a tensor of shape %s is too large",
                            SHAPE_TEXT(shape));
    void *data = arena_calloc(arena, bytes + 1, 1);
    if (!data)
        return arena_exhausted(arena);
    for (size_t i = 0; dtype == DTYPE_STRING && i < bytes / sizeof(StringView); i++)
        ((StringView *)data)[i].data = "";
    *ret_tensor = (Tensor){ .dtype = dtype, .shape = *shape, .data = data, .bytes = bytes };
    return status_ok();
}

static Status with_rows(const Shape *dims, size_t rows, Shape *ret_shape) {
    int64_t full[SHAPE_MAX_RANK + 1] = { (int64_t)rows };
    size_t lead = rows > 0 ? 1 : 0;
    for (int32_t i = 0; i < dims->rank; i++)
        full[lead + (size_t)i] = dims->dims[i];
    return shape_make(full, lead + (size_t)dims->rank, ret_shape);
}

static const WarmupInput *find_input(const WarmupSample *sample, const char *name) {
    for (size_t i = 0; i < sample->input_count; i++)
        if (strcmp(sample->inputs[i].name, name) == 0)
            return &sample->inputs[i];
    return NULL;
}

static Status make_input(const SignatureTensor *wanted, const WarmupSample *sample, size_t rows,
                         int model_directory, Arena *arena, Tensor *ret_tensor) {
    const WarmupInput *input = find_input(sample, wanted->name);
    if (!input && wanted->otherwise) {
        *ret_tensor = *wanted->otherwise;
        return status_ok();
    }
    if (!input)
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s' is missing", wanted->name);
    Shape shape;
    TRY(with_rows(&input->dims, rows, &shape));
    if (input->dtype != wanted->dtype || !shape_accepts(&wanted->shape, &shape))
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s': expected %s %s, got %s %s",
                            wanted->name, dtype_name(wanted->dtype), SHAPE_TEXT(&wanted->shape),
                            dtype_name(input->dtype), SHAPE_TEXT(&shape));
    TRY(make_tensor(input->dtype, &shape, arena, ret_tensor));
    uint64_t random = 1;
    if (input->data == WARMUP_RANDOM)
        fill_random(ret_tensor, &random);
    if (input->data == WARMUP_FILE)
        return fill_from_file(input, model_directory, rows, arena, ret_tensor);
    return status_ok();
}

static const Shape *shape_of(const void *user, size_t index) {
    (void)index;
    return user;
}

/* For one request. */
static Status make_computed(const ModelVersion *version, size_t index, const Tensor *inputs,
                            Arena *arena, Tensor *ret_tensor) {
    const BatchInput *computed = &version->config.batch_inputs[index];
    size_t source = signature_source_of(&version->signature, computed->source);
    ShapeList shapes = { shape_of, &inputs[source].shape, 1 };
    Shape shape;
    TRY(computed_input_shape(computed, &shapes, &shape));
    TRY(make_tensor(computed->dtype, &shape, arena, ret_tensor));
    computed_input_fill(computed, &shapes, ret_tensor);
    return status_ok();
}

Status warmup_hidden_inputs(const ModelVersion *version, size_t rows, Arena *arena,
                            Tensor *inputs) {
    Tensor *tensors = inputs + version->signature.input_count;
    const Signature *signature = &version->signature;
    const SequenceConfig *sequence = version->config.sequence;
    size_t states = sequence ? sequence->state_count : 0;
    size_t controls = sequence ? sequence->control_count : 0;
    for (size_t i = signature->input_count; i < signature->all_input_count; i++) {
        const SignatureTensor *wanted = &signature->inputs[i];
        size_t index = i - signature->input_count;
        if (index >= controls + states) {
            TRY(make_computed(version, index - controls - states, inputs, arena, &tensors[index]));
            continue;
        }
        bool is_state = index >= controls && index - controls < states;
        Shape shape = is_state ? version->initial_states[index - controls].shape : wanted->shape;
        for (int32_t d = 0; d < shape.rank; d++)
            if (shape.dims[d] == DIM_UNKNOWN)
                shape.dims[d] = 1;
        if (signature->batched && shape.rank > 0)
            shape.dims[0] = (int64_t)rows;
        TRY(make_tensor(wanted->dtype, &shape, arena, &tensors[index]));
        const Span *span = is_state ? &version->initial_states[index - controls].span : NULL;
        for (size_t row = 0;
             span && span->bytes > 0 && (row + 1) * span->bytes <= tensors[index].bytes; row++)
            memcpy((char *)tensors[index].data + row * span->bytes, span->data, span->bytes);
    }
    return status_ok();
}

static Status run_sample(ModelVersion *version, const WarmupSample *sample, int model_directory) {
    const Signature *signature = &version->signature;
    size_t rows = signature->batched ? MAX_OF(sample->rows, (size_t)1) : 0;
    AUTO(arena_free) Arena *arena = NULL;
    TRY(arena_new(ARENA_FIRST_BYTES, 2 * SAMPLE_BYTES_MAX, &arena));
    Tensor *inputs = arena_calloc(arena, signature->all_input_count, sizeof *inputs);
    if (!inputs)
        return arena_exhausted(arena);
    for (size_t i = 0; i < signature->input_count; i++)
        TRY(make_input(&signature->inputs[i], sample, rows, model_directory, arena, &inputs[i]));
    TRY(warmup_hidden_inputs(version, rows, arena, inputs));
    for (size_t i = 0; i < sample->repeat; i++)
        TRY(model_version_run(version, inputs));
    return status_ok();
}

Status model_version_warm(ModelVersion *version, int model_directory) {
    for (size_t i = 0; i < version->config.warmup_count; i++) {
        const WarmupSample *sample = &version->config.warmups[i];
        Status status = run_sample(version, sample, model_directory);
        if (!status_is_ok(&status))
            return status_prefix(&status, "model_warmup '%s'", sample->name);
    }
    return status_ok();
}
