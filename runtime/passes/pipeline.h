/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Graph -> Graph. Each pass is a file and a row; it leaves a valid, sorted graph and keeps every
 * output's value for every input (rewrites that change rounding are listed in
 * docs/ARCHITECTURE.md). Order: reference cpu_engine.md 3.1.
 */

#include "runtime/device/device.h"
#include "runtime/graph/graph.h"

typedef enum PassStage {
    PASS_ON_LOAD, /* once a model, shapes partly unknown */
    PASS_ON_PLAN, /* once a plan, shapes concrete */
} PassStage;

typedef struct PassContext {
    const Device *device;    /* for placement and folding; never NULL */
    size_t fold_limit_bytes; /* what one run of folding may make; larger results are left to be
                                computed */
} PassContext;

typedef struct Pass {
    const char *name;
    PassStage stage;
    Status (*run)(Graph *graph, const PassContext *context);
} Pass;

/* All rows in order. */
const Pass *pass_table(size_t *ret_count);
Status pipeline_run(Graph *graph, PassStage stage, const PassContext *context);
/* What even an unoptimised graph must pass: the device has every operator. UNIMPLEMENTED naming
 * operator, node, opset. */
Status pipeline_check_placement(Graph *graph, const PassContext *context);
