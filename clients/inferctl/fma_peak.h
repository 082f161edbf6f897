/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the core's float multiply-adds reach from registers alone, in GFLOP/s: the bar that shares
 * of peak are told against. Takes about a quarter of a second; the best of several windows. */
double fma_peak_gflops(void);
