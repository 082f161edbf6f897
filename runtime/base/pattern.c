/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Matching goes back to the last '*' only, so its cost is bounded by the product of both lengths.
 * Pure; any thread.
 */

#include "runtime/base/pattern.h"

#include "runtime/base/size.h"

bool pattern_fits(const char *pattern, size_t pattern_length, const char *text, size_t length) {
    size_t at = 0, p = 0, star = INDEX_NONE, resume = 0;
    while (at < length) {
        if (p < pattern_length && pattern[p] == '*') {
            star = p++;
            resume = at;
        } else if (p < pattern_length && pattern[p] == text[at]) {
            p++;
            at++;
        } else if (star != INDEX_NONE) {
            p = star + 1;
            at = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern_length && pattern[p] == '*')
        p++;
    return p == pattern_length;
}
