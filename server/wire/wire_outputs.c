/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The classification extension: per entry of the batch the k largest values, largest first, as
 * "value:index" or "value:index:label"; of equal values the one that comes first. A heap of k holds
 * the best so far, so a long output costs one pass. Thread: whoever encodes; pure but for the arena
 * and the shared memory that the request names.
 */

#include "server/wire/wire_outputs.h"

#include "runtime/base/size.h"
#include "server/wire/inference_tensor.h"

#include <stdio.h>

enum {
    CLASSES_ELEMENTS_MAX = 1000000,
    VALUE_TEXT_BYTES = 352 /* a double's digits and six more */
};

typedef struct Best {
    double value;
    size_t index;
} Best;

static double element(const Tensor *tensor, size_t index) {
    switch (tensor->dtype) {
    case DTYPE_F32:
        return (double)((const float *)tensor->data)[index];
    case DTYPE_F64:
        return ((const double *)tensor->data)[index];
    case DTYPE_I8:
        return ((const int8_t *)tensor->data)[index];
    case DTYPE_I16:
        return ((const int16_t *)tensor->data)[index];
    case DTYPE_I32:
        return ((const int32_t *)tensor->data)[index];
    case DTYPE_I64:
        return (double)((const int64_t *)tensor->data)[index];
    case DTYPE_U8:
    case DTYPE_BOOL:
        return ((const uint8_t *)tensor->data)[index];
    case DTYPE_U16:
        return ((const uint16_t *)tensor->data)[index];
    case DTYPE_U32:
        return ((const uint32_t *)tensor->data)[index];
    default:
        return (double)((const uint64_t *)tensor->data)[index];
    }
}

static bool can_classify(DType dtype) {
    return dtype == DTYPE_F32 || dtype == DTYPE_F64 || dtype == DTYPE_I8 || dtype == DTYPE_I16 ||
           dtype == DTYPE_I32 || dtype == DTYPE_I64 || dtype == DTYPE_U8 || dtype == DTYPE_U16 ||
           dtype == DTYPE_U32 || dtype == DTYPE_U64 || dtype == DTYPE_BOOL;
}

/* Whether a goes before b; NaN goes last. */
static bool is_better(const Best *a, const Best *b) {
    if (a->value != b->value && !(a->value != a->value && b->value != b->value))
        return a->value > b->value || b->value != b->value;
    return a->index < b->index;
}

/* The worst of the heap's `count` is at its top. */
static void sink(Best *heap, size_t count, size_t at) {
    for (;;) {
        size_t worst = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            if (is_better(&heap[worst], &heap[child]))
                worst = child;
        if (worst == at)
            return;
        Best moved = heap[at];
        heap[at] = heap[worst];
        heap[worst] = moved;
        at = worst;
    }
}

static int compare_best(const void *a, const void *b) {
    return is_better(a, b) ? -1 : is_better(b, a);
}

/* The best of the count values from `first` on, in order. */
static void find_best(const Tensor *tensor, size_t first, size_t count, Best *best, size_t wanted) {
    for (size_t i = 0; i < wanted; i++)
        best[i] = (Best){ element(tensor, first + i), i };
    for (size_t i = wanted / 2; i-- > 0;)
        sink(best, wanted, i);
    for (size_t i = wanted; i < count; i++) {
        Best next = { element(tensor, first + i), i };
        if (!is_better(&next, &best[0]))
            continue;
        best[0] = next;
        sink(best, wanted, 0);
    }
    qsort(best, wanted, sizeof *best, compare_best);
}

static Status put_class(const Tensor *tensor, const SignatureTensor *output, size_t first,
                        const Best *best, Arena *arena, StringView *ret_text) {
    char value[VALUE_TEXT_BYTES];
    size_t at = first + best->index;
    if (tensor->dtype == DTYPE_F32 || tensor->dtype == DTYPE_F64)
        snprintf(value, sizeof value, "%f", best->value);
    else if (tensor->dtype == DTYPE_U64)
        snprintf(value, sizeof value, "%llu",
                 (unsigned long long)((const uint64_t *)tensor->data)[at]);
    else if (tensor->dtype == DTYPE_I64)
        snprintf(value, sizeof value, "%lld", (long long)((const int64_t *)tensor->data)[at]);
    else
        snprintf(value, sizeof value, "%lld", (long long)best->value);
    const char *label = best->index < output->label_count ? output->labels[best->index] : NULL;
    size_t room = strlen(value) + 24 + (label ? strlen(label) : 0);
    char *text = arena_alloc(arena, room);
    if (!text)
        return arena_exhausted(arena);
    int length = snprintf(text, room, label ? "%s:%zu:%s" : "%s:%zu", value, best->index,
                          label ? label : "");
    *ret_text = (StringView){ .data = text, .length = (size_t)length };
    return status_ok();
}

static Status classify(const Tensor *tensor, const Signature *signature,
                       const SignatureTensor *output, uint32_t wanted, Arena *arena, Tensor *made) {
    size_t elements = tensor_elements(tensor);
    bool batched = signature->batched && tensor->shape.rank > 0;
    size_t rows = batched ? (size_t)tensor->shape.dims[0] : 1;
    size_t per_row = rows > 0 ? elements / rows : 0;
    size_t kept = MIN_OF((size_t)wanted, per_row);
    if (!can_classify(tensor->dtype))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "class result not available for output '%s' due to unsupported type "
                            "'%s'",
                            output->name, inference_dtype_name(tensor->dtype));
    if (elements > CLASSES_ELEMENTS_MAX)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "class result not available for output '%s': it has %zu values, at "
                            "most %d are allowed",
                            output->name, elements, CLASSES_ELEMENTS_MAX);
    StringView *texts = arena_calloc(arena, rows * kept, sizeof *texts);
    Best *best = arena_calloc(arena, kept, sizeof *best);
    if (!texts || !best)
        return arena_exhausted(arena);
    for (size_t row = 0; row < rows; row++) {
        find_best(tensor, row * per_row, per_row, best, kept);
        for (size_t i = 0; i < kept; i++)
            TRY(put_class(tensor, output, row * per_row, &best[i], arena, &texts[row * kept + i]));
    }
    *made = (Tensor){ .dtype = DTYPE_STRING, .data = texts, .bytes = rows * kept * sizeof *texts };
    made->shape.rank = batched ? 2 : 1;
    made->shape.dims[0] = (int64_t)(batched ? rows : kept);
    made->shape.dims[1] = batched ? (int64_t)kept : 0;
    return status_ok();
}

/* --- shared memory --- */

static void copy_raw(const Tensor *tensor, char *dst) {
    if (tensor->dtype != DTYPE_STRING) {
        if (tensor->bytes > 0)
            memcpy(dst, tensor->data, tensor->bytes);
        return;
    }
    const StringView *views = tensor->data;
    for (size_t i = 0; i < tensor_elements(tensor); i++) {
        uint32_t length = (uint32_t)views[i].length;
        memcpy(dst, &length, sizeof length);
        if (length > 0)
            memcpy(dst + sizeof length, views[i].data, length);
        dst += sizeof length + length;
    }
}

static Status write_shared(const Tensor *tensor, const char *name, const WireShared *shared) {
    size_t bytes = inference_raw_bytes(tensor);
    if (bytes > shared->bytes)
        return status_error(STATUS_INTERNAL,
                            "shared memory size specified with the request for output '%s' (%llu "
                            "bytes) should be at least %zu bytes to hold the results",
                            name, (unsigned long long)shared->bytes, bytes);
    copy_raw(tensor, shared->data);
    return status_ok();
}

Status wire_outputs_prepare(const WireInfer *infer, const InferRequest *request, Arena *arena,
                            WireOutput **ret_outputs) {
    const Signature *signature = &request->lease.version->signature;
    WireOutput *outputs = arena_calloc(arena, infer->output_count, sizeof *outputs);
    if (!outputs)
        return arena_exhausted(arena);
    for (size_t i = 0; i < infer->output_count; i++) {
        uint32_t index = infer->output_index[i];
        const WireOutputOption *option = infer->options ? &infer->options[i] : NULL;
        outputs[i] = (WireOutput){ .tensor = &request->outputs[index], .block = request->block };
        if (!option)
            continue;
        if (option->classes > 0) {
            Tensor *made = arena_calloc(arena, 1, sizeof *made);
            if (!made)
                return arena_exhausted(arena);
            TRY(classify(outputs[i].tensor, signature, &signature->outputs[index], option->classes,
                         arena, made));
            outputs[i] = (WireOutput){ .tensor = made };
        }
        if (option->shared.region.length > 0) {
            TRY(write_shared(outputs[i].tensor, signature->outputs[index].name, &option->shared));
            outputs[i].in_shared_memory = true;
        }
    }
    *ret_outputs = outputs;
    return status_ok();
}
