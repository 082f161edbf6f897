/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Denormal floats are flushed to zero while a program runs: one of them costs a hundred cycles, and
 * no network means them. The mode belongs to the thread, so it is set and put back around a run.
 */

#if defined(__SSE2__)
#include <immintrin.h>

enum { FLOAT_MODE_FLUSH = 0x8040 }; /* MXCSR: flush to zero, denormals are zero */

static inline unsigned float_mode_enter(void) {
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | FLOAT_MODE_FLUSH);
    return before;
}

static inline void float_mode_leave(unsigned before) {
    _mm_setcsr(before);
}
#else
static inline unsigned float_mode_enter(void) {
    return 0;
}

static inline void float_mode_leave(unsigned before) {
    (void)before;
}
#endif
