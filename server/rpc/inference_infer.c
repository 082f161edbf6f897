/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inference.GRPCInferenceService/ModelInfer as an InferProtocol. The request is walked where it
 * lies; raw contents above a few KiB stay in the message. Answers always use raw_output_contents,
 * as Triton's do, and leave from the output block. Tensors may lie in shared memory instead, and
 * outputs be reduced to their best classes (wire_outputs.c). Source: reference
 * open_inference_triton.md 1.2, 1.3, 1.5.
 */

#include "runtime/base/size.h"
#include "server/wire/inference_tensor.h"
#include "server/wire/wire_bind.h"
#include "server/wire/wire_cost.h"
#include "server/wire/wire_outputs.h"
#include "server/wire/wire_parameter.h"
#include "server/wire/wire_version.h"
#include "server/wire/wire_writer.h"

#include <stdio.h>

enum {
    REQUEST_NAME = 1,
    REQUEST_VERSION = 2,
    REQUEST_ID = 3,
    REQUEST_PARAMETERS = 4,
    REQUEST_INPUTS = 5,
    REQUEST_OUTPUTS = 6,
    REQUEST_RAW = 7,
    TENSOR_NAME = 1,
    TENSOR_DATATYPE = 2,
    TENSOR_SHAPE = 3,
    TENSOR_PARAMETERS = 4,
    TENSOR_CONTENTS = 5,
    OUTPUT_PARAMETERS = 2,
    RESPONSE_NAME = 1,
    RESPONSE_VERSION = 2,
    RESPONSE_ID = 3,
    RESPONSE_OUTPUTS = 5,
    RESPONSE_RAW = 6,
};

typedef struct Counts {
    size_t of[REQUEST_RAW + 1];
    size_t header_bytes;
} Counts;

static Status count_fields(SpanReader message, Counts *counts) {
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&message, &field)) == WIRE_FIELD) {
        if (field.type != WIRE_BYTES)
            continue;
        if (field.number <= REQUEST_RAW)
            counts->of[field.number]++;
        if (field.number != REQUEST_RAW && field.number != REQUEST_INPUTS)
            counts->header_bytes += field.bytes.left;
    }
    return result == WIRE_END ? status_ok() : wire_malformed("ModelInferRequest");
}

static Status check_counts(const Counts *counts, size_t header_limit_bytes) {
    static const uint32_t limited[] = { REQUEST_INPUTS, REQUEST_OUTPUTS, REQUEST_RAW,
                                        REQUEST_PARAMETERS };
    for (size_t i = 0; i < ARRAY_LENGTH(limited); i++)
        if (counts->of[limited[i]] > WIRE_INPUTS_MAX)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "field %u of ModelInferRequest is given %zu times, at most %d are "
                                "allowed",
                                limited[i], counts->of[limited[i]], WIRE_INPUTS_MAX);
    if (counts->header_bytes > header_limit_bytes)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "the request has %zu bytes apart from its inputs, at most %zu are "
                            "allowed",
                            counts->header_bytes, header_limit_bytes);
    return status_ok();
}

/* Packed or not: repeated int64. Negative dims are refused later, where the name is known. */
static Status read_dims(const WireField *field, Shape *shape) {
    SpanReader packed = field->bytes;
    uint64_t value = field->scalar;
    bool more = field->type == WIRE_VARINT;
    while (more || (field->type == WIRE_BYTES && packed.left > 0)) {
        if (!more && !span_reader_varint(&packed, &value))
            return wire_malformed("ModelInferRequest");
        if (shape->rank == SHAPE_MAX_RANK)
            return status_error(STATUS_INVALID_ARGUMENT, "an input has more than %d dimensions",
                                SHAPE_MAX_RANK);
        shape->dims[shape->rank++] = (int64_t)value;
        more = false;
    }
    return status_ok();
}

typedef struct InputParse {
    StringView datatype;
    SpanReader contents;
    bool has_contents;
    size_t parameters;
} InputParse;

static Status read_input(SpanReader message, Arena *arena, WireTensor *tensor, InputParse *parse) {
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&message, &field)) == WIRE_FIELD) {
        if (field.number == TENSOR_SHAPE)
            TRY(read_dims(&field, &tensor->shape));
        if (field.type != WIRE_BYTES)
            continue;
        if (field.number == TENSOR_NAME)
            TRY(wire_text(field.bytes, arena, "an input's name", &tensor->name));
        if (field.number == TENSOR_DATATYPE)
            TRY(wire_text(field.bytes, arena, "an input's datatype", &parse->datatype));
        if (field.number == TENSOR_PARAMETERS && ++parse->parameters > WIRE_INPUTS_MAX)
            return status_error(STATUS_INVALID_ARGUMENT, "an input has more than %d parameters",
                                WIRE_INPUTS_MAX);
        if (field.number == TENSOR_PARAMETERS)
            TRY(wire_parameter_check(field.bytes, arena, PARAMETER_OF_INPUT,
                                     &(ParameterTarget){ .input = tensor }));
        if (field.number == TENSOR_CONTENTS) {
            parse->contents = field.bytes;
            parse->has_contents = true;
        }
    }
    return result == WIRE_END ? status_ok() : wire_malformed("ModelInferRequest");
}

static Status decode_input(SpanReader message, StringView model, bool has_raw, Arena *arena,
                           WireTensor *tensor) {
    InputParse parse = { 0 };
    tensor->name = (StringView){ .data = "" };
    TRY(read_input(message, arena, tensor, &parse));
    tensor->dtype = inference_dtype_find(parse.datatype);
    if (tensor->dtype == DTYPE_INVALID)
        return status_error(STATUS_INVALID_ARGUMENT, "input '%.*s' has the unknown datatype '%.*s'",
                            TEXT_ARGS(tensor->name), TEXT_ARGS(parse.datatype));
    for (int32_t i = 0; i < tensor->shape.rank; i++)
        if (tensor->shape.dims[i] < 0)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "All input dimensions should be specified for input '%.*s' for "
                                "model '%.*s', got %s",
                                TEXT_ARGS(tensor->name), TEXT_ARGS(model),
                                SHAPE_TEXT(&tensor->shape));
    TRY(wire_shared_check(&tensor->shared, tensor->name, parse.has_contents, 0));
    if (parse.has_contents && has_raw)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "contents field must not be specified when using raw_input_contents "
                            "for '%.*s' for model '%.*s'",
                            TEXT_ARGS(tensor->name), TEXT_ARGS(model));
    if (parse.has_contents)
        return inference_contents_decode(parse.contents, model, arena, tensor);
    return status_ok();
}

static Status decode_output(SpanReader message, Arena *arena, StringView *ret_name,
                            WireOutputOption *option) {
    WireField field;
    WireResult result;
    *ret_name = (StringView){ .data = "" };
    while ((result = span_reader_next(&message, &field)) == WIRE_FIELD) {
        if (field.number == TENSOR_NAME && field.type == WIRE_BYTES)
            TRY(wire_text(field.bytes, arena, "an output's name", ret_name));
        if (field.number == OUTPUT_PARAMETERS && field.type == WIRE_BYTES)
            TRY(wire_parameter_check(field.bytes, arena, PARAMETER_OF_OUTPUT,
                                     &(ParameterTarget){ .output = option }));
    }
    if (result != WIRE_END)
        return wire_malformed("ModelInferRequest");
    return wire_shared_check(&option->shared, *ret_name, false, option->classes);
}

/* Names, version, id and parameters: what the rest needs to word its errors. */
static Status decode_head(SpanReader reader, Arena *arena, WireInfer *infer) {
    WireField field;
    StringView version = { 0 };
    while (span_reader_next(&reader, &field) == WIRE_FIELD) {
        if (field.type != WIRE_BYTES)
            continue;
        if (field.number == REQUEST_NAME)
            TRY(wire_text(field.bytes, arena, "model_name", &infer->model));
        if (field.number == REQUEST_VERSION)
            TRY(wire_text(field.bytes, arena, "model_version", &version));
        if (field.number == REQUEST_ID)
            TRY(wire_text(field.bytes, arena, "id", &infer->id));
        if (field.number == REQUEST_PARAMETERS)
            TRY(wire_parameter_check(field.bytes, arena, PARAMETER_OF_REQUEST,
                                     &(ParameterTarget){ .infer = infer }));
    }
    return wire_version_parse(version, &infer->version);
}

/* What is in shared memory has no entry. */
static Status attach_raw(WireInfer *infer, size_t *next, SpanReader raw, Arena *arena) {
    while (*next < infer->input_count && infer->inputs[*next].shared.region.length > 0)
        (*next)++;
    if (*next >= infer->input_count)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "raw_input_contents has more entries than the %zu inputs of the "
                            "request for model '%.*s'",
                            infer->input_count, TEXT_ARGS(infer->model));
    return inference_raw_decode(raw, infer->model, arena, &infer->inputs[(*next)++]);
}

static Status decode_tensors(SpanReader reader, const Counts *counts, Arena *arena,
                             WireInfer *infer) {
    SpanReader second = reader;
    WireField field;
    while (span_reader_next(&reader, &field) == WIRE_FIELD) {
        if (field.number == REQUEST_INPUTS && field.type == WIRE_BYTES)
            TRY(decode_input(field.bytes, infer->model, counts->of[REQUEST_RAW] > 0, arena,
                             &infer->inputs[infer->input_count++]));
        if (field.number == REQUEST_OUTPUTS && field.type == WIRE_BYTES)
            TRY(decode_output(field.bytes, arena, &infer->outputs[infer->output_count],
                              &infer->options[infer->output_count]));
        infer->output_count += field.number == REQUEST_OUTPUTS && field.type == WIRE_BYTES;
    }
    size_t next = 0;
    while (counts->of[REQUEST_RAW] > 0 && span_reader_next(&second, &field) == WIRE_FIELD)
        if (field.number == REQUEST_RAW && field.type == WIRE_BYTES)
            TRY(attach_raw(infer, &next, field.bytes, arena));
    return status_ok();
}

static Status infer_decode(const Spans *message, size_t header_limit_bytes, Arena *arena,
                           WireInfer *ret_infer) {
    SpanReader reader = span_reader_of(message);
    Counts counts = { 0 };
    TRY(count_fields(reader, &counts));
    TRY(check_counts(&counts, header_limit_bytes));
    WireInfer infer = {
        .inputs = arena_calloc(arena, counts.of[REQUEST_INPUTS], sizeof *infer.inputs),
        .outputs = arena_calloc(arena, counts.of[REQUEST_OUTPUTS], sizeof *infer.outputs),
        .options = arena_calloc(arena, counts.of[REQUEST_OUTPUTS], sizeof *infer.options)
    };
    if (!infer.inputs || !infer.outputs || !infer.options)
        return arena_exhausted(arena);
    infer.model = infer.id = (StringView){ .data = "" };
    TRY(decode_head(reader, arena, &infer));
    TRY(decode_tensors(reader, &counts, arena, &infer));
    const StringView *duplicate;
    TRY(wire_duplicate_input(&infer, arena, &duplicate));
    if (duplicate)
        return status_error(STATUS_INVALID_ARGUMENT, "input '%.*s' already exists in request",
                            TEXT_ARGS(*duplicate));
    for (size_t i = 0; i < infer.input_count; i++)
        infer.payload_bytes += infer.inputs[i].payload.bytes + infer.inputs[i].text_bytes;
    *ret_infer = infer;
    return status_ok();
}

/* In Triton's words; where some inputs are optional a range is expected. */
static Status input_names_error(const WireInfer *infer, const Signature *signature,
                                const char *model) {
    NameList sent = { 0 }, missing = { 0 };
    size_t required = 0, total = signature->input_count, given = infer->input_count;
    for (size_t i = 0; i < total; i++) {
        const SignatureTensor *input = &signature->inputs[i];
        required += !input->optional;
        if (!input->optional && !wire_find_input(infer, input->name))
            name_list_add(&missing, text_view(input->name), "','");
    }
    for (size_t i = 0; i < given; i++) {
        StringView name = infer->inputs[i].name;
        name_list_add(&sent, name, "','");
        if (given >= required && given <= total &&
            signature_find_input(signature, name) == INDEX_NONE)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "unexpected inference input '%.*s' for model '%s'", TEXT_ARGS(name),
                                model);
    }
    const char *sent_quote = given > 0 ? "'" : "", *missing_quote = missing.used > 0 ? "'" : "";
    char expected[64];
    if (required == total)
        snprintf(expected, sizeof expected, "%zu inputs", total);
    else
        snprintf(expected, sizeof expected, "number of inputs between %zu and %zu", required,
                 total);
    return status_error(STATUS_INVALID_ARGUMENT,
                        "expected %s but got %zu inputs for model '%s'. Got input(s) [%s%s%s], but "
                        "missing required input(s) [%s%s%s]. Please provide all required input(s).",
                        expected, given, model, sent_quote, sent.text, sent_quote, missing_quote,
                        missing.text, missing_quote);
}

static Status check_input(const WireTensor *tensor, const SignatureTensor *wanted,
                          const ModelVersion *version) {
    if (!tensor->has_data)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "unable to find data for input tensor '%s' for model '%s' in request.",
                            wanted->name, version->name);
    if (tensor->dtype != wanted->dtype) {
        const char *expected = inference_dtype_name(wanted->dtype);
        return status_error(STATUS_INVALID_ARGUMENT,
                            "inference input '%s' data-type is '%s', but model '%s' expects '%s'",
                            wanted->name, inference_dtype_name(tensor->dtype), version->name,
                            expected ? expected : dtype_name(wanted->dtype));
    }
    if (version->signature.batched && tensor->shape.rank == 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input '%s' has no shape but model requires batch dimension for '%s'",
                            wanted->name, version->name);
    if (!shape_accepts(&wanted->shape, &tensor->shape))
        return status_error(
            STATUS_INVALID_ARGUMENT,
            "unexpected shape for input '%s' for model '%s'. Expected %s, got %s.%s", wanted->name,
            version->name, WIRE_SHAPE_TEXT(&wanted->shape), WIRE_SHAPE_TEXT(&tensor->shape),
            version->signature.batched
                ? " NOTE: axis 0 is the batch: max_batch_size is set for this model."
                : "");
    return status_ok();
}

static Status bind_outputs(WireInfer *infer, const ModelVersion *version, Arena *arena) {
    const StringView *duplicate;
    TRY(wire_duplicate_output(infer, arena, &duplicate));
    if (duplicate)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "requested output '%.*s' already exists in request",
                            TEXT_ARGS(*duplicate));
    size_t count = infer->output_count ? infer->output_count : version->signature.output_count;
    uint32_t *index = arena_calloc(arena, count, sizeof *index);
    if (!index)
        return arena_exhausted(arena);
    for (size_t i = 0; i < count; i++) {
        size_t found =
            infer->output_count ? signature_find_output(&version->signature, infer->outputs[i]) : i;
        if (found == INDEX_NONE)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "unexpected inference output '%.*s' for model '%s'",
                                TEXT_ARGS(infer->outputs[i]), version->name);
        index[i] = (uint32_t)found;
    }
    if (infer->output_count == 0)
        infer->options = NULL; /* there were none to have any */
    infer->output_index = index;
    infer->output_count = count;
    return status_ok();
}

static Status bind_batch(const ModelVersion *version, InferRequest *request) {
    const Signature *signature = &version->signature;
    size_t input = 0;
    if (bind_rows(signature, request, &request->rows, &input) != ROWS_OK)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input '%s' batch size does not match other inputs for '%s'",
                            signature->inputs[input].name, version->name);
    size_t most = MAX_OF(signature->max_batch_size, version->queue_policy.request_rows);
    if (signature->batched && request->rows > most)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "inference request batch-size must be <= %zu for '%s', got %zu", most,
                            version->name, request->rows);
    return status_ok();
}

static Status infer_bind(WireInfer *infer, Arena *arena, InferRequest *request) {
    const ModelVersion *version = request->lease.version;
    const Signature *signature = &version->signature;
    TRY(bind_rooms(signature, arena, request));
    size_t used = 0;
    for (size_t i = 0; i < signature->input_count; i++) {
        const WireTensor *tensor = wire_find_input(infer, signature->inputs[i].name);
        if (!tensor && signature->inputs[i].optional) {
            TRY(bind_otherwise(signature, i, arena, request));
            continue;
        }
        if (!tensor)
            return input_names_error(infer, signature, version->name);
        TRY(check_input(tensor, &signature->inputs[i], version));
        bind_input(request, i, tensor);
        used++;
    }
    if (used != infer->input_count)
        return input_names_error(infer, signature, version->name);
    TRY(bind_outputs(infer, version, arena));
    return bind_batch(version, request);
}

/* Head of one InferOutputTensor: name, datatype, packed shape. */
static size_t output_bytes(const char *name, const Tensor *tensor, size_t *ret_dims) {
    *ret_dims = 0;
    for (int32_t i = 0; i < tensor->shape.rank; i++)
        *ret_dims += varint_bytes((uint64_t)tensor->shape.dims[i]);
    const char *datatype = inference_dtype_name(tensor->dtype);
    return text_bytes(TENSOR_NAME, text_view(name)) +
           text_bytes(TENSOR_DATATYPE, text_view(datatype)) +
           (*ret_dims ? head_bytes(TENSOR_SHAPE, *ret_dims) + *ret_dims : 0);
}

static unsigned char *put_output(unsigned char *at, const char *name, const Tensor *tensor) {
    size_t dims;
    at = put_head(at, RESPONSE_OUTPUTS, output_bytes(name, tensor, &dims));
    at = put_text(at, TENSOR_NAME, text_view(name));
    at = put_text(at, TENSOR_DATATYPE, text_view(inference_dtype_name(tensor->dtype)));
    if (dims == 0)
        return at;
    at = put_head(at, TENSOR_SHAPE, dims);
    for (int32_t i = 0; i < tensor->shape.rank; i++)
        at = put_varint(at, (uint64_t)tensor->shape.dims[i]);
    return at;
}

static Status encode_head(const WireInfer *infer, const InferRequest *request,
                          const WireOutput *outputs, WireReply *reply) {
    const ModelVersion *version = request->lease.version;
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)version->number);
    size_t dims, bytes = text_bytes(RESPONSE_NAME, text_view(version->name)) +
                         text_bytes(RESPONSE_VERSION, text_view(number)) +
                         text_bytes(RESPONSE_ID, infer->id);
    for (size_t i = 0; i < infer->output_count; i++) {
        const SignatureTensor *output = &version->signature.outputs[infer->output_index[i]];
        const Tensor *tensor = outputs[i].tensor;
        if (!inference_dtype_name(tensor->dtype))
            return status_error(
                STATUS_UNIMPLEMENTED,
                "output '%s' is %s, which the Open Inference Protocol has no type for",
                output->name, dtype_name(tensor->dtype));
        size_t body = output_bytes(output->name, tensor, &dims);
        bytes += head_bytes(RESPONSE_OUTPUTS, body) + body;
    }
    unsigned char *at = wire_reply_reserve(reply, bytes);
    if (!at)
        return arena_exhausted(reply->arena);
    at = put_text(at, RESPONSE_NAME, text_view(version->name));
    at = put_text(put_text(at, RESPONSE_VERSION, text_view(number)), RESPONSE_ID, infer->id);
    for (size_t i = 0; i < infer->output_count; i++)
        at = put_output(at, version->signature.outputs[infer->output_index[i]].name,
                        outputs[i].tensor);
    return status_ok();
}

static Status infer_encode(const WireInfer *infer, const InferRequest *request, WireReply *reply) {
    WireOutput *outputs;
    TRY(wire_outputs_prepare(infer, request, reply->arena, &outputs));
    TRY(encode_head(infer, request, outputs, reply));
    for (size_t i = 0; i < infer->output_count; i++) {
        const Tensor *tensor = outputs[i].tensor;
        size_t bytes = outputs[i].in_shared_memory ? 0 : inference_raw_bytes(tensor);
        unsigned char *at = wire_reply_reserve(reply, head_bytes(RESPONSE_RAW, bytes));
        if (!at)
            return arena_exhausted(reply->arena);
        put_head(at, RESPONSE_RAW, bytes);
        if (!outputs[i].in_shared_memory)
            TRY(inference_raw_put(tensor, outputs[i].block, reply));
    }
    return status_ok();
}

/* Failures to resolve and to queue, in the words that clients match on. */
static Status infer_describe(const Status *status, const WireInfer *infer) {
    if (status->code == STATUS_RESOURCE_EXHAUSTED)
        return status_error(STATUS_UNAVAILABLE, "Exceeds maximum queue size: %s", status->message);
    if (infer->output_index) /* bound, so there was a version to bind it to */
        return *status;
    return wire_version_error(status, infer->model, &infer->version);
}

const InferProtocol INFERENCE_INFER = {
    .name = "inference",
    .decode = infer_decode,
    .decode_cost_ns = wire_cost_inference_ns,
    .bind = infer_bind,
    .encode = infer_encode,
    .describe = infer_describe,
};
