/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a command line needs of the file system and the network, and nothing beyond. */

#include "server/options.h"
#include "server/sandbox/sandbox.h"

/* Paths are lent from the options and the environment; buffer keeps one that is made up. */
typedef struct SandboxPlan {
    SandboxMode mode;
    SandboxRules rules;
    char trace_folder[1024], socket_folder[1024];
} SandboxPlan;

void sandbox_plan(const Options *options, SandboxPlan *ret_plan);
