/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the command line says of rate limits. */

#include "runtime/schedule/scheduler.h"
#include "server/options.h"

/* Sets limits_rate and the resources, whose values were checked when they were parsed. */
Status rate_limit_of(const Options *options, Arena *arena, SchedulerOptions *scheduler);
