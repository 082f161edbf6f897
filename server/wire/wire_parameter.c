/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Parameters of requests and tensors. Source: reference open_inference_triton.md 1.3. Pure but for
 * the arena. */

#include "server/wire/wire_parameter.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

enum {
    ENTRY_KEY = 1,
    ENTRY_VALUE = 2,
    VALUE_BOOL = 1,
    VALUE_INT64 = 2,
    VALUE_STRING = 3,
    VALUE_DOUBLE = 4,
    VALUE_UINT64 = 5
};

/* Wire types of the values, by field number. */
static const WireType VALUE_TYPES[] = {
    [VALUE_BOOL] = WIRE_VARINT,    [VALUE_INT64] = WIRE_VARINT,  [VALUE_STRING] = WIRE_BYTES,
    [VALUE_DOUBLE] = WIRE_FIXED64, [VALUE_UINT64] = WIRE_VARINT,
};

typedef struct Parameter {
    StringView key;
    uint32_t kind; /* the field of InferParameter that is set; 0: none */
    uint64_t number;
    StringView text; /* STRING */
} Parameter;

typedef Status (*ParameterApply)(const Parameter *parameter, WireInfer *infer);

static Status wrong_type(const Parameter *parameter, const char *expected) {
    return status_error(STATUS_INVALID_ARGUMENT, "parameter '%.*s' must be %s",
                        TEXT_ARGS(parameter->key), expected);
}

static Status apply_priority(const Parameter *parameter, WireInfer *infer) {
    if (parameter->kind != VALUE_INT64 && parameter->kind != VALUE_UINT64)
        return wrong_type(parameter, "an int64 or uint64");
    if (parameter->number > UINT32_MAX)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "parameter 'priority' must be between 0 and %u", UINT32_MAX);
    infer->priority = (uint32_t)parameter->number;
    return status_ok();
}

static Status apply_timeout(const Parameter *parameter, WireInfer *infer) {
    if (parameter->kind != VALUE_INT64 || (int64_t)parameter->number < 0)
        return wrong_type(parameter, "an int64 of at least 0, in microseconds");
    infer->timeout_ns =
        parameter->number > TIME_NEVER / NS_PER_US ? TIME_NEVER : parameter->number * NS_PER_US;
    return status_ok();
}

static Status refuse(const Parameter *parameter, WireInfer *infer) {
    (void)infer;
    return status_error(STATUS_UNIMPLEMENTED, "parameter '%.*s' is not supported by this server",
                        TEXT_ARGS(parameter->key));
}

/* An id of 0 or "" means "not a sequence". */
static Status apply_sequence_id(const Parameter *parameter, WireInfer *infer) {
    bool is_text = parameter->kind == VALUE_STRING;
    if (!is_text && parameter->kind != VALUE_INT64 && parameter->kind != VALUE_UINT64)
        return wrong_type(parameter, "an int64, uint64 or string");
    infer->sequence_id = (SequenceId){ .is_given = true,
                                       .number = is_text ? 0 : parameter->number,
                                       .text = is_text ? parameter->text : (StringView){ 0 } };
    return status_ok();
}

static Status apply_sequence_start(const Parameter *parameter, WireInfer *infer) {
    if (parameter->kind != VALUE_BOOL)
        return wrong_type(parameter, "a bool");
    infer->sequence_start = parameter->number != 0;
    return status_ok();
}

static Status apply_sequence_end(const Parameter *parameter, WireInfer *infer) {
    if (parameter->kind != VALUE_BOOL)
        return wrong_type(parameter, "a bool");
    infer->sequence_end = parameter->number != 0;
    return status_ok();
}

static Status reserved(const Parameter *parameter, WireInfer *infer) {
    (void)infer;
    return status_error(STATUS_INVALID_ARGUMENT,
                        "parameter keys starting with 'triton_' are reserved for internal use, as "
                        "are 'headers' and 'binary_data_output': got '%.*s'",
                        TEXT_ARGS(parameter->key));
}

static Status ignore(const Parameter *parameter, WireInfer *infer) {
    (void)parameter;
    (void)infer;
    return status_ok();
}

static const struct {
    ParameterPlace place;
    const char *key;
    ParameterApply apply;
} ROWS[] = {
    { PARAMETER_OF_REQUEST, "priority", apply_priority },
    { PARAMETER_OF_REQUEST, "timeout", apply_timeout },
    { PARAMETER_OF_REQUEST, "sequence_id", apply_sequence_id },
    { PARAMETER_OF_REQUEST, "sequence_start", apply_sequence_start },
    { PARAMETER_OF_REQUEST, "sequence_end", apply_sequence_end },
    { PARAMETER_OF_REQUEST, "triton_enable_empty_final_response", ignore },
    { PARAMETER_OF_REQUEST, "headers", reserved },
    { PARAMETER_OF_REQUEST, "binary_data_output", reserved },
    { PARAMETER_OF_INPUT, "shared_memory_region", refuse },
    { PARAMETER_OF_OUTPUT, "shared_memory_region", refuse },
    { PARAMETER_OF_OUTPUT, "classification", refuse },
};

static Status read_value(SpanReader message, Arena *arena, Parameter *parameter) {
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&message, &field)) == WIRE_FIELD) {
        if (field.number >= ARRAY_LENGTH(VALUE_TYPES) || field.type != VALUE_TYPES[field.number])
            continue; /* unknown, as protobuf says */
        parameter->kind = field.number;
        parameter->number = field.type == WIRE_BYTES ? field.bytes.left : field.scalar;
        if (field.type == WIRE_BYTES)
            TRY(wire_text(field.bytes, arena, "a parameter's value", &parameter->text));
    }
    return result == WIRE_END ? status_ok() : wire_malformed("InferParameter");
}

Status wire_parameter_check(SpanReader entry, Arena *arena, ParameterPlace place,
                            WireInfer *infer) {
    Parameter parameter = { .key = { .data = "" } };
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&entry, &field)) == WIRE_FIELD) {
        if (field.number == ENTRY_KEY && field.type == WIRE_BYTES)
            TRY(wire_text(field.bytes, arena, "a parameter's key", &parameter.key));
        if (field.number == ENTRY_VALUE && field.type == WIRE_BYTES)
            TRY(read_value(field.bytes, arena, &parameter));
    }
    if (result != WIRE_END)
        return wire_malformed("InferParameter");
    for (size_t i = 0; i < ARRAY_LENGTH(ROWS); i++)
        if (ROWS[i].place == place && text_equal(text_view(ROWS[i].key), parameter.key))
            return ROWS[i].apply(&parameter, infer);
    bool is_reserved = parameter.key.length >= 7 && memcmp(parameter.key.data, "triton_", 7) == 0;
    return place == PARAMETER_OF_REQUEST && is_reserved ? reserved(&parameter, infer) : status_ok();
}
