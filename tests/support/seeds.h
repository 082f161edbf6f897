/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Seeded histories: a test lives through so many of them, `SEED=7` through that one again, and
 * `SEEDS=100000` or `SEEDS=5000+2000` (from 5000 on) through as many as asked for. A history that
 * breaks a promise ends the test; its seed is the last one told.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static inline void seeds_run(void (*live)(uint64_t seed), uint64_t usual_count) {
    const char *one = getenv("SEED"), *many = getenv("SEEDS");
    uint64_t first = one ? strtoull(one, NULL, 10) : 0, count = one ? 1 : usual_count;
    if (many) {
        char *end;
        count = strtoull(many, &end, 10);
        if (*end == '+') {
            first = count;
            count = strtoull(end + 1, NULL, 10);
        }
    }
    for (uint64_t seed = first; seed < first + count; seed++) {
        if (many) /* the last such line names the one that failed */
            fprintf(stderr, "seed=%llu\n", (unsigned long long)seed);
        live(seed);
    }
    printf("seeds=%llu\n", (unsigned long long)count);
}
