/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The Open Inference Protocol's infer over HTTP as an InferProtocol: JSON alone, JSON with binary
 * tensors behind it, or nothing but one tensor's bytes. Binary tensors stay in the body as spans.
 * What comes out is bound by gRPC's own function, parameters are checked by gRPC's own table.
 * Source: reference open_inference_triton.md 2.2, 2.3.
 */

#include "runtime/base/size.h"
#include "server/rest/json_tensor.h"
#include "server/rest/rest.h"
#include "server/rest/rest_parameter.h"
#include "server/wire/inference_tensor.h"
#include "server/wire/wire_bind.h"

static const char PARSE_ERROR[] = "failed to parse the request JSON buffer: ";
enum { JSON_NS_PER_BYTE = 2, INPUTS_FIRST = 8 };

typedef struct Body {
    RestInfer *rest;
    Arena *arena;
    JsonReader reader;
    size_t binary_at; /* of the body: where the next binary tensor begins */
    size_t input_room, output_room;
} Body;

static uint64_t decode_cost_ns(const Spans *message) {
    return message->bytes * JSON_NS_PER_BYTE; /* binary ones are cheaper: a task is not dear */
}

static Status json_error(const Body *body) {
    return rest_json_error(&body->reader, body->arena, PARSE_ERROR);
}

/* The value must be of that kind. */
static Status expect(Body *body, JsonKind kind, const char *what, const char *kind_name) {
    if (json_peek(&body->reader) == kind)
        return status_ok();
    JsonReader ahead = body->reader;
    if (!json_skip(&ahead, NULL))
        return rest_json_error(&ahead, body->arena, PARSE_ERROR);
    return status_error(STATUS_INVALID_ARGUMENT, "%s%s must be %s", PARSE_ERROR, what, kind_name);
}

static Status read_text(Body *body, const char *what, StringView *ret_text) {
    TRY(expect(body, JSON_KIND_STRING, what, "a string"));
    return json_read_string(&body->reader, body->arena, ret_text) ? status_ok() : json_error(body);
}

/* One more item in an array that doubles. */
static Status grow(Body *body, void **items, size_t *room, size_t count, size_t item_bytes) {
    if (count < *room)
        return status_ok();
    if (count >= WIRE_INPUTS_MAX)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "a request may have at most %d inputs and as "
                            "many outputs",
                            WIRE_INPUTS_MAX);
    size_t wanted = MAX_OF(2 * *room, (size_t)INPUTS_FIRST);
    void *more = arena_calloc(body->arena, wanted, item_bytes);
    if (!more)
        return arena_exhausted(body->arena);
    if (count > 0)
        memcpy(more, *items, count * item_bytes);
    *items = more;
    *room = wanted;
    return status_ok();
}

/* --- inputs --- */

typedef struct InputParse {
    const char *data; /* where "data" is, if it was met before the datatype; NULL */
    bool has_data, has_shape, has_binary;
    size_t binary_bytes;
} InputParse;

static Status read_shape(Body *body, WireTensor *tensor) {
    TRY(expect(body, JSON_KIND_ARRAY, "'shape'", "an array"));
    json_open(&body->reader);
    while (json_next_element(&body->reader)) {
        if (tensor->shape.rank == SHAPE_MAX_RANK)
            return status_error(STATUS_INVALID_ARGUMENT, "an input has more than %d dimensions",
                                SHAPE_MAX_RANK);
        int64_t dim;
        if (json_peek(&body->reader) == JSON_KIND_NOTHING || !json_read_int(&body->reader, &dim))
            return json_error(body);
        tensor->shape.dims[tensor->shape.rank++] = dim;
    }
    return body->reader.mistake ? json_error(body) : status_ok();
}

/* "data" at the reader; shape comes from the request, nesting is as the client likes. */
static Status read_data(Body *body, WireTensor *tensor) {
    JsonReader *reader = &body->reader;
    const char *name = inference_dtype_name(tensor->dtype);
    if (!json_tensor_has_type(tensor->dtype))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "receiving %s data is currently only supported with binary data, input "
                            "'%.*s'",
                            name, TEXT_ARGS(tensor->name));
    AUTO(json_tensor_deinit) JsonTensor values;
    json_tensor_init(&values,
                     &(JsonTensorOptions){ .dtype = tensor->dtype,
                                           .arena = body->arena,
                                           .type_name = name,
                                           .hint_bytes = (size_t)(reader->end - reader->at) });
    values.offset = (size_t)(reader->at - reader->begin);
    size_t used;
    TRY(json_tensor_feed(&values, reader->at, (size_t)(reader->end - reader->at), true, &used));
    reader->at += used;
    tensor->has_data = true;
    tensor->text_bytes = values.text_bytes;
    size_t bytes = values.count * values.element_bytes;
    return bytes > 0 ? wire_payload_of(values.data, bytes, body->arena, &tensor->payload)
                     : status_ok();
}

static Status read_input_parameters(Body *body, WireTensor *tensor, InputParse *parse) {
    TRY(expect(body, JSON_KIND_OBJECT, "'parameters'", "an object"));
    StringView key;
    json_open(&body->reader);
    while (json_next_member(&body->reader, body->arena, &key)) {
        int64_t bytes;
        if (!text_equal(key, text_view("binary_data_size"))) {
            TRY(rest_parameter_check(&body->reader, key, PARAMETER_OF_INPUT,
                                     &(ParameterTarget){ .input = tensor }, body->arena));
            continue;
        }
        if (json_peek(&body->reader) != JSON_KIND_NUMBER || !json_read_int(&body->reader, &bytes) ||
            bytes < 0)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "'binary_data_size' must be an integer of at least 0");
        parse->has_binary = true;
        parse->binary_bytes = (size_t)bytes;
    }
    return body->reader.mistake ? json_error(body) : status_ok();
}

static Status read_input_member(Body *body, StringView key, WireTensor *tensor, InputParse *parse) {
    if (text_equal(key, text_view("name")))
        return read_text(body, "an input's name", &tensor->name);
    if (text_equal(key, text_view("shape"))) {
        if (parse->has_shape)
            return status_error(STATUS_INVALID_ARGUMENT, "an input's shape is given twice");
        parse->has_shape = true;
        return read_shape(body, tensor);
    }
    if (text_equal(key, text_view("datatype"))) {
        StringView name;
        TRY(read_text(body, "a datatype", &name));
        tensor->dtype = inference_dtype_find(name);
        if (tensor->dtype == DTYPE_INVALID)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "input '%.*s' has the unknown datatype '%.*s'",
                                TEXT_ARGS(tensor->name), TEXT_ARGS(text_cut(name, 64)));
        return status_ok();
    }
    if (text_equal(key, text_view("parameters")))
        return read_input_parameters(body, tensor, parse);
    if (text_equal(key, text_view("data")) && !parse->has_data) {
        parse->has_data = true;
        if (tensor->dtype != DTYPE_INVALID)
            return read_data(body, tensor);
        (void)json_peek(&body->reader);
        parse->data = body->reader.at;
    }
    return json_skip(&body->reader, NULL) ? status_ok() : json_error(body);
}

/* What has been read of an input, against itself. */
static Status check_input(Body *body, WireTensor *tensor, const InputParse *parse) {
    size_t elements, given;
    if (tensor->name.length == 0 || !parse->has_shape || tensor->dtype == DTYPE_INVALID)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "Unable to parse 'inputs': every input needs a name, a shape and a "
                            "datatype");
    for (int32_t i = 0; i < tensor->shape.rank; i++)
        if (tensor->shape.dims[i] < 0)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "All input dimensions should be specified for input '%.*s' for "
                                "model '%.*s', got %s",
                                TEXT_ARGS(tensor->name), TEXT_ARGS(body->rest->wire.model),
                                SHAPE_TEXT(&tensor->shape));
    if (parse->has_binary && parse->has_data)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input '%.*s' has both 'data' and 'binary_data_size'",
                            TEXT_ARGS(tensor->name));
    TRY(wire_shared_check(&tensor->shared, tensor->name, parse->has_data || parse->has_binary, 0));
    if (!tensor->has_data || parse->has_binary)
        return status_ok();
    given = tensor->payload.bytes / dtype_bytes(tensor->dtype);
    if (!shape_elements(&tensor->shape, &elements) || elements != given)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "Unable to parse 'data': Shape does not match true shape of 'data' "
                            "field, input '%.*s' has shape %s and %zu elements",
                            TEXT_ARGS(tensor->name), SHAPE_TEXT(&tensor->shape), given);
    return status_ok();
}

static Status take_binary(Body *body, WireTensor *tensor, size_t bytes) {
    StringView whole = body->rest->body;
    if (bytes > whole.length - body->binary_at)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "unexpected additional input data: input '%.*s' announces %zu bytes of "
                            "binary data, the request has %zu left",
                            TEXT_ARGS(tensor->name), bytes, whole.length - body->binary_at);
    Span span = { whole.data + body->binary_at, bytes };
    Span *kept = arena_alloc(body->arena, sizeof *kept);
    if (!kept)
        return arena_exhausted(body->arena);
    *kept = span;
    body->binary_at += bytes;
    Spans spans = { .items = kept, .count = 1, .bytes = bytes };
    return inference_raw_decode(span_reader_of(&spans), body->rest->wire.model, body->arena,
                                tensor);
}

static Status read_input(Body *body) {
    WireInfer *wire = &body->rest->wire;
    InputParse parse = { 0 };
    StringView key;
    TRY(expect(body, JSON_KIND_OBJECT, "an input", "an object"));
    void *items = wire->inputs;
    TRY(grow(body, &items, &body->input_room, wire->input_count, sizeof *wire->inputs));
    wire->inputs = items;
    WireTensor *tensor = &wire->inputs[wire->input_count++];
    *tensor = (WireTensor){ .name = { .data = "" } };
    json_open(&body->reader);
    while (json_next_member(&body->reader, body->arena, &key)) {
        TRY(read_input_member(body, key, tensor, &parse));
    }
    if (body->reader.mistake)
        return json_error(body);
    if (parse.data && tensor->dtype != DTYPE_INVALID) {
        JsonReader behind = body->reader;
        body->reader.at = parse.data;
        TRY(read_data(body, tensor));
        body->reader = behind;
    }
    TRY(check_input(body, tensor, &parse));
    return parse.has_binary ? take_binary(body, tensor, parse.binary_bytes) : status_ok();
}

/* --- outputs --- */

static Status read_output_parameters(Body *body, bool *binary, WireOutputOption *option) {
    TRY(expect(body, JSON_KIND_OBJECT, "'parameters'", "an object"));
    StringView key;
    json_open(&body->reader);
    while (json_next_member(&body->reader, body->arena, &key)) {
        if (!text_equal(key, text_view("binary_data")))
            TRY(rest_parameter_check(&body->reader, key, PARAMETER_OF_OUTPUT,
                                     &(ParameterTarget){ .output = option }, body->arena));
        else if (json_peek(&body->reader) != JSON_KIND_BOOL ||
                 !json_read_bool(&body->reader, binary))
            return status_error(STATUS_INVALID_ARGUMENT, "'binary_data' must be a bool");
    }
    return body->reader.mistake ? json_error(body) : status_ok();
}

static Status read_output(Body *body) {
    RestInfer *rest = body->rest;
    WireInfer *wire = &rest->wire;
    StringView key;
    TRY(expect(body, JSON_KIND_OBJECT, "an output", "an object"));
    void *names = wire->outputs, *flags = rest->binary, *options = wire->options;
    size_t room = body->output_room, again = room;
    TRY(grow(body, &names, &room, wire->output_count, sizeof *wire->outputs));
    TRY(grow(body, &options, &again, wire->output_count, sizeof *wire->options));
    TRY(grow(body, &flags, &body->output_room, wire->output_count, sizeof *rest->binary));
    wire->outputs = names;
    wire->options = options;
    rest->binary = flags;
    size_t index = wire->output_count++;
    wire->outputs[index] = (StringView){ .data = "" };
    wire->options[index] = (WireOutputOption){ 0 };
    rest->binary[index] = rest->binary_output;
    json_open(&body->reader);
    while (json_next_member(&body->reader, body->arena, &key)) {
        if (text_equal(key, text_view("name")))
            TRY(read_text(body, "an output's name", &wire->outputs[index]));
        else if (text_equal(key, text_view("parameters")))
            TRY(read_output_parameters(body, &rest->binary[index], &wire->options[index]));
        else
            json_skip(&body->reader, NULL);
    }
    if (body->reader.mistake)
        return json_error(body);
    return wire_shared_check(&wire->options[index].shared, wire->outputs[index], false,
                             wire->options[index].classes);
}

/* --- the whole --- */

static Status read_parameters(Body *body) {
    TRY(expect(body, JSON_KIND_OBJECT, "'parameters'", "an object"));
    StringView key;
    json_open(&body->reader);
    while (json_next_member(&body->reader, body->arena, &key)) {
        if (!text_equal(key, text_view("binary_data_output")))
            TRY(rest_parameter_check(&body->reader, key, PARAMETER_OF_REQUEST,
                                     &(ParameterTarget){ .infer = &body->rest->wire },
                                     body->arena));
        else if (json_peek(&body->reader) != JSON_KIND_BOOL ||
                 !json_read_bool(&body->reader, &body->rest->binary_output))
            return status_error(STATUS_INVALID_ARGUMENT, "'binary_data_output' must be a bool");
    }
    return body->reader.mistake ? json_error(body) : status_ok();
}

static Status read_list(Body *body, const char *what, Status (*read)(Body *body)) {
    TRY(expect(body, JSON_KIND_ARRAY, what, "an array"));
    json_open(&body->reader);
    while (json_next_element(&body->reader)) {
        TRY(read(body));
    }
    return body->reader.mistake ? json_error(body) : status_ok();
}

static Status read_member(Body *body, StringView key, StringView *outputs) {
    if (text_equal(key, text_view("id")))
        return read_text(body, "'id'", &body->rest->wire.id);
    if (text_equal(key, text_view("parameters")))
        return read_parameters(body);
    if (text_equal(key, text_view("inputs")) && body->rest->wire.input_count == 0)
        return read_list(body, "'inputs'", read_input);
    /* Outputs are read last: a parameter of the request is their default. */
    bool is_outputs = text_equal(key, text_view("outputs"));
    return json_skip(&body->reader, is_outputs ? outputs : NULL) ? status_ok() : json_error(body);
}

static Status read_json(Body *body) {
    StringView key, outputs = { 0 };
    if (json_peek(&body->reader) == JSON_KIND_NOTHING)
        return json_error(body);
    TRY(expect(body, JSON_KIND_OBJECT, "the request", "an object"));
    json_open(&body->reader);
    while (json_next_member(&body->reader, body->arena, &key)) {
        TRY(read_member(body, key, &outputs));
    }
    if (body->reader.mistake)
        return json_error(body);
    if (outputs.length > 0) {
        body->reader = json_reader_of(outputs.data, outputs.length);
        TRY(read_list(body, "'outputs'", read_output));
    }
    if (body->rest->wire.input_count == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "Unable to parse 'inputs': there are none");
    if (body->binary_at != body->rest->body.length)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "unexpected additional input data for model '%.*s': %zu bytes are left",
                            TEXT_ARGS(body->rest->wire.model),
                            body->rest->body.length - body->binary_at);
    return status_ok();
}

/* Inference-Header-Content-Length: digits only, within the body. */
static Status read_header_length(RestInfer *rest) {
    const char *text = rest->exchange->headers[HEADER_INFERENCE_LENGTH];
    rest->json_bytes = rest->body.length;
    if (!text)
        return status_ok();
    size_t length = 0;
    for (const char *at = text; *at; at++)
        if (*at < '0' || *at > '9' || !size_mul(length, 10, &length) ||
            !size_add(length, (size_t)(*at - '0'), &length))
            length = SIZE_MAX, at = "x";
    if (!*text || length > rest->body.length)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "Inference-Header-Content-Length must be a number of at most the "
                            "body's %zu bytes",
                            rest->body.length);
    rest->json_bytes = length;
    rest->is_raw = length == 0;
    return status_ok();
}

static Status infer_decode(const Spans *message, size_t header_limit_bytes, Arena *arena,
                           WireInfer *wire) {
    (void)message, (void)header_limit_bytes;
    RestInfer *rest = (RestInfer *)(void *)wire;
    TRY(read_header_length(rest));
    if (rest->is_raw)
        return status_ok();
    Body body = { .rest = rest,
                  .arena = arena,
                  .reader = json_reader_of(rest->body.data, rest->json_bytes),
                  .binary_at = rest->json_bytes };
    TRY(read_json(&body));
    const StringView *duplicate;
    TRY(wire_duplicate_input(wire, arena, &duplicate));
    if (duplicate)
        return status_error(STATUS_INVALID_ARGUMENT, "input '%.*s' already exists in request",
                            TEXT_ARGS(*duplicate));
    for (size_t i = 0; i < wire->input_count; i++)
        wire->payload_bytes += wire->inputs[i].payload.bytes + wire->inputs[i].text_bytes;
    return status_ok();
}

/* The body is the only input: what the model says is its shape, with at most one dim to find. */
static Status bind_raw(RestInfer *rest, Arena *arena, const ModelVersion *version) {
    const Signature *signature = &version->signature;
    if (signature->input_count != 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "Raw request must only have 1 input (found %zu) to be deduced but got "
                            "%zu inputs in '%s' model configuration",
                            (size_t)1, signature->input_count, version->name);
    const SignatureTensor *input = &signature->inputs[0];
    WireTensor *tensor = arena_calloc(arena, 1, sizeof *tensor);
    if (!tensor)
        return arena_exhausted(arena);
    *tensor = (WireTensor){ .name = text_view(input->name),
                            .dtype = input->dtype,
                            .shape = input->shape };
    size_t fixed = MAX_OF(dtype_bytes(input->dtype), (size_t)1), open = 0, open_axis = 0;
    for (int32_t i = 0; i < tensor->shape.rank; i++) {
        if (i == 0 && signature->batched)
            tensor->shape.dims[0] = 1;
        if (tensor->shape.dims[i] < 0)
            open++, open_axis = (size_t)i;
        else if (!size_mul(fixed, (size_t)tensor->shape.dims[i], &fixed))
            return status_error(STATUS_INVALID_ARGUMENT, "the shape of '%s' overflows",
                                input->name);
    }
    if (tensor->shape.rank < 0 || open > 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "The shape of the raw input '%s' can not be deduced because there are "
                            "more than one variable-sized dimension",
                            input->name);
    if (open)
        tensor->shape.dims[open_axis] =
            input->dtype == DTYPE_STRING ? 1
                                         : (int64_t)(rest->body.length / MAX_OF(fixed, (size_t)1));
    Body body = { .rest = rest, .arena = arena };
    rest->wire.inputs = tensor;
    rest->wire.input_count = 1;
    rest->binary_output = true;
    return take_binary(&body, tensor, rest->body.length);
}

static Status infer_bind(WireInfer *wire, Arena *arena, InferRequest *request) {
    RestInfer *rest = (RestInfer *)(void *)wire;
    if (rest->is_raw)
        TRY(bind_raw(rest, arena, request->lease.version));
    return INFERENCE_INFER.bind(wire, arena, request);
}

static Status infer_describe(const Status *status, const WireInfer *wire) {
    return INFERENCE_INFER.describe(status, wire);
}

static const InferProtocol REST_INFER = {
    .name = "inference-rest",
    .decode = infer_decode,
    .decode_cost_ns = decode_cost_ns,
    .bind = infer_bind,
    .encode = rest_inference_encode,
    .describe = infer_describe,
};

void rest_inference_infer(HttpExchange *exchange) {
    rest_infer_start(exchange, &REST_INFER, REST_INFERENCE);
}
