/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * tensorflow.serving.PredictionService/Predict as an InferProtocol. The request is walked where it
 * lies; only names are copied. Answers carry typed fields, fully expanded, because TensorFlow
 * Serving's clients and tests look there; the elements of fixed-width types leave straight from the
 * output block. Declared shapes are not enforced here, only dtypes: what the graph cannot take is
 * refused when it is planned. Source: reference tensorflow_serving.md 1.2, 1.5, 4.1.
 */

#include "runtime/base/size.h"
#include "server/wire/tensorflow_tensor.h"
#include "server/wire/wire_bind.h"
#include "server/wire/wire_cost.h"
#include "server/wire/wire_model_spec.h"
#include "server/wire/wire_writer.h"

enum {
    REQUEST_SPEC = 1,
    REQUEST_INPUTS = 2,
    REQUEST_FILTER = 3,
    RESPONSE_OUTPUTS = 1,
    RESPONSE_SPEC = 2,
    ENTRY_KEY = 1,
    ENTRY_VALUE = 2,
};

static const char DEFAULT_SIGNATURE[] = "serving_default";

/* Counts entries of both lists, so that their arrays are allocated once. */
static Status count_entries(SpanReader message, size_t *ret_inputs, size_t *ret_outputs) {
    WireField field;
    WireResult result;
    size_t counts[REQUEST_FILTER + 1] = { 0 };
    while ((result = span_reader_next(&message, &field)) == WIRE_FIELD)
        if (field.number <= REQUEST_FILTER && field.type == WIRE_BYTES)
            counts[field.number]++;
    if (result != WIRE_END)
        return wire_malformed("PredictRequest");
    if (counts[REQUEST_INPUTS] > WIRE_INPUTS_MAX || counts[REQUEST_FILTER] > WIRE_INPUTS_MAX)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "a request may name at most %d inputs and outputs, this one names %zu",
                            WIRE_INPUTS_MAX,
                            MAX_OF(counts[REQUEST_INPUTS], counts[REQUEST_FILTER]));
    *ret_inputs = counts[REQUEST_INPUTS];
    *ret_outputs = counts[REQUEST_FILTER];
    return status_ok();
}

static Status decode_input(SpanReader entry, Arena *arena, WireInfer *infer) {
    StringView key = { .data = "" };
    SpanReader value = { 0 };
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&entry, &field)) == WIRE_FIELD) {
        if (field.number == ENTRY_KEY && field.type == WIRE_BYTES)
            TRY(wire_text(field.bytes, arena, "an input's name", &key));
        if (field.number == ENTRY_VALUE && field.type == WIRE_BYTES)
            value = field.bytes;
    }
    if (result != WIRE_END)
        return wire_malformed("PredictRequest");
    return tensorflow_tensor_decode(value, key, arena, &infer->inputs[infer->input_count++]);
}

/* Of a name given twice the last one wins, as in every protobuf map. */
static Status drop_superseded(WireInfer *infer, Arena *arena) {
    const StringView **sorted;
    size_t count = infer->input_count, kept = 0;
    TRY(wire_sort_names(&infer->inputs->name, sizeof *infer->inputs, count, arena, &sorted));
    for (size_t i = 1; i < count; i++) {
        size_t earlier = (size_t)((const char *)sorted[i - 1] - (const char *)infer->inputs) /
                         sizeof *infer->inputs;
        if (text_equal(*sorted[i - 1], *sorted[i]))
            infer->inputs[earlier].has_data = false;
    }
    for (size_t i = 0; i < count; i++)
        if (infer->inputs[i].has_data)
            infer->inputs[kept++] = infer->inputs[i];
    infer->input_count = kept;
    return status_ok();
}

static Status predict_decode(const Spans *message, size_t header_limit_bytes, Arena *arena,
                             WireInfer *ret_infer) {
    size_t inputs, outputs;
    SpanReader reader = span_reader_of(message);
    TRY(count_entries(reader, &inputs, &outputs));
    WireInfer infer = { .inputs = arena_calloc(arena, inputs, sizeof *infer.inputs),
                        .outputs = arena_calloc(arena, outputs, sizeof *infer.outputs) };
    if (!infer.inputs || !infer.outputs)
        return arena_exhausted(arena);

    ModelSpec spec = { 0 };
    WireField field;
    while (span_reader_next(&reader, &field) == WIRE_FIELD) {
        if (field.type != WIRE_BYTES)
            continue;
        if (field.number != REQUEST_INPUTS && field.bytes.left > header_limit_bytes)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "field %u of PredictRequest has %zu bytes, at most %zu are allowed",
                                field.number, field.bytes.left, header_limit_bytes);
        if (field.number == REQUEST_SPEC)
            TRY(model_spec_decode(field.bytes, arena, &spec));
        if (field.number == REQUEST_INPUTS)
            TRY(decode_input(field.bytes, arena, &infer));
        if (field.number == REQUEST_FILTER)
            TRY(wire_text(field.bytes, arena, "output_filter",
                          &infer.outputs[infer.output_count++]));
    }
    TRY(model_spec_check(&spec));
    TRY(drop_superseded(&infer, arena));
    infer.model = spec.name;
    infer.version = spec.version;
    infer.signature = spec.signature;
    for (size_t i = 0; i < infer.input_count; i++)
        infer.payload_bytes += infer.inputs[i].payload.bytes + infer.inputs[i].text_bytes;
    *ret_infer = infer;
    return status_ok();
}

/* The request's names against the signature's, as TensorFlow Serving words it. */
static Status input_names_error(const WireInfer *infer, const Signature *signature) {
    NameList sent = { 0 }, wanted = { 0 }, extra = { 0 }, missing = { 0 }, used = { 0 };
    const char *first_missing = NULL;
    bool has_optional = false;
    for (size_t i = 0; i < infer->input_count; i++) {
        StringView name = infer->inputs[i].name;
        bool known = signature_find_input(signature, name) != INDEX_NONE;
        name_list_add(&sent, name, ",");
        name_list_add(known ? &used : &extra, name, ",");
    }
    for (size_t i = 0; i < signature->input_count; i++) {
        const SignatureTensor *input = &signature->inputs[i];
        has_optional = has_optional || input->optional;
        name_list_add(&wanted, text_view(input->name), ",");
        if (input->optional || wire_find_input(infer, input->name))
            continue;
        first_missing = first_missing ? first_missing : input->name;
        name_list_add(&missing, text_view(input->name), ",");
    }
    if (!has_optional && infer->input_count != signature->input_count)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input size does not match signature: %zu!=%zu len({%s}) != len({%s}). "
                            "Sent extra: {%s}. Missing but required: {%s}.",
                            infer->input_count, signature->input_count, sent.text, wanted.text,
                            extra.text, missing.text);
    if (!first_missing)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "Inputs contains invalid name. Used request inputs: {%s}. Request "
                            "inputs: {%s}. Inputs expected to be in the set {%s}.",
                            used.text, sent.text, wanted.text);
    return status_error(STATUS_INVALID_ARGUMENT,
                        "Signature input alias: %s(feed name: %s:0) not found in request and no "
                        "default value provided. Inputs expected to be in the set {%s}, request "
                        "has {%s}.",
                        first_missing, first_missing, wanted.text, sent.text);
}

static Status bind_outputs(WireInfer *infer, const Signature *signature, Arena *arena) {
    const StringView *duplicate;
    TRY(wire_duplicate_output(infer, arena, &duplicate));
    if (duplicate)
        return status_error(STATUS_INVALID_ARGUMENT, "duplicate output tensor alias: %.*s",
                            TEXT_ARGS(*duplicate));
    size_t count = infer->output_count ? infer->output_count : signature->output_count;
    uint32_t *index = arena_calloc(arena, count, sizeof *index);
    if (!index)
        return arena_exhausted(arena);
    for (size_t i = 0; i < count; i++) {
        size_t found =
            infer->output_count ? signature_find_output(signature, infer->outputs[i]) : i;
        if (found == INDEX_NONE) {
            NameList known = { 0 };
            for (size_t k = 0; k < signature->output_count; k++)
                name_list_add(&known, text_view(signature->outputs[k].name), ",");
            return status_error(STATUS_INVALID_ARGUMENT,
                                "output tensor alias not found in signature: %.*s Outputs expected "
                                "to be in the set {%s}.",
                                TEXT_ARGS(infer->outputs[i]), known.text);
        }
        index[i] = (uint32_t)found;
    }
    infer->output_index = index;
    infer->output_count = count;
    return status_ok();
}

static Status bind_batch(const ModelVersion *version, InferRequest *request) {
    const Signature *signature = &version->signature;
    size_t input = 0, limit = model_version_rows_limit(version);
    switch (bind_rows(signature, request, &request->rows, &input)) {
    case ROWS_SCALAR:
        return status_error(
            STATUS_INVALID_ARGUMENT,
            "Batching Run() input tensors must have at least one dimension, input '%s' has none",
            signature->inputs[input].name);
    case ROWS_UNEQUAL:
        return status_error(STATUS_INVALID_ARGUMENT,
                            "Batching Run() input tensors must have equal 0th-dimension size, "
                            "input '%s' has shape %s, the "
                            "ones before it %zu",
                            signature->inputs[input].name,
                            SHAPE_TEXT(&request->inputs[input].shape), request->rows);
    case ROWS_OK:
        break;
    }
    if (request->rows > limit)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "Task size %zu is larger than maximum input batch size %zu",
                            request->rows, limit);
    return status_ok();
}

static Status predict_bind(WireInfer *infer, Arena *arena, InferRequest *request) {
    const ModelVersion *version = request->lease.version;
    const Signature *signature = &version->signature;
    StringView standard = { .data = DEFAULT_SIGNATURE, .length = sizeof DEFAULT_SIGNATURE - 1 };
    if (infer->signature.length == 0)
        infer->signature = standard;
    if (!text_equal(infer->signature, standard))
        return status_error(STATUS_FAILED_PRECONDITION, "Serving signature key \"%.*s\" not found.",
                            TEXT_ARGS(infer->signature));
    TRY(bind_rooms(signature, arena, request));
    size_t used = 0;
    for (size_t i = 0; i < signature->input_count; i++) {
        const SignatureTensor *wanted = &signature->inputs[i];
        const WireTensor *tensor = wire_find_input(infer, wanted->name);
        if (!tensor && wanted->optional) {
            TRY(bind_otherwise(signature, i, arena, request));
            continue;
        }
        if (!tensor)
            return input_names_error(infer, signature);
        if (tensor->dtype != wanted->dtype)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "Expects arg[%zu] to be %s but %s is provided: input '%s'", i,
                                tensorflow_dtype_name(wanted->dtype),
                                tensorflow_dtype_name(tensor->dtype), wanted->name);
        bind_input(request, i, tensor);
        used++;
    }
    if (used != infer->input_count)
        return input_names_error(infer, signature);
    TRY(bind_outputs(infer, signature, arena));
    return bind_batch(version, request);
}

static Status predict_encode(const WireInfer *infer, const InferRequest *request,
                             WireReply *reply) {
    const ModelVersion *version = request->lease.version;
    for (size_t i = 0; i < infer->output_count; i++) {
        const Tensor *tensor = &request->outputs[infer->output_index[i]];
        StringView key = text_view(version->signature.outputs[infer->output_index[i]].name);
        size_t value = tensorflow_tensor_bytes(tensor);
        size_t entry = text_bytes(ENTRY_KEY, key) + head_bytes(ENTRY_VALUE, value);
        unsigned char *at =
            wire_reply_reserve(reply, head_bytes(RESPONSE_OUTPUTS, entry + value) + entry);
        if (!at)
            return arena_exhausted(reply->arena);
        put_head(put_text(put_head(at, RESPONSE_OUTPUTS, entry + value), ENTRY_KEY, key),
                 ENTRY_VALUE, value);
        TRY(tensorflow_tensor_put(tensor, request->block, reply));
    }
    StringView name = text_view(version->name);
    size_t spec = model_spec_bytes(name, version->number, infer->signature);
    unsigned char *at = wire_reply_reserve(reply, head_bytes(RESPONSE_SPEC, spec) + spec);
    if (!at)
        return arena_exhausted(reply->arena);
    model_spec_put(put_head(at, RESPONSE_SPEC, spec), name, version->number, infer->signature);
    return status_ok();
}

/* Failures to resolve and to queue, in the words that clients match on. */
static Status predict_describe(const Status *status, const WireInfer *infer) {
    char choice[CHOICE_TEXT_BYTES];
    if (status->code == STATUS_RESOURCE_EXHAUSTED)
        return status_error(
            STATUS_UNAVAILABLE,
            "The batch scheduling queue to which this task was submitted is full; %s",
            status->message);
    if (infer->output_index) /* bound, so there was a version to bind it to */
        return *status;
    if (infer->version.label.length > 0 && status->code == STATUS_INVALID_ARGUMENT)
        return status_error(STATUS_INVALID_ARGUMENT, "Unrecognized servable version label: %.*s",
                            TEXT_ARGS(infer->version.label));
    if (status->code == STATUS_NOT_FOUND || status->code == STATUS_FAILED_PRECONDITION)
        return status_error(STATUS_NOT_FOUND, "Servable not found for request: %s",
                            version_choice_format(infer->model, &infer->version, choice));
    return *status;
}

const InferProtocol TENSORFLOW_PREDICT = {
    .name = "tensorflow",
    .api = API_PREDICT,
    .decode = predict_decode,
    .decode_cost_ns = wire_cost_tensorflow_ns,
    .bind = predict_bind,
    .encode = predict_encode,
    .describe = predict_describe,
};
