/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Plans of the bodies of a plan's nodes: the branches of its Ifs, what its Loops repeat. Each body
 * has its own few plans, by the shapes of its inputs, and belongs to the plan whose graph it stands
 * in. Shapes that are known when the outer plan is made are planned with it.
 */

#include "runtime/exec/executor_plan.h"

typedef struct BodyPlans BodyPlans;

/* Of all bodies in graph, which is lent and is planned for already. Thread: as executor_plan_new.
 */
Status body_plans_new(const PlanSource *source, const Graph *graph, BodyPlans **ret_plans);
void body_plans_free(BodyPlans *plans); /* nothing may be running */
DEFINE_AUTO(BodyPlans, body_plans_free);
/* Is there anything to run? NULL plans have none. */
Status body_plans_run(void *plans, const Graph *body, const ProgramIo *io);
