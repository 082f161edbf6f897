/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tensorflow.Example, which Classify, Regress and MultiInference carry: a map from a feature's name
 * to a list of bytes, floats or integers. Each input of the model is filled by the feature of its
 * name, one example a row. Source: reference tensorflow_serving.md 1.2, 1.4, 1.5.
 */

#include "server/wire/wire_tensor.h"

typedef enum WireMethod { METHOD_CLASSIFY, METHOD_REGRESS } WireMethod;

typedef struct WireTask {
    WireMethod method;
    StringView signature; /* as asked, or serving_default */
    size_t scores;        /* outputs of the signature, set by bind: scores, or values */
    size_t classes;       /* INDEX_NONE: labels, or nothing */
} WireTask;

struct WireExamples {
    SpanReader list;    /* ExampleList or ExampleListWithContext */
    SpanReader context; /* an Example whose features every example has too; empty: none */
    size_t count;
    WireTask *tasks; /* one; MultiInference: several */
    size_t task_count;
};

/* "tensorflow/serving/classify" */
const char *wire_method_name(WireMethod method);

/**
 * tensorflow.serving.Input; the message is lent until the request ends.
 *
 * Errors: INVALID_ARGUMENT (malformed, "Input is empty.")
 */
Status wire_examples_decode(SpanReader input, WireExamples *ret_examples);

/**
 * Makes infer->inputs, one a feature that the signature names.
 *
 * Errors: INVALID_ARGUMENT (a feature is missing, of another kind, or of another length),
 * RESOURCE_EXHAUSTED (arena)
 */
Status wire_examples_bind(const Signature *signature, Arena *arena, WireInfer *infer);
