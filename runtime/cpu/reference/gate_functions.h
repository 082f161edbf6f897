/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The activation functions that recurrent operators name in their attributes. */

#include "runtime/cpu/kernel.h"

enum { GATE_FUNCTIONS_MAX = 6 };

typedef struct GateFunction {
    double (*apply)(double x, double alpha, double beta);
    double alpha, beta;
} GateFunction;

/**
 * Reads activations, activation_alpha and activation_beta. The numbers are used up in order, by the
 * functions that want one.
 *
 * @defaults  one name a function of one direction
 * @count     functions of all directions together, a multiple of that
 *
 * Errors: INVALID_ARGUMENT naming the function or the count
 */
Status gate_functions_read(const KernelCall *call, const char *const *defaults,
                           size_t default_count, size_t count, GateFunction *functions);
/* Of x, limited to [-clip, clip] first. */
double gate_apply(const GateFunction *function, double x, double clip);
