/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* 10^q as 128 normalised bits; made at build time by generate_powers.py, which says how they are
 * rounded. */

#include <stdint.h>

enum { POWERS_OF_TEN_FIRST = -342, POWERS_OF_TEN_LAST = 324, POWERS_OF_TEN_EXACT_LAST = 55 };

typedef struct PowerOfTen {
    uint64_t high, low;
} PowerOfTen;

extern const PowerOfTen POWERS_OF_TEN[POWERS_OF_TEN_LAST - POWERS_OF_TEN_FIRST + 1];

static inline PowerOfTen power_of_ten(int q) {
    return POWERS_OF_TEN[q - POWERS_OF_TEN_FIRST];
}
