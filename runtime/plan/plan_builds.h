/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Plans on their way into a cache. Threads that miss the same shapes at once build once and share
 * the result, the error too; other shapes are built side by side; shapes that are ready never wait.
 */

#include "runtime/plan/plan_cache.h"

typedef struct PlanBuilds PlanBuilds;

/* A new plan with one reference. Any number run at once, for different shapes. */
typedef Status (*PlanBuildFn)(void *user, const Shape *input_shapes, Plan **ret_plan);

/** @cache  lent; plans that are built end there */
Status plan_builds_new(PlanCache *cache, size_t input_count, PlanBuilds **ret_builds);
void plan_builds_free(PlanBuilds *builds); /* nothing may be building */
DEFINE_AUTO(PlanBuilds, plan_builds_free);
/* A reference to the plan for these shapes: cached, another thread's, or built by the caller. */
Status plan_builds_get(PlanBuilds *builds, const Shape *input_shapes, PlanBuildFn build, void *user,
                       Plan **ret_plan);
