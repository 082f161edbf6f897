/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Picks the copy of vector_loops.c that this machine runs best. Rows are in rising order; the last
 * whose test holds wins. The test also asks whether the operating system saves the wide registers
 * (the builtin does). Elsewhere than on x86-64 there is the plain copy alone.
 *
 * Thread: any.
 */

#include "runtime/cpu/vector_loops.h"

#include "runtime/base/size.h"

#include <stdatomic.h>

extern const VectorLoops vector_loops_plain;

static bool always(void) {
    return true;
}

#if defined(__x86_64__)
extern const VectorLoops vector_loops_avx2, vector_loops_avx512;

/* x86-64-v3 and v4: what the copies are compiled for. */
static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

static bool has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

static const struct {
    const VectorLoops *loops;
    bool (*supported)(void);
} rows[] = {
    { &vector_loops_plain, always },
#if defined(__x86_64__)
    { &vector_loops_avx2, has_avx2 },
    { &vector_loops_avx512, has_avx512 },
#endif
};

const VectorLoops *vector_loops(void) {
    static const VectorLoops *_Atomic chosen;
    const VectorLoops *loops = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (loops)
        return loops;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (rows[i].supported())
            loops = rows[i].loops;
    atomic_store_explicit(&chosen, loops, memory_order_relaxed);
    return loops;
}

static const VectorLoops *const all[] = {
    &vector_loops_plain,
#if defined(__x86_64__)
    &vector_loops_avx2,
    &vector_loops_avx512,
#endif
};

const VectorLoops *const *vector_loops_all(size_t *ret_count) {
    size_t count = 0;
    while (count < ARRAY_LENGTH(rows) && rows[count].supported())
        count++;
    *ret_count = count;
    return all;
}
