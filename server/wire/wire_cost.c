/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Costs are per byte on the wire, measured roughly: a varint takes about 11 ns and at least a byte,
 * a short string about as much as its bytes twice over. Both walks look at field heads only and
 * skip what they do not need, so that the estimate itself takes well under a microsecond. Thread:
 * rpc, http.
 */

#include "server/wire/wire_cost.h"

#include "runtime/base/size.h"
#include "server/wire/span_reader.h"

#include <string.h>

enum { VARINT_BYTE_NS = 8, STRING_BYTE_NS = 2, ELEMENTS_PER_NS = 4, FREE_BYTES = 4096 };

/* tensorflow.PredictRequest, its map entries, TensorProto and TensorShapeProto */
enum {
    PREDICT_INPUTS = 2,
    ENTRY_VALUE = 2,
    TENSOR_SHAPE = 2,
    TENSOR_INT_VAL = 7,
    TENSOR_STRING_VAL = 8,
    TENSOR_INT64_VAL = 10,
    TENSOR_BOOL_VAL = 11,
    TENSOR_HALF_VAL = 13,
    TENSOR_UINT32_VAL = 16,
    TENSOR_UINT64_VAL = 17,
    SHAPE_DIM = 2,
    DIM_SIZE = 1,
};

/* inference.ModelInferRequest, InferInputTensor and InferTensorContents */
enum {
    INFER_INPUTS = 5,
    INFER_RAW = 7,
    INPUT_DATATYPE = 2,
    INPUT_CONTENTS = 5,
    CONTENTS_FP32 = 6,
    CONTENTS_FP64 = 7
};

static const uint8_t TENSOR_FIELD_NS[] = {
    [TENSOR_INT_VAL] = VARINT_BYTE_NS,    [TENSOR_STRING_VAL] = STRING_BYTE_NS,
    [TENSOR_INT64_VAL] = VARINT_BYTE_NS,  [TENSOR_BOOL_VAL] = VARINT_BYTE_NS,
    [TENSOR_HALF_VAL] = VARINT_BYTE_NS,   [TENSOR_UINT32_VAL] = VARINT_BYTE_NS,
    [TENSOR_UINT64_VAL] = VARINT_BYTE_NS,
};

static uint64_t dim_size(SpanReader dim) {
    uint64_t size = 0;
    WireField field;
    while (span_reader_next(&dim, &field) == WIRE_FIELD)
        if (field.number == DIM_SIZE && field.type == WIRE_VARINT)
            size = field.scalar;
    return size;
}

/* Product of the dims; saturates. */
static uint64_t shape_size(SpanReader shape) {
    size_t elements = 1;
    WireField field;
    while (span_reader_next(&shape, &field) == WIRE_FIELD)
        if (field.number == SHAPE_DIM && field.type == WIRE_BYTES &&
            !size_mul(elements, (size_t)dim_size(field.bytes), &elements))
            return UINT64_MAX;
    return elements;
}

static uint64_t tensor_cost_ns(SpanReader tensor) {
    uint64_t cost_ns = 0, given = tensor.left;
    WireField field;
    while (span_reader_next(&tensor, &field) == WIRE_FIELD) {
        if (field.type == WIRE_BYTES && field.number == TENSOR_SHAPE) {
            uint64_t elements = shape_size(field.bytes); /* beyond what was sent: repetition */
            cost_ns += elements > given ? (elements - given) / ELEMENTS_PER_NS : 0;
        } else if (field.type == WIRE_BYTES && field.number < ARRAY_LENGTH(TENSOR_FIELD_NS))
            cost_ns += TENSOR_FIELD_NS[field.number] * (uint64_t)field.bytes.left;
    }
    return cost_ns;
}

uint64_t wire_cost_tensorflow_ns(const Spans *message) {
    SpanReader reader = span_reader_of(message);
    uint64_t cost_ns = 0;
    WireField field, part;
    while (span_reader_next(&reader, &field) == WIRE_FIELD)
        while (field.number == PREDICT_INPUTS && field.type == WIRE_BYTES &&
               span_reader_next(&field.bytes, &part) == WIRE_FIELD)
            if (part.number == ENTRY_VALUE && part.type == WIRE_BYTES)
                cost_ns += tensor_cost_ns(part.bytes);
    return cost_ns;
}

static uint64_t contents_cost_ns(SpanReader contents) {
    uint64_t cost_ns = 0;
    WireField field;
    while (span_reader_next(&contents, &field) == WIRE_FIELD)
        if (field.type == WIRE_BYTES && field.number != CONTENTS_FP32 &&
            field.number != CONTENTS_FP64)
            cost_ns += VARINT_BYTE_NS * (uint64_t)field.bytes.left;
    return cost_ns;
}

static bool is_bytes(SpanReader datatype) {
    char name[5];
    return datatype.left == sizeof name && span_reader_copy(&datatype, sizeof name, name) &&
           memcmp(name, "BYTES", sizeof name) == 0;
}

uint64_t wire_cost_inference_ns(const Spans *message) {
    if (message->bytes <= FREE_BYTES)
        return 0;
    SpanReader reader = span_reader_of(message);
    uint64_t cost_ns = 0, raw_bytes = 0;
    bool has_strings = false;
    WireField field, part;
    while (span_reader_next(&reader, &field) == WIRE_FIELD) {
        if (field.number == INFER_RAW && field.type == WIRE_BYTES)
            raw_bytes += field.bytes.left;
        while (field.number == INFER_INPUTS && field.type == WIRE_BYTES &&
               span_reader_next(&field.bytes, &part) == WIRE_FIELD) {
            has_strings |=
                part.type == WIRE_BYTES && part.number == INPUT_DATATYPE && is_bytes(part.bytes);
            if (part.type == WIRE_BYTES && part.number == INPUT_CONTENTS)
                cost_ns += contents_cost_ns(part.bytes);
        }
    }
    return cost_ns + (has_strings ? STRING_BYTE_NS * raw_bytes : 0);
}
