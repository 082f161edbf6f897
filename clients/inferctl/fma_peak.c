/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Independent chains of multiply-adds that never leave the registers, as wide as the CPU has them:
 * enough chains to cover latency times ports. The best of many short windows, since other programs
 * may take the core away in any one of them.
 *
 * Thread: any.
 */

#include "clients/inferctl/fma_peak.h"

#include "runtime/base/clock.h"

#include <stdbool.h>

enum { CHAINS = 12, STEPS = 20000, WINDOWS = 400 };

#define EACH_CHAIN(do_)                                                                            \
    do_(a) do_(b) do_(c) do_(d) do_(e) do_(f) do_(g) do_(h) do_(i) do_(j) do_(k) do_(l)
#define DECLARE(x) x = factor,
#define ADVANCE(x)                                                                                 \
    x = x * factor + term;                                                                         \
    __asm__("" : "+v"(x));
#define TOTAL(x) sum += x[0];

/* One window: STEPS * CHAINS multiply-adds of one vector. The empty asm keeps each chain in its
 * register, so that nothing is hoisted or joined. */
#define DEFINE_WINDOW(name, isa, bytes)                                                            \
    typedef float name##Vector __attribute__((vector_size(bytes)));                                \
    __attribute__((target(isa))) static float name(void) {                                         \
        name##Vector factor = (name##Vector){ 0 } + 0.999F, term = factor * 0.001F;                \
        name##Vector EACH_CHAIN(DECLARE) unused = factor;                                          \
        for (int step = 0; step < STEPS; step++) {                                                 \
            EACH_CHAIN(ADVANCE)                                                                    \
        }                                                                                          \
        float sum = unused[0] * 0;                                                                 \
        EACH_CHAIN(TOTAL)                                                                          \
        return sum;                                                                                \
    }

DEFINE_WINDOW(window_avx512, "avx512f,fma", 64)
DEFINE_WINDOW(window_avx2, "avx2,fma", 32)

double fma_peak_gflops(void) {
    bool wide = __builtin_cpu_supports("avx512f"), fma = __builtin_cpu_supports("fma");
    if (!fma)
        return 0;
    const Clock *clock = clock_monotonic();
    uint64_t best_ns = UINT64_MAX;
    volatile float sink = 0;
    for (int i = 0; i < WINDOWS; i++) {
        uint64_t begin_ns = clock_now_ns(clock);
        sink = sink + (wide ? window_avx512() : window_avx2());
        uint64_t taken_ns = clock_now_ns(clock) - begin_ns;
        best_ns = taken_ns < best_ns ? taken_ns : best_ns;
    }
    double flops = 2.0 * (wide ? 16 : 8) * CHAINS * STEPS;
    return flops / (double)best_ns;
}
