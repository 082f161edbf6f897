/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One node of f32, prepared by one kernel type and run, for tests of kernels. Data are seen in
 * logical (plain) order on both sides whatever layout a port has. Failures end the test through
 * cmocka.
 */

#include "runtime/cpu/kernel.h"
#include "runtime/cpu/weights.h"

enum { CASE_PORTS = 8 };

typedef struct CaseInput {
    Shape shape;
    Layout layout;
    bool constant;
    DType dtype;   /* f32, or i64 for lists of ints */
    float *data;   /* plain order; filled with numbers in [-1, 1) by case_input */
    Tensor tensor; /* in its layout */
    bool lent;     /* tensor was set by the test, which frees it */
    ValueId value;
} CaseInput;

typedef struct KernelCase {
    Graph *graph;
    OpSchema op;
    CaseInput inputs[CASE_PORTS];
    size_t input_count;
    Attribute attributes[CASE_PORTS];
    size_t attribute_count;
    EpilogueStep steps[EPILOGUE_MAX];
    size_t step_count;
    Shape dst_shape;
    Layout dst_layout;
    NodeId node;
    PackedWeights *weights; /* may be set to share between cases; else made */
    bool weights_lent;
    Pool *pool; /* NULL: one thread */
    Precision precision;
    Kernel *kernel;
    float *result; /* plain order */
    size_t result_count;
} KernelCase;

/* A pool for tests whose kernels share work: set up and torn down with the group. */
extern Pool *case_pool;
int case_start_pool(void **state);
int case_end_pool(void **state);

void case_start(KernelCase *test, const char *op);
/* Index of the input. seed makes its numbers. */
size_t case_input(KernelCase *test, Shape shape, Layout layout, bool constant, unsigned seed);
/* An input that is left out. */
void case_no_input(KernelCase *test);
/* A constant list of int64 (axes). */
size_t case_int_input(KernelCase *test, const int64_t *values, size_t count);
void case_int(KernelCase *test, const char *name, int64_t value);
void case_float(KernelCase *test, const char *name, float value);
/* values are lent */
void case_ints(KernelCase *test, const char *name, const int64_t *values, size_t count);
void case_string(KernelCase *test, const char *name, const char *value);
void case_step(KernelCase *test, EpilogueStep step);
/* Builds the graph and asks type for a kernel: NULL in test->kernel when it does not take the node.
 */
void case_prepare(KernelCase *test, const KernelType *type, Shape dst, Layout dst_layout);
/* Runs into memory of its own and fills test->result. */
void case_run(KernelCase *test);
/* The same, with dst of the caller's: in test->dst_layout. Thread: any, several at once. */
void case_run_into(const KernelCase *test, float *dst);
/* The operator's reference kernel on the same inputs, all plain: the oracle. After case_prepare. */
void case_reference(const KernelCase *test, float *dst);
/* case_run, then every element against case_reference: |got - want| <= tolerance * (1 + |want|). */
void case_run_and_compare(KernelCase *test, double tolerance);
void case_end(KernelCase *test);

/* Plain order <-> channels last; for rank below 3 a copy. */
void case_reorder(const Shape *shape, Layout to, const float *from, float *dst);
/* All steps on element index of a result of this shape, in double, from their definitions in
 * graph.h. */
double case_steps(const KernelCase *test, double x, size_t index);
size_t case_elements(const Shape *shape);
