/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Before and after a pass: how many nodes of an operator there are, and that the graph still
 * computes the same. Both graphs are run without other passes on the CPU device, on random inputs,
 * with open dims bound to 2 before the pass; the counts are those of the graph as it is built, open
 * dims and all.
 */

#include "runtime/passes/pipeline.h"

typedef Graph *(*PassCaseBuild)(void);
typedef Status (*PassCaseRun)(Graph *graph, const PassContext *context);

typedef struct PassCount {
    const char *op;
    size_t before, after;
} PassCount;

typedef struct PassCase {
    const char *name;
    PassCaseBuild build;
    PassCaseRun pass;
    PassCount counts[6]; /* until op is NULL */
    float tolerance;     /* 0: bit for bit */
} PassCase;

/* Fails the cmocka test, naming the case. */
void pass_case_check(const PassCase *test);

/* Nodes of that operator, whatever its domain. */
size_t pass_case_count(const Graph *graph, const char *op);
