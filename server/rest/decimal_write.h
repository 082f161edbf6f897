/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Floats as the shortest decimal text that reads back as the same number; of those the nearest to
 * it. Whole numbers end in ".0" ("3.0", "1e+30"), as TensorFlow Serving has it; NaN, Infinity and
 * -Infinity are bare words, which both servers write and read.
 */

#include <stdint.h>

enum { DECIMAL_TEXT_BYTES = 48 }; /* of the longest text, and what is written behind it */

/* At `at`, where DECIMAL_TEXT_BYTES are free; returns the end. No NUL. */
char *decimal_write_f32(char *at, float value);
char *decimal_write_f64(char *at, double value);
char *decimal_write_i64(char *at, int64_t value);
char *decimal_write_u64(char *at, uint64_t value);
