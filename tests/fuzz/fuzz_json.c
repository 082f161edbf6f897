/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * libFuzzer: any bytes as JSON. The first byte chooses the type and how long the pieces are. What
 * is read whole and what is read in pieces must be the same tensor, or both be refused; a tensor of
 * numbers that is written must be read back the same.
 */

#include "runtime/json/json_reader.h"
#include "server/rest/json_tensor.h"
#include "server/rest/json_writer.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 4 << 20 };

static const DType TYPES[] = { DTYPE_F32, DTYPE_F64,  DTYPE_I8,     DTYPE_I64,
                               DTYPE_U64, DTYPE_BOOL, DTYPE_STRING, DTYPE_F32 };

/* In pieces of at most `piece` bytes. Each is a copy, so that reading beyond it is found. */
static bool read_pieces(JsonTensor *tensor, const char *text, size_t length, size_t piece) {
    size_t at = 0;
    do {
        size_t bytes = length - at < piece ? length - at : piece, used = 0;
        char *copy = malloc(bytes ? bytes : 1);
        if (!copy)
            abort();
        memcpy(copy, text + at, bytes);
        Status status = json_tensor_feed(tensor, copy, bytes, at + bytes == length, &used);
        free(copy);
        if (!status_is_ok(&status))
            return false;
        at += used;
        if (used < bytes)
            break;
    } while (at < length && !tensor->is_done);
    return tensor->is_done;
}

static void compare(const JsonTensor *a, const JsonTensor *b) {
    Shape left, right;
    json_tensor_shape(a, &left);
    json_tensor_shape(b, &right);
    if (a->count != b->count || a->text_bytes != b->text_bytes || !shape_equal(&left, &right))
        abort();
    if (a->options.dtype != DTYPE_STRING && a->count > 0 &&
        memcmp(a->data, b->data, a->count * a->element_bytes) != 0)
        abort();
}

static void write_back(const JsonTensor *tensor, Arena *arena) {
    Tensor view = { .dtype = tensor->options.dtype, .data = tensor->data };
    json_tensor_shape(tensor, &view.shape);
    JsonWriter writer = { 0 };
    json_put_tensor(&writer, &view, (JsonTensorStyle){ 0 });
    JsonTensorOptions options = tensor->options;
    options.arena = arena;
    AUTO(json_tensor_deinit) JsonTensor again;
    json_tensor_init(&again, &options);
    if (!read_pieces(&again, writer.data, writer.length, SIZE_MAX))
        abort();
    if (view.shape.rank == 0 || tensor->count > 0)
        compare(tensor, &again);
    json_writer_deinit(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Arena *arenas[3] = { 0 };
    for (size_t i = 0; i < 3; i++) {
        Status status = arena_new(4096, ARENA_BYTES, &arenas[i]);
        if (!status_is_ok(&status))
            abort();
    }
    size_t choice = size > 0 ? data[0] : 0;
    const char *text = size > 0 ? (const char *)data + 1 : "";
    size_t length = size > 0 ? size - 1 : 0;
    JsonTensorOptions options = { .dtype = TYPES[choice % 8], .type_name = "t" };
    AUTO(json_tensor_deinit) JsonTensor whole;
    AUTO(json_tensor_deinit) JsonTensor cut;
    options.arena = arenas[0];
    json_tensor_init(&whole, &options);
    options.arena = arenas[1];
    json_tensor_init(&cut, &options);
    bool good = read_pieces(&whole, text, length, SIZE_MAX);
    if (read_pieces(&cut, text, length, 1 + choice / 8) != good)
        abort();
    if (good) {
        compare(&whole, &cut);
        if (options.dtype != DTYPE_STRING)
            write_back(&whole, arenas[2]);
    }
    JsonReader reader = json_reader_of(text, length);
    bool skipped = json_skip(&reader, NULL);
    if (good && length > 0 && !skipped)
        abort(); /* what is a tensor is JSON */
    for (size_t i = 0; i < 3; i++)
        arena_free(arenas[i]);
    return 0;
}
