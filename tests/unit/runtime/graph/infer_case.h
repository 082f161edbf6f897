/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inference of one node from a literal row of a table. An expectation is the outputs as text,
 * "float32[2,3] int64[2]", or "! words" that the error must hold.
 */

#include "runtime/base/size.h"
#include "tests/support/model_builder.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define U   DIM_UNKNOWN
#define BIG INT64_MAX

#define T(type, ...)                                                                               \
    { .present = true, .dtype = DTYPE_##type, .shape = SHAPE(__VA_ARGS__) }
#define F(...) T(F32, __VA_ARGS__)
#define I(...) T(I64, __VA_ARGS__)
#define SCALAR(type)                                                                               \
    { .present = true, .dtype = DTYPE_##type, .shape = SHAPE_SCALAR }
#define UNRANKED(type)                                                                             \
    { .present = true, .dtype = DTYPE_##type, .shape = SHAPE_UNKNOWN }
#define NONE                                                                                       \
    { .present = false }
/* An input with content. */
#define LIST(...)                                                                                  \
    {                                                                                              \
        .present = true, .dtype = DTYPE_I64,                                                       \
        .shape = SHAPE(sizeof((int64_t[]){ __VA_ARGS__ }) / 8), .value = &(const Tensor) {         \
            .dtype = DTYPE_I64, .shape = SHAPE(sizeof((int64_t[]){ __VA_ARGS__ }) / 8),            \
            .data = (int64_t[]){ __VA_ARGS__ }, .bytes = sizeof((int64_t[]){ __VA_ARGS__ })        \
        }                                                                                          \
    }
#define EMPTY_LIST                                                                                 \
    {                                                                                              \
        .present = true, .dtype = DTYPE_I64, .shape = SHAPE(0), .value = &(const Tensor) {         \
            .dtype = DTYPE_I64, .shape = SHAPE(0)                                                  \
        }                                                                                          \
    }
#define NUMBER(type, c_type, number)                                                               \
    {                                                                                              \
        .present = true, .dtype = DTYPE_##type, .value = &(const Tensor) {                         \
            .dtype = DTYPE_##type, .data = (c_type[]){ number }, .bytes = sizeof(c_type)           \
        }                                                                                          \
    }

#define IN(...)                                                                                    \
    .inputs = (const InferPort[]){ __VA_ARGS__ },                                                  \
    .input_count = sizeof((const InferPort[]){ __VA_ARGS__ }) / sizeof(InferPort)
#define AT(...)                                                                                    \
    .attributes = (const Attribute[]){ __VA_ARGS__ },                                              \
    .attribute_count = sizeof((const Attribute[]){ __VA_ARGS__ }) / sizeof(Attribute)
#define INT(name, value)  ATTRIBUTE_OF_INT(name, value)
#define INTS(name, ...)   ATTRIBUTE_OF_INTS(name, __VA_ARGS__)
#define TEXT(name, value) ATTRIBUTE_OF_STRING(name, value)

typedef struct Case {
    const char *op;
    const char *expected;
    const InferPort *inputs;
    size_t input_count;
    const Attribute *attributes;
    size_t attribute_count;
    size_t outputs; /* 0 means 1 */
} Case;

enum { OUTPUTS_MAX = 8 };

static inline void check_case(const Case *c) {
    const OpSchema *op = op_schema_find("", c->op);
    assert_non_null(op);
    const ValueId ids[OUTPUTS_MAX] = { 0 };
    Node node = { .op = op,
                  .name = "node",
                  .inputs = ids,
                  .outputs = ids,
                  .attributes = c->attributes,
                  .input_count = (uint32_t)c->input_count,
                  .output_count = c->outputs ? (uint32_t)c->outputs : 1,
                  .attribute_count = (uint32_t)c->attribute_count };
    InferPort outputs[OUTPUTS_MAX];
    for (size_t i = 0; i < node.output_count; i++)
        outputs[i] = (InferPort){ .present = true, .shape = SHAPE_UNKNOWN };
    Status status =
        op_infer(&(InferCall){ .node = &node, .inputs = c->inputs, .outputs = outputs });

    char text[600];
    snprintf(text, sizeof text, "! %s", status.message);
    if (c->expected[0] == '!') {
        if (status_is_ok(&status) || !strstr(status.message, c->expected + 2))
            fail_msg("%s: expected '%s', got '%s'", c->op, c->expected, text);
        assert_non_null(strstr(status.message, c->op));
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        return;
    }
    size_t at = 0;
    for (size_t i = 0; status_is_ok(&status) && i < node.output_count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s%s", i ? " " : "",
                               dtype_name(outputs[i].dtype), SHAPE_TEXT(&outputs[i].shape));
    if (strcmp(text, c->expected) != 0)
        fail_msg("%s: expected '%s', got '%s'", c->op, c->expected, text);
}

#define CHECK_ALL(cases)                                                                           \
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)                                               \
    check_case(&(cases)[i])
