/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What passes that look for a formula have in common: who computes a value, and a tree of Mul, Div,
 * Neg and small powers seen as one product, in whatever order an exporter wrote it down.
 */

#include "runtime/graph/graph.h"

enum { PRODUCT_FACTORS_MAX = 4 };

/* constant * factors[0] * factors[1] * ... */
typedef struct Product {
    double constant;
    ValueId factors[PRODUCT_FACTORS_MAX];
    size_t count;
} Product;

/* NULL for inputs and constants. */
const Node *value_producer(const Graph *graph, ValueId value);
/* The producer if it is that operator of ai.onnx, with input_count inputs that are there. */
const Node *value_made_by(const Graph *graph, ValueId value, const char *op, uint32_t input_count);

/**
 * Takes a value apart into factors. Values of scalar constants go into the constant; a value that
 * is no product is its own single factor.
 *
 * false: more factors than fit, or not f32.
 */
bool product_of(const Graph *graph, ValueId value, Product *ret_product);
/* Takes one occurrence out. false: it is no factor. */
bool product_remove(Product *product, ValueId factor);
/* value = number + *ret_other, the number being nearly that one. */
bool sum_with(const Graph *graph, ValueId value, double number, ValueId *ret_other);
bool is_nearly(double number, double wanted);
