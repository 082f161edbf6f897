/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The discrete Fourier transform of any length in n log n steps. */

#include <stdbool.h>
#include <stddef.h>

/* Doubles of memory that a transform of n complex numbers needs. false on overflow. */
bool fft_work_count(size_t n, size_t *ret_count);
/* Fills the tables in work for length n, 1 or more. */
void fft_prepare(size_t n, double *work);
/**
 * In place, unscaled. Any number of transforms may follow one prepare.
 *
 * @values  n pairs of real and imaginary part
 * @work    prepared for n
 */
void fft_run(double *values, size_t n, bool inverse, double *work);
