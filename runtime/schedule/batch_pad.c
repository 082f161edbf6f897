/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Gathering with padding. A request's part is filled with what pads it, then its lines (runs along
 * the last dim) are laid into it from the low end of every dim. Rows that only fill the batch up
 * repeat the first row of its last request, as TensorFlow Serving has it. Thread: worker.
 */

#include "runtime/schedule/batch_pad.h"

#include "runtime/base/size.h"

#include <string.h>

/* Elements along the dims from `begin` on. */
static size_t span_of(const Shape *shape, int32_t begin) {
    return begin < shape->rank ? shape_product(shape, (size_t)begin, (size_t)shape->rank) : 1;
}

static void fill(char *dst, size_t count, size_t element_bytes, const char *element) {
    for (size_t i = 0; i < count; i++)
        memcpy(dst + i * element_bytes, element, element_bytes);
}

/* Where the line-th line of the source begins in the destination, in elements. */
static size_t place_of(const Shape *src, const Shape *dst, size_t line) {
    size_t place = 0, stride = (size_t)dst->dims[dst->rank - 1];
    for (int32_t d = src->rank - 2; d >= 0; d--) {
        place += line % (size_t)src->dims[d] * stride;
        line /= (size_t)src->dims[d];
        stride *= (size_t)dst->dims[d];
    }
    return place;
}

static void pad_request(const RequestInput *input, const Tensor *dst, size_t element_bytes,
                        const char *element, char *at) {
    const Shape *src = &input->shape;
    fill(at, (size_t)src->dims[0] * span_of(&dst->shape, 1), element_bytes, element);
    size_t line_bytes = (size_t)src->dims[src->rank - 1] * element_bytes;
    size_t lines = line_bytes > 0 ? input->payload.bytes / line_bytes : 0;
    for (size_t line = 0; line < lines; line++)
        spans_copy(&input->payload, line * line_bytes, line_bytes,
                   at + place_of(src, &dst->shape, line) * element_bytes);
}

void batch_gather_padded(const Batch *batch, size_t input, Tensor *dst) {
    static const char zeros[16];
    static const StringView empty = { .data = "" };
    const QueuePolicy *policy = &batch->requests[0]->lease.version->queue_policy;
    size_t element_bytes =
        dst->dtype == DTYPE_STRING ? sizeof empty : dtype_info(dst->dtype)->bits / 8;
    size_t row_bytes = span_of(&dst->shape, 1) * element_bytes;
    char *at = dst->data, *last = at;
    for (size_t i = 0; i < batch->count; i++) {
        const RequestInput *given = &batch->requests[i]->inputs[input];
        char element[16] = { 0 };
        if (policy->padding == PADDING_FIRST && given->payload.bytes >= element_bytes)
            spans_copy(&given->payload, 0, element_bytes, element);
        else
            memcpy(element, dst->dtype == DTYPE_STRING ? (const char *)&empty : zeros,
                   element_bytes);
        last = at;
        if (given->shape.rank == dst->shape.rank)
            pad_request(given, dst, element_bytes, element, at);
        else if (given->payload.bytes > 0) /* reshaped: only rows are added */
            spans_copy(&given->payload, 0, given->payload.bytes, at);
        at += batch->requests[i]->rows * row_bytes;
    }
    for (size_t row = batch->rows; row < batch->run_rows; row++, at += row_bytes)
        memcpy(at, last, row_bytes);
}
