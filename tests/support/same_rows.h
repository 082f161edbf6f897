/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Does a row's answer depend on its company? With AVX-512 kernels not by a bit. Where oneDNN has
 * none it sums in another order for some row counts (runtime/cpu/matmul.c), and the last bits may
 * differ: a few units in the last place of values around 1, hence 1e-6 relative to the larger of 1
 * and the value.
 */

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* INFERD_WRAP: the server runs under valgrind, which knows no AVX-512. */
static inline bool rows_keep_their_bits(void) {
    return __builtin_cpu_supports("avx512bw") && !getenv("DNNL_MAX_CPU_ISA") &&
           !getenv("ONEDNN_MAX_CPU_ISA") && !getenv("INFERD_WRAP");
}

static inline bool rows_are_same(const float *values, const float *alone, size_t count) {
    if (rows_keep_their_bits())
        return memcmp(values, alone, count * sizeof *values) == 0;
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(values[i] - alone[i]) <= 1e-6F * fmaxf(1.0F, fabsf(alone[i]))))
            return false;
    return true;
}
