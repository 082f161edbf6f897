/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Cast and CastLike between all types but complex ones. Numbers go through double (floats) or int64
 * (integers, bool), so that each narrow float is rounded once. Text is what Python would print for
 * the number, shortest that reads back the same; NaN, INF and -INF are spelled as the ONNX text
 * does.
 *
 * Thread: any that runs kernels. Characters of results come from text_new, in one piece.
 */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/reference_util.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_TEXT_BYTES = 64 };

typedef struct CastMode {
    bool saturate;
    E8m0Round round;
} CastMode;

static CastMode cast_mode(const KernelCall *call) {
    StringView round = node_get_string(call->node, "round_mode", "up");
    CastMode mode = { .saturate = node_get_int(call->node, "saturate", 1) != 0, .round = E8M0_UP };
    if (round.length == 4 && memcmp(round.data, "down", 4) == 0)
        mode.round = E8M0_DOWN;
    else if (round.length == 7 && memcmp(round.data, "nearest", 7) == 0)
        mode.round = E8M0_NEAREST;
    return mode;
}

/* The 8-bit floats alone are told how to round and what to do on overflow. */
static void store_f8(const Tensor *dst, size_t index, size_t count, const double *values,
                     CastMode mode) {
    const NarrowFormat *format = narrow_format_find(dst->dtype);
    uint8_t *codes = (uint8_t *)dst->data + index;
    for (size_t i = 0; i < count; i++)
        codes[i] = format ? (uint8_t)narrow_encode(format, values[i], mode.saturate)
                          : e8m0_encode(values[i], mode.round, mode.saturate);
}

static void cast_numbers(const Tensor *src, const Tensor *dst, CastMode mode) {
    double values[ELEMENT_CHUNK];
    int64_t ints[ELEMENT_CHUNK];
    const ElementIo *load = element_io_find(src->dtype), *store = element_io_find(dst->dtype);
    bool is_float = dtype_info(src->dtype)->is_float;
    bool is_f8 = dtype_info(dst->dtype)->is_float && dtype_bytes(dst->dtype) == 1;
    size_t count = tensor_elements(src);
    for (size_t i = 0; i < count; i += ELEMENT_CHUNK) {
        size_t chunk = MIN_OF((size_t)ELEMENT_CHUNK, count - i);
        if (is_float || is_f8) {
            load->load_f64(src->data, i, 1, chunk, values);
            if (is_f8)
                store_f8(dst, i, chunk, values, mode);
            else
                store->store_f64(dst->data, i, chunk, values);
            continue;
        }
        load->load_i64(src->data, i, 1, chunk, ints);
        if (src->dtype == DTYPE_U64)
            store->store_u64(dst->data, i, chunk, ints);
        else
            store->store_i64(dst->data, i, chunk, ints);
    }
}

/* Does the text read back as the value, in the precision of dtype? */
static bool reads_back(DType dtype, const char *text, double value) {
    union {
        uint8_t bytes[16];
        double align;
    } code = { .bytes = { 0 } };
    double back = strtod(text, NULL);
    element_io_find(dtype)->store_f64(&code, 0, 1, &back);
    element_io_find(dtype)->load_f64(&code, 0, 1, 1, &back);
    return back == value;
}

static void format_float(DType dtype, double value, char text[static NUMBER_TEXT_BYTES]) {
    int digits = 0;
    if (isnan(value) || isinf(value)) {
        snprintf(text, NUMBER_TEXT_BYTES, "%s", isnan(value) ? "NaN" : value > 0 ? "INF" : "-INF");
        return;
    }
    do
        snprintf(text, NUMBER_TEXT_BYTES, "%.*e", digits, value);
    while (!reads_back(dtype, text, value) && ++digits < 17);
    int exponent = atoi(strchr(text, 'e') + 1);
    if (exponent >= -4 && exponent < 16) /* as Python does; else the scientific form stays */
        snprintf(text, NUMBER_TEXT_BYTES, "%.*f",
                 digits > exponent ? MAX_OF(digits - exponent, 1) : 1, value);
}

static void format_number(const Tensor *src, size_t index, char text[static NUMBER_TEXT_BYTES]) {
    const ElementIo *io = element_io_find(src->dtype);
    double value;
    int64_t whole;
    if (dtype_info(src->dtype)->is_float) {
        io->load_f64(src->data, index, 1, 1, &value);
        format_float(src->dtype, value, text);
        return;
    }
    io->load_i64(src->data, index, 1, 1, &whole);
    if (src->dtype == DTYPE_BOOL)
        snprintf(text, NUMBER_TEXT_BYTES, "%s", whole ? "True" : "False");
    else if (src->dtype == DTYPE_U64)
        snprintf(text, NUMBER_TEXT_BYTES, "%llu", (unsigned long long)whole);
    else
        snprintf(text, NUMBER_TEXT_BYTES, "%lld", (long long)whole);
}

static Status cast_to_text(const KernelCall *call, const Tensor *src, const Tensor *dst) {
    char text[NUMBER_TEXT_BYTES];
    size_t count = tensor_elements(src), total = 0;
    StringView *views = dst->data;
    for (size_t i = 0; i < count; i++) {
        format_number(src, i, text);
        total += views[i].length = strlen(text);
    }
    char *characters = call->text_new(call, total ? total : 1);
    if (!characters)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "Cast: no memory for %zu characters", total);
    for (size_t i = 0; i < count; i++) {
        format_number(src, i, text);
        memcpy(characters, text, views[i].length);
        views[i].data = characters;
        characters += views[i].length;
    }
    return status_ok();
}

/* Without surrounding blanks, NUL-terminated; false when it is empty or too long for a number. */
static bool trim(StringView text, char out[static NUMBER_TEXT_BYTES * 8]) {
    while (text.length && isspace((unsigned char)text.data[0]))
        text = (StringView){ text.data + 1, text.length - 1 };
    while (text.length && isspace((unsigned char)text.data[text.length - 1]))
        text.length--;
    if (text.length == 0 || text.length >= NUMBER_TEXT_BYTES * 8 ||
        memchr(text.data, '\0', text.length))
        return false;
    memcpy(out, text.data, text.length);
    out[text.length] = '\0';
    return true;
}

static bool parse_number(const Tensor *dst, size_t index, StringView view) {
    char text[NUMBER_TEXT_BYTES * 8], *end;
    const ElementIo *io = element_io_find(dst->dtype);
    if (!trim(view, text))
        return false;
    if (!dtype_info(dst->dtype)->is_float) {
        errno = 0;
        int64_t whole =
            dst->dtype == DTYPE_U64 ? (int64_t)strtoull(text, &end, 10) : strtoll(text, &end, 10);
        if (*end == '\0' && errno == 0) {
            io->store_i64(dst->data, index, 1, &whole);
            return true;
        }
    }
    double value = strtod(text, &end); /* takes inf, infinity and nan in any case */
    if (*end != '\0')
        return false;
    io->store_f64(dst->data, index, 1, &value);
    return true;
}

static Status cast_from_text(const KernelCall *call, const Tensor *src, const Tensor *dst) {
    const StringView *views = src->data;
    for (size_t i = 0; i < tensor_elements(src); i++)
        if (!parse_number(dst, i, views[i]))
            return call_invalid(call, "element %zu, '%.*s', is not a number", i,
                                (int)MIN_OF(views[i].length, (size_t)64), views[i].data);
    return status_ok();
}

static Status cast_tensor(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_shape(call, &src->shape, dst));
    bool from_text = src->dtype == DTYPE_STRING, to_text = dst->dtype == DTYPE_STRING;
    if (!from_text && !element_io_find(src->dtype))
        return call_lacks_dtype(call, src->dtype);
    if (!to_text && !element_io_find(dst->dtype))
        return call_lacks_dtype(call, dst->dtype);
    if (src->bytes == 0)
        return status_ok();
    if (from_text && to_text)
        memcpy(dst->data, src->data, src->bytes);
    else if (to_text)
        return cast_to_text(call, src, dst);
    else if (from_text)
        return cast_from_text(call, src, dst);
    else
        cast_numbers(src, dst, cast_mode(call));
    return status_ok();
}

Status reference_cast(const KernelCall *call) {
    return cast_tensor(call);
}

/* Shape inference has given dst the type of input 1. */
Status reference_cast_like(const KernelCall *call) {
    return cast_tensor(call);
}
