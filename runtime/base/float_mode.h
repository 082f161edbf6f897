/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How the calling thread's vector unit treats denormal floats. One of them costs a hundred cycles
 * and no network means them, so they are flushed to zero while a program runs. The mode belongs to
 * the thread: whoever sets it puts it back, and pool_for hands its caller's to the threads that
 * help, so that a result does not depend on who computed it.
 */

#if defined(__SSE2__)
#include <immintrin.h>

enum { FLOAT_MODE_FLUSH = 0x8040 }; /* MXCSR: flush to zero, denormals are zero */
enum { FLOAT_MODE_FLAGS = 0x3f };   /* MXCSR: exceptions seen so far, no mode */

static inline unsigned float_mode_get(void) {
    return _mm_getcsr() & ~(unsigned)FLOAT_MODE_FLAGS;
}

static inline void float_mode_set(unsigned mode) {
    _mm_setcsr(mode);
}
#else
enum { FLOAT_MODE_FLUSH = 0 };

static inline unsigned float_mode_get(void) {
    return 0;
}

static inline void float_mode_set(unsigned mode) {
    (void)mode;
}
#endif

/* Flushes from now on; returns what float_mode_set puts back. */
static inline unsigned float_mode_flush(void) {
    unsigned before = float_mode_get();
    float_mode_set(before | FLOAT_MODE_FLUSH);
    return before;
}
