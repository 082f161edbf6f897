/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Examples become input tensors in two walks: the first example says how many values a feature has,
 * and so the shape; then every example fills its row. A context is an example that is read before
 * each one, so that what the example says itself wins, as when the two messages are joined.
 * Integers are taken where a model wants floats: people write 2 for 2.0. Nothing is allocated
 * before the number of examples has been counted on the wire; texts are copied into the arena.
 * Thread: that of the request; pure but for the arena.
 */

#include "server/wire/wire_examples.h"

#include "runtime/base/size.h"
#include "server/wire/tensorflow_tensor.h"

enum {
    INPUT_LIST = 1,
    INPUT_LIST_WITH_CONTEXT = 2,
    LIST_EXAMPLES = 1,
    LIST_CONTEXT = 2,
    EXAMPLE_FEATURES = 1,
    FEATURES_ENTRY = 1,
    ENTRY_KEY = 1,
    ENTRY_VALUE = 2,
    KIND_BYTES = 1,
    KIND_FLOATS = 2,
    KIND_INTEGERS = 3,
    LIST_VALUE = 1,
    NAME_MAX_BYTES = 256, /* a feature's name that is longer is no input's */
};

const char *wire_method_name(WireMethod method) {
    static const char *const names[] = { [METHOD_CLASSIFY] = "tensorflow/serving/classify",
                                         [METHOD_REGRESS] = "tensorflow/serving/regress" };
    return names[method];
}

/* --- the list --- */

static Status count_examples(WireExamples *examples) {
    SpanReader list = examples->list;
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&list, &field)) == WIRE_FIELD) {
        if (field.type != WIRE_BYTES)
            continue;
        examples->count += field.number == LIST_EXAMPLES;
        if (field.number == LIST_CONTEXT)
            examples->context = field.bytes;
    }
    if (result != WIRE_END)
        return wire_malformed("Input");
    if (examples->count == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "Input is empty.");
    return status_ok();
}

Status wire_examples_decode(SpanReader input, WireExamples *ret_examples) {
    WireField field;
    WireResult result;
    bool has_context = false;
    ret_examples->list = ret_examples->context = (SpanReader){ 0 };
    ret_examples->count = 0;
    while ((result = span_reader_next(&input, &field)) == WIRE_FIELD) {
        if (field.type != WIRE_BYTES ||
            (field.number != INPUT_LIST && field.number != INPUT_LIST_WITH_CONTEXT))
            continue;
        ret_examples->list = field.bytes; /* a oneof: the last one counts */
        has_context = field.number == INPUT_LIST_WITH_CONTEXT;
    }
    if (result != WIRE_END)
        return wire_malformed("Input");
    TRY(count_examples(ret_examples));
    if (!has_context)
        ret_examples->context = (SpanReader){ 0 };
    return status_ok();
}

/* --- one feature --- */

typedef struct Feature {
    uint32_t kind; /* KIND_; 0: an empty Feature */
    SpanReader values;
    size_t count;
} Feature;

static bool count_values(Feature *feature) {
    SpanReader list = feature->values;
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&list, &field)) == WIRE_FIELD) {
        if (field.number != LIST_VALUE)
            continue;
        bool is_packed = feature->kind != KIND_BYTES && field.type == WIRE_BYTES;
        if (!is_packed)
            feature->count++;
        else if (feature->kind == KIND_FLOATS)
            feature->count += field.bytes.left / sizeof(float);
        for (uint64_t value; is_packed && feature->kind == KIND_INTEGERS && field.bytes.left > 0;
             feature->count++)
            if (!span_reader_varint(&field.bytes, &value))
                return false;
    }
    return result == WIRE_END;
}

static Status read_feature(SpanReader message, Feature *ret_feature) {
    WireField field;
    WireResult result;
    *ret_feature = (Feature){ 0 };
    while ((result = span_reader_next(&message, &field)) == WIRE_FIELD) {
        if (field.type != WIRE_BYTES || field.number < KIND_BYTES || field.number > KIND_INTEGERS)
            continue;
        ret_feature->kind = field.number;
        ret_feature->values = field.bytes;
    }
    if (result != WIRE_END || !count_values(ret_feature))
        return wire_malformed("Example");
    return status_ok();
}

/* --- values into elements --- */

/* Where one example's values of one input go. */
typedef struct Sink {
    const SignatureTensor *input;
    Arena *arena;
    void *elements; /* of the whole tensor */
    size_t at;      /* index of the next element */
    size_t text_bytes;
} Sink;

#define PUT_INTEGER(dtype_, type_)                                                                 \
    case dtype_:                                                                                   \
        ((type_ *)sink->elements)[sink->at++] = (type_)value;                                      \
        return (int64_t)(type_)value == value

/* false: out of the type's range. */
static bool put_integer(Sink *sink, int64_t value) {
    switch (sink->input->dtype) {
        PUT_INTEGER(DTYPE_I64, int64_t);
        PUT_INTEGER(DTYPE_I32, int32_t);
        PUT_INTEGER(DTYPE_I16, int16_t);
        PUT_INTEGER(DTYPE_I8, int8_t);
        PUT_INTEGER(DTYPE_U32, uint32_t);
        PUT_INTEGER(DTYPE_U16, uint16_t);
        PUT_INTEGER(DTYPE_U8, uint8_t);
    case DTYPE_U64:
        ((uint64_t *)sink->elements)[sink->at++] = (uint64_t)value;
        return value >= 0;
    case DTYPE_BOOL:
        ((bool *)sink->elements)[sink->at++] = value != 0;
        return value == 0 || value == 1;
    case DTYPE_F64:
        ((double *)sink->elements)[sink->at++] = (double)value;
        return true;
    default:
        ((float *)sink->elements)[sink->at++] = (float)value;
        return true;
    }
}

static void put_float(Sink *sink, uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    if (sink->input->dtype == DTYPE_F64)
        ((double *)sink->elements)[sink->at++] = (double)value;
    else
        ((float *)sink->elements)[sink->at++] = value;
}

static bool put_text_value(Sink *sink, SpanReader bytes) {
    char *text = arena_alloc(sink->arena, bytes.left);
    if (!text)
        return false;
    sink->text_bytes += bytes.left;
    ((StringView *)sink->elements)[sink->at++] = (StringView){ .data = text, .length = bytes.left };
    span_reader_copy(&bytes, bytes.left, text);
    return true;
}

static Status out_of_range(const Sink *sink, int64_t value) {
    return status_error(STATUS_INVALID_ARGUMENT,
                        "Name: <unknown>, Feature: %s (data type: %s): the value %lld does not fit",
                        sink->input->name, tensorflow_dtype_name(sink->input->dtype),
                        (long long)value);
}

/* Packed or single numbers of one field. */
static Status put_numbers(Sink *sink, uint32_t kind, WireField *field) {
    bool is_packed = field->type == WIRE_BYTES;
    do {
        uint64_t value = field->scalar;
        uint32_t bits = (uint32_t)value;
        if (kind == KIND_FLOATS) {
            if (is_packed && !span_reader_copy(&field->bytes, sizeof bits, &bits))
                return wire_malformed("Example");
            put_float(sink, bits);
            continue;
        }
        if (is_packed && !span_reader_varint(&field->bytes, &value))
            return wire_malformed("Example");
        if (!put_integer(sink, (int64_t)value))
            return out_of_range(sink, (int64_t)value);
    } while (is_packed && field->bytes.left > 0);
    return status_ok();
}

static bool kind_fits(uint32_t kind, DType dtype) {
    bool is_float = dtype == DTYPE_F32 || dtype == DTYPE_F64;
    bool is_integer = dtype == DTYPE_I64 || dtype == DTYPE_I32 || dtype == DTYPE_I16 ||
                      dtype == DTYPE_I8 || dtype == DTYPE_U64 || dtype == DTYPE_U32 ||
                      dtype == DTYPE_U16 || dtype == DTYPE_U8 || dtype == DTYPE_BOOL;
    if (kind == KIND_BYTES)
        return dtype == DTYPE_STRING;
    return kind == KIND_FLOATS ? is_float : is_float || is_integer;
}

static Status put_values(Sink *sink, const Feature *feature) {
    SpanReader list = feature->values;
    WireField field;
    while (span_reader_next(&list, &field) == WIRE_FIELD) {
        if (field.number != LIST_VALUE)
            continue;
        if (feature->kind == KIND_BYTES) {
            if (field.type != WIRE_BYTES)
                return wire_malformed("Example");
            if (!put_text_value(sink, field.bytes))
                return arena_exhausted(sink->arena);
        } else if (field.type != WIRE_BYTES || field.bytes.left > 0) {
            TRY(put_numbers(sink, feature->kind, &field));
        }
    }
    return status_ok();
}

/* --- the columns --- */

/* One input over all examples. */
typedef struct Column {
    Sink sink;
    size_t per_row; /* values an example must have */
    size_t row;     /* of the example that was the last to give it; INDEX_NONE */
    bool wanted;    /* the first example has it */
} Column;

typedef struct Table {
    const Signature *signature;
    const WireExamples *examples;
    Arena *arena;
    Column *columns;
    size_t row, next; /* next: where the last feature was found, plus one: they come in one order */
    bool is_measuring;
} Table;

static Column *find_column(Table *table, const char *name, size_t length) {
    size_t count = table->signature->input_count;
    for (size_t i = 0; i < count; i++) {
        size_t index = (table->next + i) % count;
        const char *input = table->signature->inputs[index].name;
        if (strncmp(input, name, length) == 0 && input[length] == '\0') {
            table->next = index + 1;
            return &table->columns[index];
        }
    }
    return NULL;
}

static Status wrong_kind(const Column *column) {
    return status_error(STATUS_INVALID_ARGUMENT,
                        "Name: <unknown>, Key: %s.  Data types don't match. Expected type: %s",
                        column->sink.input->name, tensorflow_dtype_name(column->sink.input->dtype));
}

static Status take_feature(Table *table, Column *column, SpanReader message) {
    Feature feature;
    TRY(read_feature(message, &feature));
    if (feature.kind == 0)
        return status_ok(); /* as if it were not there */
    if (!kind_fits(feature.kind, column->sink.input->dtype))
        return wrong_kind(column);
    if (table->is_measuring) {
        column->per_row = feature.count;
        column->wanted = true;
        return status_ok();
    }
    if (!column->wanted || feature.count != column->per_row)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "Name: <unknown>, Key: %s, Index: %zu.  Number of values != expected.  "
                            "values size: %zu but the first example has %zu",
                            column->sink.input->name, table->row, feature.count, column->per_row);
    column->row = table->row;
    column->sink.at = table->row * column->per_row;
    return put_values(&column->sink, &feature);
}

static Status take_entry(Table *table, SpanReader entry) {
    char name[NAME_MAX_BYTES];
    size_t length = 0;
    SpanReader value = { 0 };
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&entry, &field)) == WIRE_FIELD) {
        if (field.number == ENTRY_KEY && field.type == WIRE_BYTES) {
            length = field.bytes.left;
            if (length < sizeof name)
                span_reader_copy(&field.bytes, length, name);
        }
        if (field.number == ENTRY_VALUE && field.type == WIRE_BYTES)
            value = field.bytes;
    }
    if (result != WIRE_END)
        return wire_malformed("Example");
    Column *column = length < sizeof name ? find_column(table, name, length) : NULL;
    return column ? take_feature(table, column, value) : status_ok();
}

static Status take_example(Table *table, SpanReader example) {
    WireField field, part;
    WireResult result;
    while ((result = span_reader_next(&example, &field)) == WIRE_FIELD) {
        if (field.number != EXAMPLE_FEATURES || field.type != WIRE_BYTES)
            continue;
        WireResult inner;
        while ((inner = span_reader_next(&field.bytes, &part)) == WIRE_FIELD)
            if (part.number == FEATURES_ENTRY && part.type == WIRE_BYTES)
                TRY(take_entry(table, part.bytes));
        if (inner != WIRE_END)
            return wire_malformed("Example");
    }
    return result == WIRE_END ? status_ok() : wire_malformed("Example");
}

/* The context's features, then the example's own. */
static Status take_row(Table *table, SpanReader example) {
    if (table->examples->context.left > 0)
        TRY(take_example(table, table->examples->context));
    return take_example(table, example);
}

static Status missing(const SignatureTensor *input) {
    return status_error(STATUS_INVALID_ARGUMENT,
                        "Name: <unknown>, Feature: %s (data type: %s) is required but could not be "
                        "found.",
                        input->name, tensorflow_dtype_name(input->dtype));
}

/* [examples, ...]: what is fixed is taken from the signature, the innermost open dim is what is
 * left. */
static Status column_shape(const Table *table, const Column *column, Shape *ret_shape) {
    const SignatureTensor *input = column->sink.input;
    Shape shape = { .rank = 2, .dims = { 0, (int64_t)column->per_row } };
    size_t fixed = 1, open = 0;
    if (input->shape.rank != SHAPE_UNRANKED) {
        shape = input->shape;
        for (int32_t i = 1; i < shape.rank; i++) {
            if (shape.dims[i] == DIM_UNKNOWN)
                shape.dims[open = (size_t)i] = 1;
            else if (!size_mul(fixed, (size_t)shape.dims[i], &fixed))
                fixed = SIZE_MAX;
        }
        if (open && fixed > 0)
            shape.dims[open] = (int64_t)(column->per_row / fixed);
        fixed = open ? fixed * (size_t)shape.dims[open] : fixed;
        if (shape.rank < 1 || fixed != column->per_row)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "Name: <unknown>, Key: %s, Index: 0.  Number of values != "
                                "expected.  values size: %zu but output shape: %s",
                                input->name, column->per_row, WIRE_SHAPE_TEXT(&input->shape));
    }
    shape.dims[0] = (int64_t)table->examples->count;
    *ret_shape = shape;
    return status_ok();
}

static Status make_column(Table *table, Column *column, WireTensor *tensor) {
    size_t elements;
    *tensor = (WireTensor){ .name = text_view(column->sink.input->name),
                            .dtype = column->sink.input->dtype,
                            .has_data = true };
    TRY(column_shape(table, column, &tensor->shape));
    if (!size_mul(table->examples->count, column->per_row, &elements))
        elements = SIZE_MAX;
    size_t item_bytes = dtype_bytes(tensor->dtype);
    column->sink.elements = arena_calloc(table->arena, elements, item_bytes);
    if (!column->sink.elements)
        return arena_exhausted(table->arena);
    return elements > 0 ? wire_payload_of(column->sink.elements, elements * item_bytes,
                                          table->arena, &tensor->payload)
                        : status_ok();
}

static Status fill_rows(Table *table) {
    SpanReader list = table->examples->list;
    WireField field;
    while (span_reader_next(&list, &field) == WIRE_FIELD) {
        if (field.number != LIST_EXAMPLES || field.type != WIRE_BYTES)
            continue;
        TRY(take_row(table, field.bytes));
        for (size_t i = 0; i < table->signature->input_count; i++)
            if (table->columns[i].wanted && table->columns[i].row != table->row)
                return missing(table->columns[i].sink.input);
        table->row++;
    }
    return status_ok();
}

static Status measure(Table *table) {
    SpanReader list = table->examples->list;
    WireField field;
    table->is_measuring = true;
    while (span_reader_next(&list, &field) == WIRE_FIELD)
        if (field.number == LIST_EXAMPLES && field.type == WIRE_BYTES)
            break;
    TRY(take_row(table, field.bytes));
    table->is_measuring = false;
    for (size_t i = 0; i < table->signature->input_count; i++)
        if (!table->columns[i].wanted && !table->signature->inputs[i].optional)
            return missing(&table->signature->inputs[i]);
    return status_ok();
}

Status wire_examples_bind(const Signature *signature, Arena *arena, WireInfer *infer) {
    Table table = { .signature = signature, .examples = infer->examples, .arena = arena };
    size_t count = signature->input_count;
    table.columns = arena_calloc(arena, count, sizeof *table.columns);
    infer->inputs = arena_calloc(arena, count, sizeof *infer->inputs);
    infer->input_count = 0;
    if (!table.columns || !infer->inputs)
        return arena_exhausted(arena);
    for (size_t i = 0; i < count; i++)
        table.columns[i] = (Column){ .sink = { .input = &signature->inputs[i], .arena = arena },
                                     .row = INDEX_NONE };
    TRY(measure(&table));
    for (size_t i = 0; i < count; i++)
        if (table.columns[i].wanted)
            TRY(make_column(&table, &table.columns[i], &infer->inputs[infer->input_count++]));
    TRY(fill_rows(&table));
    for (size_t i = 0, k = 0; i < count; i++) {
        if (!table.columns[i].wanted)
            continue;
        infer->inputs[k].text_bytes = table.columns[i].sink.text_bytes;
        infer->payload_bytes += infer->inputs[k].payload.bytes + infer->inputs[k].text_bytes;
        k++;
    }
    return status_ok();
}
