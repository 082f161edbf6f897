/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Runs a reference kernel on literal tensors and compares with literal results. */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel.h"

#include <math.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TENSOR_OF(type, T, dims, ...)                                                              \
    ((Tensor){ .dtype = (type),                                                                    \
               .shape = dims,                                                                      \
               .data = (T[]){ __VA_ARGS__ },                                                       \
               .bytes = sizeof((T[]){ __VA_ARGS__ }) })
#define F32(dims, ...)  TENSOR_OF(DTYPE_F32, float, dims, __VA_ARGS__)
#define F64(dims, ...)  TENSOR_OF(DTYPE_F64, double, dims, __VA_ARGS__)
#define F16(dims, ...)  TENSOR_OF(DTYPE_F16, uint16_t, dims, __VA_ARGS__)
#define BF16(dims, ...) TENSOR_OF(DTYPE_BF16, uint16_t, dims, __VA_ARGS__)
#define U8(dims, ...)   TENSOR_OF(DTYPE_U8, uint8_t, dims, __VA_ARGS__)
#define I8(dims, ...)   TENSOR_OF(DTYPE_I8, int8_t, dims, __VA_ARGS__)
#define I32(dims, ...)  TENSOR_OF(DTYPE_I32, int32_t, dims, __VA_ARGS__)
#define I64(dims, ...)  TENSOR_OF(DTYPE_I64, int64_t, dims, __VA_ARGS__)
#define U64(dims, ...)  TENSOR_OF(DTYPE_U64, uint64_t, dims, __VA_ARGS__)
#define BOOL(dims, ...) TENSOR_OF(DTYPE_BOOL, uint8_t, dims, __VA_ARGS__)
#define I4(dims, ...)   TENSOR_OF(DTYPE_I4, uint8_t, dims, __VA_ARGS__) /* packed bytes */
#define TEXT(literal)                                                                              \
    { literal, sizeof(literal) - 1 }
#define STRINGS(dims, ...) TENSOR_OF(DTYPE_STRING, StringView, dims, __VA_ARGS__)
#define EMPTY(type, dims)  ((Tensor){ .dtype = (type), .shape = dims })
#define NOT_WANTED         ((Tensor){ .dtype = DTYPE_INVALID })

#define INT(key, value)                                                                            \
    { .name = (key), .kind = ATTRIBUTE_INT, .i = (value) }
#define FLOAT(key, value)                                                                          \
    { .name = (key), .kind = ATTRIBUTE_FLOAT, .f = (value) }
#define STRING(key, value)                                                                         \
    { .name = (key), .kind = ATTRIBUTE_STRING, .s = TEXT(value) }
#define TENSOR(key, value)                                                                         \
    { .name = (key), .kind = ATTRIBUTE_TENSOR, .tensor = (value) }
#define INTS(key, ...)                                                                             \
    {                                                                                              \
        .name = (key), .kind = ATTRIBUTE_INTS,                                                     \
        .count = sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t), .ints = (int64_t[]) {       \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

enum { RUN_ATTRIBUTES = 20 };

typedef struct Run {
    const char *op, *domain;
    Attribute attributes[RUN_ATTRIBUTES]; /* up to the first without a name */
    const Tensor *src[8];                 /* up to the last that is not NULL */
    /* Expected; up to the first with dtype INVALID, unless dst_count says otherwise */
    Tensor dst[4];
    size_t dst_count;
    double tolerance; /* relative and absolute; 0 is exact */
} Run;

typedef struct RunState {
    char text[4096];
    size_t text_used;
} RunState;

static inline char *run_text_new(const KernelCall *call, size_t bytes) {
    RunState *state = call->runner;
    if (bytes > sizeof state->text - state->text_used)
        return NULL;
    state->text_used += bytes;
    return state->text + state->text_used - bytes;
}

/* For operators whose result's size depends on data: what was expected is thrown away. */
static inline Status run_output_new(const KernelCall *call, size_t output, DType dtype,
                                    const Shape *shape) {
    Tensor *dst = &call->dst[output];
    free(dst->data);
    *dst = (Tensor){ .dtype = dtype, .shape = *shape };
    assert_true(shape_bytes(shape, dtype, &dst->bytes));
    dst->data = dst->bytes ? malloc(dst->bytes) : NULL;
    return status_ok();
}

static inline Status run_call(const Run *run, RunState *state, Tensor dst[4], size_t *ret_count) {
    OpSchema schema = { .domain = run->domain ? run->domain : "", .name = run->op };
    Attribute attributes[RUN_ATTRIBUTES];
    Node node = { .op = &schema, .name = "", .attributes = attributes };
    memcpy(attributes, run->attributes, sizeof attributes);
    while (node.attribute_count < RUN_ATTRIBUTES && attributes[node.attribute_count].name)
        node.attribute_count++;
    for (uint32_t i = 0; i < 8; i++)
        if (run->src[i])
            node.input_count = i + 1;
    node.output_count = (uint32_t)run->dst_count;
    while (!run->dst_count && node.output_count < 4 &&
           run->dst[node.output_count].dtype != DTYPE_INVALID)
        node.output_count++;
    for (uint32_t i = 0; i < node.output_count; i++) {
        dst[i] = run->dst[i];
        dst[i].data = run->dst[i].bytes ? malloc(run->dst[i].bytes) : NULL;
        if (dst[i].data)
            memset(dst[i].data, 0x5A, dst[i].bytes);
    }
    *ret_count = node.output_count;
    KernelCall call = { .node = &node,
                        .src = run->src,
                        .dst = dst,
                        .output_new = run_output_new,
                        .text_new = run_text_new,
                        .runner = state };
    ReferenceKernel kernel = reference_kernel_find(schema.domain, run->op);
    assert_non_null(kernel);
    return kernel(&call);
}

static inline bool run_near(double expected, double got, double tolerance) {
    if (isnan(expected) || isinf(expected) || tolerance == 0.0)
        return (isnan(expected) && isnan(got)) || expected == got;
    return fabs(expected - got) <= tolerance + tolerance * fabs(expected);
}

static inline void run_compare(const Run *run, const Tensor *expected, const Tensor *got) {
    if (!shape_equal(&expected->shape, &got->shape))
        fail_msg("%s: expected shape %s, got %s", run->op, SHAPE_TEXT(&expected->shape),
                 SHAPE_TEXT(&got->shape));
    for (size_t i = 0; i < tensor_elements(expected); i++) {
        if (expected->dtype == DTYPE_STRING) {
            StringView want = ((const StringView *)expected->data)[i],
                       have = ((const StringView *)got->data)[i];
            assert_int_equal(want.length, have.length);
            assert_memory_equal(want.data, have.data, want.length);
            continue;
        }
        double want = tensor_get_float(expected, i), have = tensor_get_float(got, i);
        if (!run_near(want, have, run->tolerance))
            fail_msg("%s: element %zu: expected %.9g, got %.9g", run->op, i, want, have);
    }
}

static inline void check(const Run *run) {
    RunState state = { .text_used = 0 };
    Tensor dst[4];
    size_t count;
    Status status = run_call(run, &state, dst, &count);
    if (!status_is_ok(&status))
        fail_msg("%s: %s", run->op, status.message);
    for (size_t i = 0; i < count; i++) {
        if (dst[i].dtype != DTYPE_INVALID)
            run_compare(run, &run->dst[i], &dst[i]);
        free(dst[i].data);
    }
}

/* dst holds the tensors that the kernel is given; what they would have contained does not matter.
 */
static inline void check_fails(const Run *run, StatusCode code, const char *part) {
    RunState state = { .text_used = 0 };
    Tensor dst[4];
    size_t count;
    Status status = run_call(run, &state, dst, &count);
    assert_int_equal(status.code, code);
    if (!strstr(status.message, part))
        fail_msg("'%s' does not contain '%s'", status.message, part);
    for (size_t i = 0; i < count; i++)
        free(dst[i].data);
}
