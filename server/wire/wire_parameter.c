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
    SpanReader bytes; /* of a string */
    Arena *arena;
} Parameter;

typedef Status (*ParameterApply)(const Parameter *parameter, const ParameterTarget *target);

static Status wrong_type(const Parameter *parameter, const char *expected) {
    return status_error(STATUS_INVALID_ARGUMENT, "parameter '%.*s' must be %s",
                        TEXT_ARGS(parameter->key), expected);
}

static Status apply_priority(const Parameter *parameter, const ParameterTarget *target) {
    if (parameter->kind != VALUE_INT64 && parameter->kind != VALUE_UINT64)
        return wrong_type(parameter, "an int64 or uint64");
    if (parameter->number > UINT32_MAX)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "parameter 'priority' must be between 0 and %u", UINT32_MAX);
    target->infer->priority = (uint32_t)parameter->number;
    return status_ok();
}

static Status apply_timeout(const Parameter *parameter, const ParameterTarget *target) {
    if (parameter->kind != VALUE_INT64 || (int64_t)parameter->number < 0)
        return wrong_type(parameter, "an int64 of at least 0, in microseconds");
    target->infer->timeout_ns =
        parameter->number > TIME_NEVER / NS_PER_US ? TIME_NEVER : parameter->number * NS_PER_US;
    return status_ok();
}

/* An id of 0 or "" means "not a sequence". */
static Status apply_sequence_id(const Parameter *parameter, const ParameterTarget *target) {
    SequenceId *id = &target->infer->sequence_id;
    *id = (SequenceId){ .number = parameter->number, .text = { .data = "" } };
    if (parameter->kind == VALUE_STRING) {
        id->number = 0;
        TRY(wire_text(parameter->bytes, parameter->arena, "sequence_id", &id->text));
    } else if (parameter->kind != VALUE_INT64 && parameter->kind != VALUE_UINT64) {
        return wrong_type(parameter, "an int64, a uint64 or a string");
    }
    id->is_given = true;
    return status_ok();
}

static Status apply_flag(const Parameter *parameter, bool *flag) {
    if (parameter->kind != VALUE_BOOL)
        return wrong_type(parameter, "a bool");
    *flag = parameter->number != 0;
    return status_ok();
}

static Status apply_sequence_start(const Parameter *parameter, const ParameterTarget *target) {
    return apply_flag(parameter, &target->infer->sequence_start);
}

static Status apply_sequence_end(const Parameter *parameter, const ParameterTarget *target) {
    return apply_flag(parameter, &target->infer->sequence_end);
}

static Status apply_final(const Parameter *parameter, const ParameterTarget *target) {
    return apply_flag(parameter, &target->infer->wants_final);
}

static WireShared *shared_of(const ParameterTarget *target) {
    return target->input ? &target->input->shared : &target->output->shared;
}

static Status apply_region(const Parameter *parameter, const ParameterTarget *target) {
    if (parameter->kind != VALUE_STRING)
        return wrong_type(parameter, "a string");
    return wire_text(parameter->bytes, parameter->arena, "shared_memory_region",
                     &shared_of(target)->region);
}

static Status apply_region_bytes(const Parameter *parameter, const ParameterTarget *target) {
    if (parameter->kind != VALUE_INT64 || (int64_t)parameter->number < 0)
        return wrong_type(parameter, "an int64 of at least 0");
    shared_of(target)->bytes = parameter->number;
    shared_of(target)->has_bytes = true;
    return status_ok();
}

static Status apply_region_offset(const Parameter *parameter, const ParameterTarget *target) {
    if (parameter->kind != VALUE_INT64 || (int64_t)parameter->number < 0)
        return wrong_type(parameter, "an int64 of at least 0");
    shared_of(target)->offset = parameter->number;
    return status_ok();
}

static Status apply_classes(const Parameter *parameter, const ParameterTarget *target) {
    if (parameter->kind != VALUE_INT64 || (int64_t)parameter->number < 1 ||
        parameter->number > UINT32_MAX)
        return wrong_type(parameter, "an int64 of at least 1");
    target->output->classes = (uint32_t)parameter->number;
    return status_ok();
}

static Status reserved(const Parameter *parameter, const ParameterTarget *target) {
    (void)target;
    return status_error(STATUS_INVALID_ARGUMENT,
                        "parameter keys starting with 'triton_' are reserved for internal use, as "
                        "are 'headers' and 'binary_data_output': got '%.*s'",
                        TEXT_ARGS(parameter->key));
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
    { PARAMETER_OF_REQUEST, "triton_enable_empty_final_response", apply_final },
    { PARAMETER_OF_REQUEST, "headers", reserved },
    { PARAMETER_OF_REQUEST, "binary_data_output", reserved },
    { PARAMETER_OF_INPUT, "shared_memory_region", apply_region },
    { PARAMETER_OF_INPUT, "shared_memory_byte_size", apply_region_bytes },
    { PARAMETER_OF_INPUT, "shared_memory_offset", apply_region_offset },
    { PARAMETER_OF_OUTPUT, "shared_memory_region", apply_region },
    { PARAMETER_OF_OUTPUT, "shared_memory_byte_size", apply_region_bytes },
    { PARAMETER_OF_OUTPUT, "shared_memory_offset", apply_region_offset },
    { PARAMETER_OF_OUTPUT, "classification", apply_classes },
};

static Status read_value(SpanReader message, Parameter *parameter) {
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&message, &field)) == WIRE_FIELD) {
        if (field.number >= ARRAY_LENGTH(VALUE_TYPES) || field.type != VALUE_TYPES[field.number])
            continue; /* unknown, as protobuf says */
        parameter->kind = field.number;
        parameter->number = field.type == WIRE_BYTES ? field.bytes.left : field.scalar;
        parameter->bytes = field.bytes;
    }
    return result == WIRE_END ? status_ok() : wire_malformed("InferParameter");
}

Status wire_parameter_check(SpanReader entry, Arena *arena, ParameterPlace place,
                            const ParameterTarget *target) {
    Parameter parameter = { .key = { .data = "" }, .arena = arena };
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&entry, &field)) == WIRE_FIELD) {
        if (field.number == ENTRY_KEY && field.type == WIRE_BYTES)
            TRY(wire_text(field.bytes, arena, "a parameter's key", &parameter.key));
        if (field.number == ENTRY_VALUE && field.type == WIRE_BYTES)
            TRY(read_value(field.bytes, &parameter));
    }
    if (result != WIRE_END)
        return wire_malformed("InferParameter");
    for (size_t i = 0; i < ARRAY_LENGTH(ROWS); i++)
        if (ROWS[i].place == place && text_equal(text_view(ROWS[i].key), parameter.key))
            return ROWS[i].apply(&parameter, target);
    bool is_reserved = parameter.key.length >= 7 && memcmp(parameter.key.data, "triton_", 7) == 0;
    return place == PARAMETER_OF_REQUEST && is_reserved ? reserved(&parameter, target)
                                                        : status_ok();
}

Status wire_shared_check(const WireShared *shared, StringView name, bool has_data,
                         uint32_t classes) {
    if (shared->region.length == 0)
        return status_ok();
    if (!shared->has_bytes)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "'shared_memory_byte_size' must be specified along with "
                            "'shared_memory_region' for '%.*s'",
                            TEXT_ARGS(text_cut(name, 100)));
    if (has_data)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "unexpected data for '%.*s': 'shared_memory_region' says where it is",
                            TEXT_ARGS(text_cut(name, 100)));
    if (classes > 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "shared memory and 'classification' exclude each other for output "
                            "'%.*s'",
                            TEXT_ARGS(text_cut(name, 100)));
    return status_ok();
}
