/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Names by patterns, in which '*' stands for anything. */

#include <stdbool.h>
#include <stddef.h>

bool pattern_fits(const char *pattern, size_t pattern_length, const char *text, size_t length);
