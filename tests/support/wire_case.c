/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Hand-written protobuf for tests. It is deliberately not server/wire/wire_writer.h: a test that
 * reads with the code it writes with proves little. Aborts when out of memory.
 */

#include "tests/support/wire_case.h"

#include "runtime/base/size.h"

#include <stdlib.h>

void bytes_add(Bytes *bytes, const void *data, size_t count) {
    if (bytes->capacity - bytes->count < count) {
        bytes->capacity = 2 * (bytes->capacity + count) + 16;
        bytes->data = realloc(bytes->data, bytes->capacity);
        if (!bytes->data)
            abort();
    }
    if (count > 0)
        memcpy(bytes->data + bytes->count, data, count);
    bytes->count += count;
}

void bytes_varint(Bytes *bytes, uint64_t value) {
    do {
        unsigned char byte = (unsigned char)(value & 0x7F);
        value >>= 7;
        byte = (unsigned char)(value ? byte | 0x80 : byte);
        bytes_add(bytes, &byte, 1);
    } while (value);
}

void bytes_key(Bytes *bytes, uint32_t field, unsigned type) {
    bytes_varint(bytes, (uint64_t)field * 8 + type);
}

void bytes_number(Bytes *bytes, uint32_t field, uint64_t value) {
    bytes_key(bytes, field, 0);
    bytes_varint(bytes, value);
}

void bytes_fixed(Bytes *bytes, uint32_t field, const void *data, size_t count) {
    bytes_key(bytes, field, count == 8 ? 1 : 5);
    bytes_add(bytes, data, count);
}

void bytes_field(Bytes *bytes, uint32_t field, const void *data, size_t count) {
    bytes_key(bytes, field, 2);
    bytes_varint(bytes, count);
    bytes_add(bytes, data, count);
}

void bytes_text(Bytes *bytes, uint32_t field, const char *text) {
    bytes_field(bytes, field, text, strlen(text));
}

void bytes_message(Bytes *bytes, uint32_t field, Bytes *inner) {
    bytes_field(bytes, field, inner->data, inner->count);
    bytes_free(inner);
}

void bytes_free(Bytes *bytes) {
    free(bytes->data);
    *bytes = (Bytes){ 0 };
}

static Span piece_of(const unsigned char *data, size_t begin, size_t end) {
    void *copy = malloc(end > begin ? end - begin : 1);
    if (!copy)
        abort();
    if (end > begin)
        memcpy(copy, data + begin, end - begin);
    return (Span){ .data = copy, .bytes = end - begin };
}

Pieces *pieces_new(const void *data, size_t count, size_t first_cut, size_t second_cut) {
    Pieces *pieces = calloc(1, sizeof *pieces);
    if (!pieces)
        abort();
    size_t first = MIN_OF(first_cut, count), second = MIN_OF(MAX_OF(first, second_cut), count);
    pieces->items[0] = piece_of(data, 0, first);
    pieces->items[1] = piece_of(data, first, second);
    pieces->items[2] = piece_of(data, second, count);
    pieces->spans = (Spans){ .items = pieces->items, .count = 3, .bytes = count };
    return pieces;
}

void pieces_free(Pieces *pieces) {
    for (size_t i = 0; i < ARRAY_LENGTH(pieces->items); i++)
        free((void *)(uintptr_t)pieces->items[i].data);
    free(pieces);
}

Arena *case_arena_new(void) {
    Arena *arena = NULL;
    Status status = arena_new(4096, CASE_ARENA_BYTES, &arena);
    if (!status_is_ok(&status))
        abort();
    return arena;
}

static const SignatureTensor INPUTS[] = {
    { .name = "x", .dtype = DTYPE_F32, .shape = { 2, { DIM_UNKNOWN, 2 } } },
    { .name = "s", .dtype = DTYPE_STRING, .shape = { 1, { DIM_UNKNOWN } }, .port = 1 },
    { .name = "o",
      .dtype = DTYPE_I64,
      .shape = { 1, { DIM_UNKNOWN } },
      .port = 2,
      .optional = true },
};
static const SignatureTensor OUTPUTS[] = {
    { .name = "y", .dtype = DTYPE_F32, .shape = { 2, { DIM_UNKNOWN, 2 } } },
    { .name = "t", .dtype = DTYPE_STRING, .shape = { 1, { DIM_UNKNOWN } }, .port = 1 },
};

ModelVersion CASE_MODEL = {
    .name = "m",
    .number = 3,
    .signature = { .inputs = INPUTS,
                   .outputs = OUTPUTS,
                   .input_count = 3,
                   .output_count = 2,
                   .all_input_count = 3,
                   .all_output_count = 2,
                   .max_batch_size = 8,
                   .batched = true },
    .config = { .has_max_batch_size = true },
};
ModelVersion CASE_MODEL_STRICT = {
    .name = "m",
    .number = 3,
    .signature = { .inputs = INPUTS,
                   .outputs = OUTPUTS,
                   .input_count = 2,
                   .output_count = 2,
                   .all_input_count = 2,
                   .all_output_count = 2,
                   .max_batch_size = 8,
                   .batched = true },
    .config = { .has_max_batch_size = true },
};

Bytes case_flatten(const WireReply *reply) {
    Bytes flat = { 0 };
    for (size_t i = 0; i < reply->count; i++)
        bytes_add(&flat, reply->pieces[i].data, reply->pieces[i].bytes);
    assert_int_equal(flat.count, reply->bytes);
    return flat;
}

Status case_decode_bind(const InferProtocol *protocol, const Spans *message, ModelVersion *version,
                        Arena *arena, WireInfer *ret_infer, InferRequest *ret_request) {
    *ret_infer = (WireInfer){ 0 };
    *ret_request = (InferRequest){ .lease = { version } };
    TRY(protocol->decode(message, 4096, arena, ret_infer));
    return protocol->bind(ret_infer, arena, ret_request);
}

static uint64_t mix(uint64_t digest, const void *data, size_t count) {
    const unsigned char *bytes = data;
    for (size_t i = 0; i < count; i++)
        digest = (digest ^ bytes[i]) * 0x100000001B3;
    return digest;
}

static uint64_t mix_text(uint64_t digest, StringView text) {
    return mix(mix(digest, &text.length, sizeof text.length), text.data, text.length);
}

static uint64_t mix_tensor(uint64_t digest, const WireTensor *tensor) {
    digest = mix(mix_text(digest, tensor->name), &tensor->dtype, sizeof tensor->dtype);
    digest =
        mix(digest, tensor->shape.dims, (size_t)tensor->shape.rank * sizeof *tensor->shape.dims);
    if (tensor->dtype == DTYPE_STRING && tensor->payload.count > 0) {
        const StringView *views = tensor->payload.items[0].data;
        for (size_t i = 0; i < tensor->payload.bytes / sizeof *views; i++)
            digest = mix_text(digest, views[i]);
        return digest;
    }
    for (size_t i = 0; i < tensor->payload.count; i++)
        digest = mix(digest, tensor->payload.items[i].data, tensor->payload.items[i].bytes);
    return digest;
}

uint64_t case_digest(const Status *status, const WireInfer *infer, const InferRequest *request) {
    uint64_t digest = mix(0xCBF29CE484222325, &status->code, sizeof status->code);
    if (!status_is_ok(status))
        return mix(digest, status->message, strlen(status->message));
    digest = mix_text(mix_text(mix_text(digest, infer->model), infer->signature), infer->id);
    digest = mix(mix(digest, &infer->timeout_ns, sizeof infer->timeout_ns), &infer->priority,
                 sizeof infer->priority);
    for (size_t i = 0; i < infer->input_count; i++)
        digest = mix_tensor(digest, &infer->inputs[i]);
    digest = mix(digest, infer->output_index, infer->output_count * sizeof *infer->output_index);
    return mix(mix(digest, &request->rows, sizeof request->rows), &request->payload_bytes,
               sizeof request->payload_bytes);
}
