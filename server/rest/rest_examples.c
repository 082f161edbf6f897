/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TensorFlow Serving's REST classify and regress. The body becomes the tensorflow.serving.Input
 * that gRPC would have brought, so that one reader says what examples mean; the reply is written
 * from the same scores. A feature's kind is that of its values: texts and {"b64": ...} are bytes,
 * numbers and truth values integers, and floats as soon as one of them has a fraction. Lengths on
 * the wire are written behind what they count, in five bytes each. Pure but for the arena. Source:
 * reference tensorflow_serving.md 2.2.
 */

#include "runtime/base/size.h"
#include "runtime/json/base64.h"
#include "runtime/json/decimal_read.h"
#include "server/rest/decimal_write.h"
#include "server/rest/rest.h"
#include "server/wire/wire_builder.h"
#include "server/wire/wire_scores.h"
#include "server/wire/wire_writer.h"

static const char PARSE_ERROR[] = "JSON Parse error: ";
enum {
    JSON_NS_PER_BYTE = 10,
    SHOWN_MAX = 64,
    INPUT_LIST_WITH_CONTEXT = 2,
    LIST_EXAMPLES = 1,
    LIST_CONTEXT = 2,
    EXAMPLE_FEATURES = 1,
    FEATURES_ENTRY = 1,
    ENTRY_KEY = 1,
    ENTRY_VALUE = 2,
    LIST_VALUE = 1,
};

typedef enum Kind { KIND_NONE = 0, KIND_BYTES = 1, KIND_FLOATS = 2, KIND_INTEGERS = 3 } Kind;

typedef struct Builder {
    Arena *arena;
    JsonReader *reader;
    WireBuilder wire;
    size_t examples;
    bool has_context;
} Builder;

static uint64_t decode_cost_ns(const Spans *message) {
    return message->bytes * JSON_NS_PER_BYTE;
}

static Status json_error(const Builder *builder) {
    return rest_json_error(builder->reader, builder->arena, PARSE_ERROR);
}

/* --- one value --- */

static Status not_a_value(StringView name) {
    return status_error(STATUS_INVALID_ARGUMENT,
                        "Example feature: '%.*s' must be a value or a flat list of values of one "
                        "type (strings, {\"b64\": ...}, numbers or truth values)",
                        TEXT_ARGS(text_cut(name, SHOWN_MAX)));
}

/* {"b64": "..."} with the reader at the brace. */
static Status read_base64(Builder *builder, StringView name, StringView *ret_text) {
    JsonReader *reader = builder->reader;
    StringView key, text;
    json_open(reader);
    if (!json_next_member(reader, builder->arena, &key) || !text_equal(key, text_view("b64")) ||
        json_peek(reader) != JSON_KIND_STRING)
        return reader->mistake ? json_error(builder) : not_a_value(name);
    if (!json_read_string(reader, builder->arena, &text))
        return json_error(builder);
    char *bytes = arena_alloc(builder->arena, base64_bytes_max(text.length));
    if (!bytes)
        return arena_exhausted(builder->arena);
    size_t length;
    if (!base64_decode(text.data, text.length, bytes, &length))
        return status_error(STATUS_INVALID_ARGUMENT, "Unable to base64 decode feature '%.*s'",
                            TEXT_ARGS(text_cut(name, SHOWN_MAX)));
    if (json_next_member(reader, builder->arena, &key))
        return not_a_value(name);
    *ret_text = (StringView){ .data = bytes, .length = length };
    return reader->mistake ? json_error(builder) : status_ok();
}

static Status put_text_value(Builder *builder, StringView name) {
    StringView text;
    if (json_peek(builder->reader) == JSON_KIND_OBJECT)
        TRY(read_base64(builder, name, &text));
    else if (!json_read_string(builder->reader, builder->arena, &text))
        return json_error(builder);
    return wire_builder_bytes(&builder->wire, LIST_VALUE, text);
}

static bool read_number(JsonReader *reader, Decimal *ret_decimal, double *ret_special,
                        bool *ret_is_special) {
    const char *end = json_not_finite(reader->at, reader->end, ret_special);
    *ret_is_special = end != NULL;
    if (!end)
        end = decimal_scan(reader->at, reader->end, ret_decimal);
    if (!end)
        return json_fail(reader, reader->at, "Invalid value.");
    reader->at = end;
    return true;
}

static Status put_float_value(Builder *builder) {
    Decimal decimal;
    double special;
    bool is_special;
    if (!read_number(builder->reader, &decimal, &special, &is_special))
        return json_error(builder);
    float value = is_special ? (float)special : decimal_to_f32(&decimal);
    memcpy(builder->wire.data + builder->wire.length, &value, sizeof value);
    builder->wire.length += sizeof value;
    return status_ok();
}

static Status put_integer_value(Builder *builder, StringView name) {
    Decimal decimal;
    double special;
    bool is_special, flag = false;
    int64_t value = 0;
    if (json_peek(builder->reader) == JSON_KIND_BOOL) {
        if (!json_read_bool(builder->reader, &flag))
            return json_error(builder);
        value = flag;
    } else if (!read_number(builder->reader, &decimal, &special, &is_special)) {
        return json_error(builder);
    } else if (!decimal_to_i64(&decimal, &value)) {
        return status_error(STATUS_INVALID_ARGUMENT,
                            "Feature '%.*s' has an integer out of range for int64",
                            TEXT_ARGS(text_cut(name, SHOWN_MAX)));
    }
    unsigned char *end = put_varint(builder->wire.data + builder->wire.length, (uint64_t)value);
    builder->wire.length = (size_t)(end - builder->wire.data);
    return status_ok();
}

/* --- a feature --- */

static Kind value_kind(JsonReader *reader) {
    Decimal decimal;
    double special;
    bool is_special;
    switch (json_peek(reader)) {
    case JSON_KIND_STRING:
    case JSON_KIND_OBJECT:
        return KIND_BYTES;
    case JSON_KIND_BOOL:
        return KIND_INTEGERS;
    case JSON_KIND_NUMBER: {
        JsonReader ahead = *reader;
        if (!read_number(&ahead, &decimal, &special, &is_special))
            return KIND_NONE;
        return is_special || !decimal.is_integer ? KIND_FLOATS : KIND_INTEGERS;
    }
    default:
        return KIND_NONE;
    }
}

/* Of all values: integers and floats together are floats. KIND_NONE: they do not go together, or
 * there are none. */
static Kind list_kind(JsonReader reader, bool *ret_is_empty) {
    Kind kind = KIND_NONE;
    *ret_is_empty = true;
    json_open(&reader);
    while (json_next_element(&reader)) {
        *ret_is_empty = false;
        Kind one = value_kind(&reader);
        bool is_number = one == KIND_FLOATS || one == KIND_INTEGERS;
        bool was_number = kind == KIND_FLOATS || kind == KIND_INTEGERS;
        if (one == KIND_NONE || (kind != KIND_NONE && is_number != was_number))
            return KIND_NONE;
        kind = kind == KIND_NONE || one == KIND_FLOATS ? one : kind;
        if (!json_skip(&reader, NULL))
            return KIND_NONE;
    }
    return kind;
}

static Status put_value(Builder *builder, Kind kind, StringView name) {
    enum { NUMBER_BYTES_MAX = 10 };
    if (kind == KIND_BYTES)
        return put_text_value(builder, name);
    TRY(wire_builder_reserve(&builder->wire, NUMBER_BYTES_MAX));
    return kind == KIND_FLOATS ? put_float_value(builder) : put_integer_value(builder, name);
}

static Status put_values(Builder *builder, Kind kind, bool is_list, StringView name) {
    if (!is_list)
        return put_value(builder, kind, name);
    json_open(builder->reader);
    while (json_next_element(builder->reader)) {
        TRY(put_value(builder, kind, name));
    }
    return builder->reader->mistake ? json_error(builder) : status_ok();
}

/* Feature { BytesList, FloatList or Int64List }; numbers are packed. */
static Status put_feature(Builder *builder, StringView name) {
    JsonReader *reader = builder->reader;
    bool is_list = json_peek(reader) == JSON_KIND_ARRAY, is_empty = false;
    Kind kind = is_list ? list_kind(*reader, &is_empty) : value_kind(reader);
    if (kind == KIND_NONE && is_empty)
        kind = KIND_INTEGERS; /* [] */
    if (kind == KIND_NONE) {
        JsonReader ahead = *reader;
        return json_skip(&ahead, NULL) ? not_a_value(name)
                                       : rest_json_error(&ahead, builder->arena, PARSE_ERROR);
    }
    size_t list, packed = 0;
    TRY(wire_builder_open(&builder->wire, kind, &list));
    if (kind != KIND_BYTES)
        TRY(wire_builder_open(&builder->wire, LIST_VALUE, &packed));
    TRY(put_values(builder, kind, is_list, name));
    if (kind != KIND_BYTES)
        TRY(wire_builder_close(&builder->wire, packed));
    return wire_builder_close(&builder->wire, list);
}

/* An object of features as an Example, in the field of that number. */
static Status put_example(Builder *builder, uint32_t number) {
    JsonReader *reader = builder->reader;
    StringView name;
    size_t example, features, entry, value;
    if (json_peek(reader) != JSON_KIND_OBJECT)
        return reader->mistake || reader->at == reader->end
                   ? json_error(builder)
                   : status_error(STATUS_INVALID_ARGUMENT,
                                  "Example must be JSON object but got something else at offset: "
                                  "%zu",
                                  (size_t)(reader->at - reader->begin));
    TRY(wire_builder_open(&builder->wire, number, &example));
    TRY(wire_builder_open(&builder->wire, EXAMPLE_FEATURES, &features));
    json_open(reader);
    while (json_next_member(reader, builder->arena, &name)) {
        TRY(wire_builder_open(&builder->wire, FEATURES_ENTRY, &entry));
        TRY(wire_builder_bytes(&builder->wire, ENTRY_KEY, name));
        TRY(wire_builder_open(&builder->wire, ENTRY_VALUE, &value));
        TRY(put_feature(builder, name));
        TRY(wire_builder_close(&builder->wire, value));
        TRY(wire_builder_close(&builder->wire, entry));
    }
    if (reader->mistake)
        return json_error(builder);
    TRY(wire_builder_close(&builder->wire, features));
    return wire_builder_close(&builder->wire, example);
}

/* --- the body --- */

static Status put_examples(Builder *builder) {
    JsonReader *reader = builder->reader;
    if (json_peek(reader) != JSON_KIND_ARRAY)
        return reader->mistake ? json_error(builder)
                               : status_error(STATUS_INVALID_ARGUMENT,
                                              "Expecting 'examples' value to be an array");
    json_open(reader);
    for (; json_next_element(reader); builder->examples++)
        TRY(put_example(builder, LIST_EXAMPLES));
    if (reader->mistake)
        return json_error(builder);
    return builder->examples > 0 ? status_ok()
                                 : status_error(STATUS_INVALID_ARGUMENT, "Input is empty.");
}

static Status put_member(Builder *builder, StringView key, WireTask *task, bool *has_examples) {
    JsonReader *reader = builder->reader;
    if (text_equal(key, text_view("signature_name"))) {
        if (json_peek(reader) != JSON_KIND_STRING)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "'signature_name' key must be a string value.");
        return json_read_string(reader, builder->arena, &task->signature) ? status_ok()
                                                                          : json_error(builder);
    }
    if (text_equal(key, text_view("context")) && !builder->has_context) {
        builder->has_context = true;
        return put_example(builder, LIST_CONTEXT);
    }
    if (text_equal(key, text_view("examples")) && !*has_examples) {
        *has_examples = true;
        return put_examples(builder);
    }
    return json_skip(reader, NULL) ? status_ok() : json_error(builder);
}

static Status read_body(Builder *builder, WireTask *task) {
    JsonReader *reader = builder->reader;
    bool has_examples = false;
    StringView key;
    JsonKind kind = json_peek(reader);
    if (kind == JSON_KIND_NOTHING)
        return json_error(builder);
    if (kind != JSON_KIND_OBJECT)
        return json_skip(reader, NULL) ? status_error(STATUS_INVALID_ARGUMENT,
                                                      "Request payload should be a JSON object")
                                       : json_error(builder);
    json_open(reader);
    while (json_next_member(reader, builder->arena, &key)) {
        TRY(put_member(builder, key, task, &has_examples));
    }
    if (reader->mistake)
        return json_error(builder);
    return has_examples ? status_ok()
                        : status_error(STATUS_INVALID_ARGUMENT,
                                       "When method is classify or regress, key 'examples' is "
                                       "expected and was not found");
}

static Status decode(WireInfer *wire, WireMethod method, Arena *arena) {
    RestInfer *rest = (RestInfer *)(void *)wire;
    JsonReader reader = json_reader_of(rest->body.data, rest->body.length);
    Builder builder = { .arena = arena, .reader = &reader, .wire = { .arena = arena } };
    WireExamples *examples = arena_calloc(arena, 1, sizeof *examples);
    WireTask *task = arena_calloc(arena, 1, sizeof *task);
    if (!examples || !task)
        return arena_exhausted(arena);
    *task = (WireTask){ .method = method, .signature = text_view("serving_default") };
    size_t mark;
    TRY(wire_builder_open(&builder.wire, INPUT_LIST_WITH_CONTEXT, &mark));
    TRY(read_body(&builder, task));
    TRY(wire_builder_close(&builder.wire, mark));
    Spans input;
    TRY(wire_builder_finish(&builder.wire, &input));
    TRY(wire_examples_decode(span_reader_of(&input), examples));
    examples->tasks = task;
    examples->task_count = 1;
    wire->examples = examples;
    return status_ok();
}

static Status classify_decode(const Spans *message, size_t header_limit_bytes, Arena *arena,
                              WireInfer *wire) {
    (void)message, (void)header_limit_bytes;
    return decode(wire, METHOD_CLASSIFY, arena);
}

static Status regress_decode(const Spans *message, size_t header_limit_bytes, Arena *arena,
                             WireInfer *wire) {
    (void)message, (void)header_limit_bytes;
    return decode(wire, METHOD_REGRESS, arena);
}

static Status bind_examples(WireInfer *wire, Arena *arena, InferRequest *request) {
    return TENSORFLOW_CLASSIFY.bind(wire, arena, request);
}

/* --- the reply --- */

static void put_row(JsonWriter *json, const WireScores *scores, size_t row) {
    json_put(json, "[");
    for (size_t i = 0; i < scores->per_row; i++) {
        StringView label = wire_score_label(scores, row, i);
        json_put(json, i > 0 ? ",[" : "[");
        json_put_string(json, label.data, label.length);
        json_put(json, ",");
        json_put_f32(json, wire_score(scores, row, i));
        json_put(json, "]");
    }
    json_put(json, "]");
}

static Status encode(const WireInfer *wire, const InferRequest *request, WireReply *reply) {
    (void)reply;
    JsonWriter *json = &rest_infer_of(wire)->output->json;
    const WireTask *task = &wire->examples->tasks[0];
    WireScores scores;
    TRY(wire_scores_of(request, task, wire->examples->count, &scores));
    json_put(json, "{\"results\":[");
    for (size_t row = 0; row < scores.rows; row++) {
        json_put(json, row > 0 ? "," : "");
        if (task->method == METHOD_CLASSIFY)
            put_row(json, &scores, row);
        else
            json_put_f32(json, wire_score(&scores, row, 0));
    }
    json_put(json, "]}");
    return status_ok();
}

static Status describe(const Status *status, const WireInfer *wire) {
    return TENSORFLOW_PREDICT.describe(status, wire);
}

#define EXAMPLES_PROTOCOL(api_, decode_)                                                           \
    {                                                                                              \
        .name = "tensorflow-rest", .api = (api_), .decode = (decode_),                             \
        .decode_cost_ns = decode_cost_ns, .bind = bind_examples, .encode = encode,                 \
        .describe = describe,                                                                      \
    }

static const InferProtocol REST_CLASSIFY = EXAMPLES_PROTOCOL(API_CLASSIFY, classify_decode);
static const InferProtocol REST_REGRESS = EXAMPLES_PROTOCOL(API_REGRESS, regress_decode);

void rest_tensorflow_classify(HttpExchange *exchange) {
    rest_infer_start(exchange, &REST_CLASSIFY, REST_TENSORFLOW);
}

void rest_tensorflow_regress(HttpExchange *exchange) {
    rest_infer_start(exchange, &REST_REGRESS, REST_TENSORFLOW);
}
