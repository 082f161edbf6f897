/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * libFuzzer: the first byte chooses the protocol (lowest bit) and where the message is cut in two;
 * the rest is a request, decoded and bound to a literal signature. What is accepted must be what
 * the signature takes, byte for byte; what is refused must say why.
 */

#include "runtime/base/size.h"
#include "server/wire/wire_tensor.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 1 << 20, HEADER_BYTES = 4096 };

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

static ModelVersion model = { .name = "m",
                              .number = 3,
                              .limits_rows = true,
                              .signature = { .inputs = INPUTS,
                                             .outputs = OUTPUTS,
                                             .input_count = 3,
                                             .output_count = 2,
                                             .all_input_count = 3,
                                             .all_output_count = 2,
                                             .max_batch_size = 8,
                                             .batched = true } };

static void must(bool holds) {
    if (!holds)
        abort();
}

/* Reads every byte, so that ASan sees each. */
static void read_all(const void *data, size_t bytes) {
    size_t sum = 0;
    for (size_t i = 0; i < bytes; i++)
        sum += ((const volatile unsigned char *)data)[i];
    must(sum <= 255 * bytes);
}

static void check_input(const RequestInput *input, const SignatureTensor *wanted) {
    if (input->dtype == DTYPE_INVALID) {
        must(wanted->optional);
        return;
    }
    size_t bytes = 0, found = 0;
    must(input->dtype == wanted->dtype);
    must(shape_bytes(&input->shape, input->dtype, &bytes) && bytes == input->payload.bytes);
    for (size_t i = 0; i < input->payload.count; i++) {
        read_all(input->payload.items[i].data, input->payload.items[i].bytes);
        found += input->payload.items[i].bytes;
    }
    must(found == bytes);
    if (input->dtype != DTYPE_STRING || bytes == 0)
        return;
    const StringView *views = input->payload.items[0].data;
    for (size_t i = 0; i < bytes / sizeof *views; i++)
        read_all(views[i].data, views[i].length);
}

static void check_bound(const WireInfer *infer, const InferRequest *request) {
    must(request->rows <= model.signature.max_batch_size);
    for (size_t i = 0; i < model.signature.input_count; i++)
        check_input(&request->inputs[i], &INPUTS[i]);
    for (size_t i = 0; i < infer->output_count; i++)
        must(infer->output_index[i] < model.signature.output_count);
}

static Span copy_of(const uint8_t *data, size_t size) {
    void *copy = malloc(size > 0 ? size : 1);
    must(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    return (Span){ .data = copy, .bytes = size };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    const InferProtocol *protocol = data[0] & 1 ? &INFERENCE_INFER : &TENSORFLOW_PREDICT;
    size_t cut = MIN_OF((size_t)data[0] >> 1, size - 1);
    Span items[] = { copy_of(data + 1, cut), copy_of(data + 1 + cut, size - 1 - cut) };
    Spans message = { .items = items, .count = 2, .bytes = size - 1 };
    Arena *arena = NULL;
    Status made = arena_new(4096, ARENA_BYTES, &arena);
    must(status_is_ok(&made));

    WireInfer infer = { 0 };
    InferRequest request = { .lease = { &model } };
    Status status = protocol->decode(&message, HEADER_BYTES, arena, &infer);
    if (status_is_ok(&status))
        status = protocol->bind(&infer, arena, &request);
    must((status.message[0] == '\0') == status_is_ok(&status));
    must(wire_text_is_valid(status.message, strlen(status.message)));
    if (status_is_ok(&status))
        check_bound(&infer, &request);
    must(arena_used_bytes(arena) <= ARENA_BYTES);
    arena_free(arena);
    for (size_t i = 0; i < ARRAY_LENGTH(items); i++)
        free((void *)(uintptr_t)items[i].data);
    return 0;
}
