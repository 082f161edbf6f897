/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Finding a bucket is a search in 33 sorted numbers, five steps. The bounds are written out rather
 * than computed, so that they are the same on every machine. Thread: any.
 */

#include "server/observe/histogram.h"

#include <stddef.h>

const uint64_t HISTOGRAM_BOUND_NS[HISTOGRAM_BOUNDS] = {
    10000,        18000,        32400,        58320,        104976,       188957,      340122,
    612220,       1101996,      1983593,      3570467,      6426841,      11568314,    20822965,
    37481337,     67466406,     121439531,    218591156,    393464081,    708235345,   1274823622,
    2294682519,   4130428534,   7434771361,   13382588451,  24088659211,  43359586580, 78047255843,
    140485060518, 252873108933, 455171596079, 819308872942, 1474755971296
};

size_t histogram_bucket(uint64_t ns) {
    size_t begin = 0, end = HISTOGRAM_BOUNDS;
    while (begin < end) {
        size_t middle = (begin + end) / 2;
        if (HISTOGRAM_BOUND_NS[middle] < ns)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

void histogram_add(TallyCells cells, size_t first_cell, uint64_t ns) {
    tally_add(cells, first_cell + histogram_bucket(ns), 1);
    tally_add(cells, first_cell + HISTOGRAM_SUM, ns);
}

uint64_t histogram_count(const uint64_t *cells) {
    uint64_t count = 0;
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        count += cells[i];
    return count;
}
