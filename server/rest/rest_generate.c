/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Triton's generate and generate_stream: one flat object in, flat objects out. A key that names an
 * input becomes its tensor, shaped by what the model declares; any other is a parameter of the
 * request. Since that needs the model, the body is read in bind. generate wants exactly one
 * response; generate_stream gives each as an event, and the events leave together when the last one
 * is there. Thread: as InferProtocol says. Source: reference open_inference_triton.md 2.4.
 */

#include "runtime/base/size.h"
#include "server/rest/json_tensor.h"
#include "server/rest/rest.h"
#include "server/rest/rest_parameter.h"
#include "server/wire/inference_tensor.h"

static const char PARSE_ERROR[] = "failed to parse the request JSON buffer: ";
enum { JSON_NS_PER_BYTE = 2 };

typedef struct Body {
    RestInfer *rest;
    Arena *arena;
    const Signature *signature;
    JsonReader reader;
} Body;

static uint64_t decode_cost_ns(const Spans *message) {
    return message->bytes * JSON_NS_PER_BYTE;
}

static Status decode(const Spans *message, size_t header_limit_bytes, Arena *arena,
                     WireInfer *wire) {
    (void)header_limit_bytes, (void)arena, (void)wire;
    if (message->bytes > 0)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "%sThe document is empty. at offset: 0",
                        PARSE_ERROR);
}

static Status json_error(const Body *body) {
    return rest_json_error(&body->reader, body->arena, PARSE_ERROR);
}

/* --- tensors --- */

static Status bad_shape(const SignatureTensor *input) {
    return status_error(STATUS_INVALID_ARGUMENT,
                        "The schema can not convert input '%s' to tensor with proper shape",
                        input->name);
}

/* Fixed dims divide the elements, the innermost open one takes what is left, others are 1. */
static Status fit_shape(const SignatureTensor *input, size_t elements, Shape *ret_shape) {
    Shape shape = input->shape;
    int32_t open = -1;
    size_t fixed = 1;
    if (shape.rank == SHAPE_UNRANKED) {
        *ret_shape = (Shape){ .rank = 1, .dims = { (int64_t)elements } };
        return status_ok();
    }
    for (int32_t i = 0; i < shape.rank; i++) {
        if (shape.dims[i] == DIM_UNKNOWN)
            shape.dims[open = i] = 1;
        else if (!size_mul(fixed, (size_t)shape.dims[i], &fixed))
            return bad_shape(input);
    }
    if (open >= 0 && fixed > 0 && elements % fixed == 0)
        shape.dims[open] = (int64_t)(elements / fixed);
    size_t filled;
    if (!shape_elements(&shape, &filled) || filled != elements)
        return bad_shape(input);
    *ret_shape = shape;
    return status_ok();
}

static Status read_tensor(Body *body, const SignatureTensor *input, WireTensor *tensor) {
    JsonReader *reader = &body->reader;
    if (!json_tensor_has_type(input->dtype))
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s' is %s, which has no JSON form",
                            input->name, inference_dtype_name(input->dtype));
    AUTO(json_tensor_deinit) JsonTensor values;
    json_tensor_init(&values,
                     &(JsonTensorOptions){ .dtype = input->dtype,
                                           .arena = body->arena,
                                           .type_name = inference_dtype_name(input->dtype),
                                           .hint_bytes = (size_t)(reader->end - reader->at) });
    values.offset = (size_t)(reader->at - reader->begin);
    size_t used;
    TRY(json_tensor_feed(&values, reader->at, (size_t)(reader->end - reader->at), true, &used));
    reader->at += used;
    Shape given;
    json_tensor_shape(&values, &given);
    if (given.rank > 1)
        return bad_shape(input);
    *tensor = (WireTensor){ .name = text_view(input->name),
                            .dtype = input->dtype,
                            .has_data = true,
                            .text_bytes = values.text_bytes };
    TRY(fit_shape(input, values.count, &tensor->shape));
    size_t bytes = values.count * values.element_bytes;
    return bytes > 0 ? wire_payload_of(values.data, bytes, body->arena, &tensor->payload)
                     : status_ok();
}

/* --- the object --- */

/* An input or a parameter. */
static Status read_value(Body *body, StringView key) {
    WireInfer *wire = &body->rest->wire;
    size_t input = signature_find_input(body->signature, key);
    if (input == INDEX_NONE)
        return rest_parameter_check(&body->reader, key, PARAMETER_OF_REQUEST,
                                    &(ParameterTarget){ .infer = wire }, body->arena);
    for (size_t i = 0; i < wire->input_count; i++)
        if (text_equal(wire->inputs[i].name, key))
            return status_error(STATUS_INVALID_ARGUMENT, "input '%.*s' already exists in request",
                                TEXT_ARGS(key));
    (void)json_peek(&body->reader);
    return read_tensor(body, &body->signature->inputs[input], &wire->inputs[wire->input_count++]);
}

static Status read_parameters(Body *body) {
    StringView key;
    if (json_peek(&body->reader) != JSON_KIND_OBJECT)
        return status_error(STATUS_INVALID_ARGUMENT, "%s'parameters' must be an object",
                            PARSE_ERROR);
    json_open(&body->reader);
    while (json_next_member(&body->reader, body->arena, &key)) {
        TRY(read_value(body, key));
    }
    return body->reader.mistake ? json_error(body) : status_ok();
}

static Status read_member(Body *body, StringView key) {
    bool is_input = signature_find_input(body->signature, key) != INDEX_NONE;
    if (!is_input && text_equal(key, text_view("parameters")))
        return read_parameters(body);
    if (is_input || !text_equal(key, text_view("id")))
        return read_value(body, key);
    if (json_peek(&body->reader) != JSON_KIND_STRING)
        return status_error(STATUS_INVALID_ARGUMENT, "%s'id' must be a string", PARSE_ERROR);
    return json_read_string(&body->reader, body->arena, &body->rest->wire.id) ? status_ok()
                                                                              : json_error(body);
}

static Status read_body(Body *body) {
    StringView key;
    if (json_peek(&body->reader) != JSON_KIND_OBJECT)
        return json_skip(&body->reader, NULL)
                   ? status_error(STATUS_INVALID_ARGUMENT, "%sexpected an object", PARSE_ERROR)
                   : json_error(body);
    json_open(&body->reader);
    while (json_next_member(&body->reader, body->arena, &key)) {
        TRY(read_member(body, key));
    }
    return body->reader.mistake ? json_error(body) : status_ok();
}

static Status bind_body(WireInfer *wire, Arena *arena, InferRequest *request) {
    RestInfer *rest = (RestInfer *)(void *)wire;
    Body body = { .rest = rest,
                  .arena = arena,
                  .signature = &request->lease.version->signature,
                  .reader = json_reader_of(rest->body.data, rest->body.length) };
    wire->inputs = arena_calloc(arena, body.signature->input_count, sizeof *wire->inputs);
    if (!wire->inputs)
        return arena_exhausted(arena);
    TRY(read_body(&body));
    return INFERENCE_INFER.bind(wire, arena, request);
}

/* --- the reply --- */

static Status encode(const WireInfer *wire, const InferRequest *request, WireReply *reply) {
    (void)reply;
    const ModelVersion *version = request->lease.version;
    JsonWriter *json = &rest_infer_of(wire)->output->json;
    json_put(json, "{");
    if (wire->id.length > 0) {
        json_put(json, "\"id\":");
        json_put_string(json, wire->id.data, wire->id.length);
        json_put(json, ",");
    }
    json_put(json, "\"model_name\":");
    json_put_string(json, version->name, strlen(version->name));
    json_put(json, ",\"model_version\":\"");
    json_put_int(json, version->number);
    json_put(json, "\"");
    for (size_t i = 0; i < wire->output_count; i++) {
        Tensor tensor = request->outputs[wire->output_index[i]];
        const char *name = version->signature.outputs[wire->output_index[i]].name;
        if (!json_can_write(tensor.dtype))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "output '%s' is %s, which has no JSON form", name,
                                dtype_name(tensor.dtype));
        json_put(json, ",");
        json_put_string(json, name, strlen(name));
        json_put(json, ":");
        bool is_one = tensor_elements(&tensor) == 1;
        if (is_one)
            tensor.shape.rank = 0; /* a bare value */
        json_put_tensor(json, &tensor, (JsonTensorStyle){ .is_flat = !is_one });
    }
    json_put(json, "}");
    return status_ok();
}

static Status describe(const Status *status, const WireInfer *wire) {
    return INFERENCE_INFER.describe(status, wire);
}

static const InferProtocol REST_GENERATE = {
    .name = "inference-rest",
    .api = API_INFER,
    .decode = decode,
    .decode_cost_ns = decode_cost_ns,
    .bind = bind_body,
    .encode = encode,
    .describe = describe,
};

void rest_generate(HttpExchange *exchange) {
    rest_infer_start_one(exchange, &REST_GENERATE, REST_INFERENCE);
}

void rest_generate_stream(HttpExchange *exchange) {
    rest_infer_start_events(exchange, &REST_GENERATE, REST_INFERENCE);
}
