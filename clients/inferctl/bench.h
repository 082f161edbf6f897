/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What inferctl bench measured, for the files that show it. */

#include "clients/c/statistics.h"
#include "clients/inferctl/context.h"
#include "clients/load/load.h"

enum { BENCH_POINTS_MAX = 17, BENCH_SERVERS_MAX = 2, BENCH_PERCENTILE_COUNT = 4 };

typedef struct Batches {
    ClientBatches *items;
    size_t count;
    bool told;
} Batches;

/* One load. */
typedef struct BenchPoint {
    size_t outstanding;
    Batches before, after;
    LoadResult result;
} BenchPoint;

/* One server under all loads. */
typedef struct Bench {
    Context *context;
    const char *server;
    Client *client; /* of the second server; the first one's is the context's */
    ClientAsk ask;
    ClientModelName name;
    int64_t rows; /* a call */
    const void *request;
    size_t request_bytes;
    BenchPoint *points[BENCH_POINTS_MAX];
    size_t point_count;
} Bench;

typedef struct BenchPercentile {
    const char *name;
    double fraction;
} BenchPercentile;
extern const BenchPercentile BENCH_PERCENTILES[BENCH_PERCENTILE_COUNT];

double bench_calls_per_s(const LoadResult *result);
double bench_latency_ms(const BenchPoint *point, double fraction);
void bench_print(const Bench *bench, const BenchPoint *point);
/* NULL: out of memory. */
json_t *bench_json(const Bench *bench, const BenchPoint *point);

/* bench_plots.c: a line per load and server; with a sweep latency over load in characters. */
void bench_print_table(const Context *context, const Bench *benches, size_t count);
/* Percentiles, and with a sweep latency over load. */
Status bench_write_svg(const Context *context, const Bench *benches, size_t count);
void bench_print_plot(const Context *context, const Bench *benches, size_t count);
