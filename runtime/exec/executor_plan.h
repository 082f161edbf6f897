/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One plan: the executor's graph specialised to concrete input shapes and compiled. Immutable and
 * counted; runs hold a reference, the cache another.
 */

#include "runtime/device/device.h"
#include "runtime/plan/plan_cache.h"

typedef struct ExecutorPlan {
    Plan base;
    const DeviceApi *api;
    Graph *graph;
    Program *program;
    struct BodyPlans *bodies; /* of its nodes; NULL: there are none */
    size_t arena_bytes, activation_bytes, weights_bytes;
} ExecutorPlan;

/* What plans of one executor have in common. */
typedef struct PlanSource {
    const Graph *graph; /* optimised, shapes partly unknown; lent, outlives the plans */
    Device *device;
    DeviceModel *model;
    size_t fold_limit_bytes;
    const DType *input_dtypes; /* NULL: as the graph has them */
    bool optimise;
} PlanSource;

/**
 * @input_shapes  one per graph input; known, but for inputs of a body that vary
 *
 * Errors: INVALID_ARGUMENT (shapes that the model cannot take, naming the node), UNIMPLEMENTED,
 * RESOURCE_EXHAUSTED Thread: loader, or a worker that met new shapes
 */
Status executor_plan_new(const PlanSource *source, const Shape *input_shapes,
                         ExecutorPlan **ret_plan);
