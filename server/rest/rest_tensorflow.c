/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TensorFlow Serving's REST predict as an InferProtocol. JSON does not say what type its numbers
 * are, so the body is read once, in bind, when the model is known; what comes out is what gRPC's
 * Predict would have sent, and is bound by the same function. Rows stand in "instances" as bare
 * values or as objects by input; columns in "inputs". Source: reference tensorflow_serving.md 2.1.
 */

#include "runtime/base/size.h"
#include "server/rest/json_tensor.h"
#include "server/rest/rest.h"
#include "server/wire/tensorflow_tensor.h"
#include "server/wire/wire_bind.h"

static const char PARSE_ERROR[] = "JSON Parse error: ";
enum { JSON_NS_PER_BYTE = 2, SHOWN_MAX = 64 };

/* Rough, and on the safe side: a page of numbers is read in place. */
static uint64_t decode_cost_ns(const Spans *message) {
    return message->bytes * JSON_NS_PER_BYTE;
}

static Status predict_decode(const Spans *message, size_t header_limit_bytes, Arena *arena,
                             WireInfer *ret_infer) {
    (void)header_limit_bytes, (void)arena, (void)ret_infer;
    if (message->bytes == 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "JSON Parse error: The document is empty. at offset: 0");
    return status_ok();
}

/* --- tensors --- */

/* Where values of the request go: one a wanted input, in the signature's order. */
typedef struct Columns {
    const Signature *signature;
    RestInfer *rest;
    Arena *arena;
    JsonReader *reader;
    JsonTensor *tensors;
    bool *given;
} Columns;

static Status begin_column(Columns *columns, size_t input, bool is_instances) {
    const SignatureTensor *wanted = &columns->signature->inputs[input];
    if (!json_tensor_has_type(wanted->dtype) || wanted->dtype == DTYPE_U16)
        return status_error(STATUS_UNIMPLEMENTED,
                            "input '%s': conversion of JSON values to type %s is not supported",
                            wanted->name, tensorflow_dtype_name(wanted->dtype));
    JsonTensorOptions options = { .dtype = wanted->dtype,
                                  .arena = columns->arena,
                                  .type_name = tensorflow_dtype_name(wanted->dtype),
                                  .is_instances = is_instances };
    options.hint_bytes = (size_t)(columns->reader->end - columns->reader->at) /
                         MAX_OF(columns->signature->input_count, (size_t)1);
    json_tensor_init(&columns->tensors[input], &options);
    columns->given[input] = true;
    return status_ok();
}

/* The value at the reader into the input's tensor. */
static Status read_value(Columns *columns, size_t input) {
    JsonReader *reader = columns->reader;
    JsonTensor *tensor = &columns->tensors[input];
    size_t used;
    tensor->offset = (size_t)(reader->at - reader->begin);
    TRY(json_tensor_feed(tensor, reader->at, (size_t)(reader->end - reader->at), true, &used));
    reader->at += used;
    return status_ok();
}

static Status json_error(const Columns *columns) {
    return rest_json_error(columns->reader, columns->arena, PARSE_ERROR);
}

/* --- rows --- */

/* {"b64": ...} is a value, any other object is a row by names. */
static bool is_named(const Columns *columns, JsonReader reader) {
    StringView key = { 0 };
    if (json_peek(&reader) != JSON_KIND_OBJECT)
        return false;
    bool one_text =
        columns->signature->input_count == 1 && columns->signature->inputs[0].dtype == DTYPE_STRING;
    if (!one_text)
        return true;
    json_open(&reader);
    return !json_next_member(&reader, columns->arena, &key) || !text_equal(key, text_view("b64"));
}

static Status read_bare_rows(Columns *columns) {
    if (columns->signature->input_count != 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "instances is a plain list, but expecting list of objects as multiple "
                            "input tensors required as per tensorinfo_map");
    TRY(begin_column(columns, 0, true));
    return read_value(columns, 0);
}

/* One object with exactly the inputs' names. */
static Status read_named_row(Columns *columns, size_t row) {
    JsonReader *reader = columns->reader;
    StringView key;
    size_t members = 0;
    if (json_peek(reader) != JSON_KIND_OBJECT)
        return reader->mistake || reader->at == reader->end
                   ? json_error(columns)
                   : status_error(STATUS_INVALID_ARGUMENT,
                                  "Expecting object/map type for element %zu of 'instances'", row);
    json_open(reader);
    while (json_next_member(reader, columns->arena, &key)) {
        size_t input = signature_find_input(columns->signature, key);
        if (input == INDEX_NONE)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "Failed to process element: %zu of 'instances' list. JSON object: "
                                "does not have named input: '%.*s' is not an input of this model",
                                row, TEXT_ARGS(text_cut(key, SHOWN_MAX)));
        if (row == 0 && !columns->given[input])
            TRY(begin_column(columns, input, true));
        JsonTensor *tensor = &columns->tensors[input];
        if (!columns->given[input] || tensor->counts[0] != row)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "Failed to process element: %zu of 'instances' list. Input '%.*s' "
                                "is given twice, or not in every element",
                                row, TEXT_ARGS(text_cut(key, SHOWN_MAX)));
        json_tensor_next(tensor);
        TRY(read_value(columns, input));
        members++;
    }
    if (reader->mistake)
        return json_error(columns);
    for (size_t i = 0; i < columns->signature->input_count; i++) {
        const SignatureTensor *input = &columns->signature->inputs[i];
        bool missing =
            columns->given[i] ? columns->tensors[i].counts[0] != row + 1 : !input->optional;
        if (missing)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "Failed to process element: %zu of 'instances' list. JSON object: "
                                "does not have named input: %s",
                                row, input->name);
    }
    return status_ok();
}

static Status read_instances(Columns *columns) {
    JsonReader *reader = columns->reader;
    if (json_peek(reader) != JSON_KIND_ARRAY)
        return status_error(STATUS_INVALID_ARGUMENT, "Expecting 'instances' value to be an array");
    JsonReader ahead = *reader;
    json_open(&ahead);
    if (!json_next_element(&ahead))
        return ahead.mistake ? json_error(columns)
                             : status_error(STATUS_INVALID_ARGUMENT,
                                            "Nothing to process: 'instances' value list is empty");
    if (!is_named(columns, ahead))
        return read_bare_rows(columns);
    size_t rows = 0;
    json_open(reader);
    for (; json_next_element(reader); rows++)
        TRY(read_named_row(columns, rows));
    if (reader->mistake)
        return json_error(columns);
    for (size_t i = 0; i < columns->signature->input_count; i++) {
        JsonTensor *tensor = &columns->tensors[i];
        if (!columns->given[i])
            continue;
        if (tensor->rank == SHAPE_MAX_RANK)
            return status_error(STATUS_INVALID_ARGUMENT, "a tensor has more than %d dimensions",
                                SHAPE_MAX_RANK);
        memmove(tensor->dims + 1, tensor->dims, (size_t)tensor->rank * sizeof *tensor->dims);
        tensor->dims[0] = rows;
        tensor->rank++;
    }
    return status_ok();
}

/* --- columns --- */

static Status read_inputs(Columns *columns) {
    JsonReader *reader = columns->reader;
    const Signature *signature = columns->signature;
    JsonReader ahead = *reader;
    StringView key;
    if (!is_named(columns, ahead)) {
        if (signature->input_count != 1)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "inputs is a plain value/list, but expecting an object as multiple "
                                "input tensors required as per tensorinfo_map");
        TRY(begin_column(columns, 0, false));
        return read_value(columns, 0);
    }
    json_open(reader);
    while (json_next_member(reader, columns->arena, &key)) {
        size_t input = signature_find_input(signature, key);
        if (input == INDEX_NONE || columns->given[input]) {
            json_skip(reader, NULL);
            continue;
        }
        TRY(begin_column(columns, input, false));
        TRY(read_value(columns, input));
    }
    if (reader->mistake)
        return json_error(columns);
    for (size_t i = 0; i < signature->input_count; i++)
        if (!columns->given[i] && !signature->inputs[i].optional)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "Missing named input: %s in 'inputs' object.",
                                signature->inputs[i].name);
    return status_ok();
}

/* --- the body --- */

static Status read_signature(Columns *columns) {
    if (json_peek(columns->reader) != JSON_KIND_STRING)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "'signature_name' key must be a string value.");
    (void)json_read_string(columns->reader, columns->arena, &columns->rest->wire.signature);
    return status_ok();
}

static Status read_body(Columns *columns) {
    JsonReader *reader = columns->reader;
    bool has_rows = false, has_columns = false;
    StringView key;
    JsonKind kind = json_peek(reader);
    if (kind == JSON_KIND_NOTHING)
        return json_error(columns);
    if (kind != JSON_KIND_OBJECT)
        return json_skip(reader, NULL) ? status_error(STATUS_INVALID_ARGUMENT,
                                                      "Request payload should be a JSON object")
                                       : json_error(columns);
    json_open(reader);
    while (json_next_member(reader, columns->arena, &key)) {
        bool rows = text_equal(key, text_view("instances"));
        bool inputs = text_equal(key, text_view("inputs"));
        if ((rows || inputs) && (has_rows || has_columns))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "Not formatted correctly expected only one of 'inputs' or "
                                "'instances' keys to exist");
        has_rows = has_rows || rows;
        has_columns = has_columns || inputs;
        if (text_equal(key, text_view("signature_name")))
            TRY(read_signature(columns));
        else if (rows)
            TRY(read_instances(columns));
        else if (inputs)
            TRY(read_inputs(columns));
        else
            json_skip(reader, NULL);
    }
    if (reader->mistake)
        return json_error(columns);
    if (!has_rows && !has_columns)
        return status_error(STATUS_INVALID_ARGUMENT, "Missing 'inputs' or 'instances' key");
    columns->rest->is_columnar = has_columns;
    return status_ok();
}

static Status make_inputs(Columns *columns) {
    WireInfer *wire = &columns->rest->wire;
    for (size_t i = 0; i < columns->signature->input_count; i++) {
        JsonTensor *tensor = &columns->tensors[i];
        if (!columns->given[i])
            continue;
        WireTensor *input = &wire->inputs[wire->input_count++];
        *input = (WireTensor){ .name = text_view(columns->signature->inputs[i].name),
                               .dtype = tensor->options.dtype,
                               .has_data = true,
                               .text_bytes = tensor->text_bytes };
        json_tensor_shape(tensor, &input->shape);
        size_t bytes = tensor->count * tensor->element_bytes;
        if (bytes > 0)
            TRY(wire_payload_of(tensor->data, bytes, columns->arena, &input->payload));
        wire->payload_bytes += bytes + tensor->text_bytes;
    }
    return status_ok();
}

static Status predict_bind(WireInfer *wire, Arena *arena, InferRequest *request) {
    RestInfer *rest = (RestInfer *)(void *)wire;
    const Signature *signature = &request->lease.version->signature;
    JsonReader reader = json_reader_of(rest->body.data, rest->body.length);
    size_t count = signature->input_count;
    Columns columns = { .signature = signature, .rest = rest, .arena = arena, .reader = &reader };
    columns.tensors = arena_calloc(arena, count, sizeof *columns.tensors);
    columns.given = arena_calloc(arena, count, sizeof *columns.given);
    wire->inputs = arena_calloc(arena, count, sizeof *wire->inputs);
    if (!columns.tensors || !columns.given || !wire->inputs)
        return arena_exhausted(arena);
    Status status = read_body(&columns);
    if (status_is_ok(&status) && wire->signature.length > 0 &&
        !text_equal(wire->signature, text_view("serving_default")))
        status = status_error(STATUS_INVALID_ARGUMENT,
                              "Serving signature name: \"%.*s\" not found in signature def",
                              TEXT_ARGS(text_cut(wire->signature, SHOWN_MAX)));
    if (status_is_ok(&status))
        status = make_inputs(&columns);
    for (size_t i = 0; i < count; i++)
        json_tensor_deinit(&columns.tensors[i]);
    TRY(status);
    return TENSORFLOW_PREDICT.bind(wire, arena, request);
}

/* --- the reply --- */

typedef struct Answer {
    const WireInfer *wire;
    const InferRequest *request;
    JsonWriter *json;
} Answer;

static const Tensor *tensor_of(const Answer *answer, size_t output) {
    return &answer->request->outputs[answer->wire->output_index[output]];
}

static const char *name_of(const Answer *answer, size_t output) {
    return answer->request->lease.version->signature.outputs[answer->wire->output_index[output]]
        .name;
}

static JsonTensorStyle style_of(const char *name) {
    size_t length = strlen(name);
    return (JsonTensorStyle){ .is_base64 = length >= 6 && !strcmp(name + length - 6, "_bytes") };
}

static Status check_outputs(const Answer *answer, bool is_columnar) {
    for (size_t i = 0; i < answer->wire->output_count; i++) {
        const Tensor *tensor = tensor_of(answer, i), *first = tensor_of(answer, 0);
        if (!json_can_write(tensor->dtype))
            return status_error(STATUS_INVALID_ARGUMENT, "output '%s': type %s has no JSON form",
                                name_of(answer, i), dtype_name(tensor->dtype));
        if (is_columnar)
            continue;
        if (tensor->shape.rank < 1)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "Tensor name: %s has no shape information (a scalar cannot be "
                                "shown in row format; use \"inputs\")",
                                name_of(answer, i));
        if (tensor->shape.dims[0] != first->shape.dims[0])
            return status_error(STATUS_INVALID_ARGUMENT,
                                "Tensor name: %s has inconsistent batch size: %lld expecting: %lld",
                                name_of(answer, i), (long long)tensor->shape.dims[0],
                                (long long)first->shape.dims[0]);
    }
    return status_ok();
}

static void put_key(const Answer *answer, size_t output) {
    json_put(answer->json, output > 0 ? "," : "{");
    json_put_string(answer->json, name_of(answer, output), strlen(name_of(answer, output)));
    json_put(answer->json, ":");
}

static void put_rows(const Answer *answer) {
    size_t rows = (size_t)tensor_of(answer, 0)->shape.dims[0];
    for (size_t row = 0; row < rows; row++) {
        json_put(answer->json, row > 0 ? "," : "");
        for (size_t i = 0; i < answer->wire->output_count; i++) {
            put_key(answer, i);
            json_put_row(answer->json, tensor_of(answer, i), row, style_of(name_of(answer, i)));
        }
        json_put(answer->json, "}");
    }
}

static Status predict_encode(const WireInfer *wire, const InferRequest *request, WireReply *reply) {
    (void)reply;
    const RestInfer *rest = rest_infer_of(wire);
    Answer answer = { .wire = wire, .request = request, .json = &rest->output->json };
    TRY(check_outputs(&answer, rest->is_columnar));
    json_put(answer.json, rest->is_columnar ? "{\"outputs\":" : "{\"predictions\":");
    if (wire->output_count == 1) {
        json_put_tensor(answer.json, tensor_of(&answer, 0), style_of(name_of(&answer, 0)));
    } else if (rest->is_columnar) {
        for (size_t i = 0; i < wire->output_count; i++) {
            put_key(&answer, i);
            json_put_tensor(answer.json, tensor_of(&answer, i), style_of(name_of(&answer, i)));
        }
        json_put(answer.json, "}");
    } else {
        json_put(answer.json, "[");
        put_rows(&answer);
        json_put(answer.json, "]");
    }
    json_put(answer.json, "}");
    return status_ok();
}

/* A body that is no JSON is told first, whatever model it was for. */
static Status predict_describe(const Status *status, const WireInfer *wire) {
    const RestInfer *rest = rest_infer_of(wire);
    if (!wire->inputs) { /* not read yet: the model was not found */
        JsonReader reader = json_reader_of(rest->body.data, rest->body.length);
        if (!json_skip(&reader, NULL))
            return rest_json_error(&reader, rest->call.arena, PARSE_ERROR);
    }
    return TENSORFLOW_PREDICT.describe(status, wire);
}

static const InferProtocol REST_PREDICT = {
    .api = API_PREDICT,
    .name = "tensorflow-rest",
    .decode = predict_decode,
    .decode_cost_ns = decode_cost_ns,
    .bind = predict_bind,
    .encode = predict_encode,
    .describe = predict_describe,
};

void rest_tensorflow_predict(HttpExchange *exchange) {
    rest_infer_start(exchange, &REST_PREDICT, REST_TENSORFLOW);
}
