/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a server's /metrics says of its versions: the few series that inferctl top shows. */

#include "runtime/base/arena.h"
#include "runtime/base/status.h"

#include <stdint.h>

enum { EXPOSITION_BUCKETS_MAX = 64, EXPOSITION_VERSIONS_MAX = 4096 };

/* Counts since the version was loaded, and what is now. */
typedef struct VersionSample {
    const char *model, *version;
    double requests, seconds; /* answered well; their times */
    double failures;
    double batches, batch_rows;
    double queued, weight_bytes, arena_bytes;
    /* Requests by how long they took: cumulative counts up to each bound. */
    size_t bucket_count;
    double bounds_s[EXPOSITION_BUCKETS_MAX], cumulative[EXPOSITION_BUCKETS_MAX];
} VersionSample;

typedef struct Exposition {
    VersionSample *versions;
    size_t count;
    double live_calls, resident_bytes;
} Exposition;

/* Text is read line by line; what is not known is skipped. INVALID_ARGUMENT when there is no series
 * of inferd in it. All of it lives in arena. */
Status exposition_read(const char *text, Arena *arena, Exposition *ret_exposition);

/* NULL when it is not there. */
const VersionSample *exposition_find(const Exposition *exposition, const char *model,
                                     const char *version);
/* Of the requests that ended after `before` (NULL: of all), in seconds: within the bucket linearly.
 * NAN without any; infinite ones count as the last bound. */
double exposition_percentile(const VersionSample *now, const VersionSample *before,
                             double fraction);
