/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One measurement of inferctl bench in words, and as a JSON object. Which batches the calls
 * travelled in is the difference of what the server told before and after, warm-up included, and of
 * all its clients. Thread: main.
 */

#include "clients/inferctl/bench.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <stdio.h>

const BenchPercentile BENCH_PERCENTILES[BENCH_PERCENTILE_COUNT] = {
    { "p50", 0.50 }, { "p90", 0.90 }, { "p99", 0.99 }, { "p99.9", 0.999 }
};

double bench_latency_ms(const BenchPoint *point, double fraction) {
    return (double)histogram_percentile(&point->result.latency, fraction) / (double)NS_PER_MS;
}

static uint64_t count_of(const Batches *batches, uint64_t rows) {
    for (size_t i = 0; i < batches->count; i++)
        if (batches->items[i].rows == rows)
            return batches->items[i].count;
    return 0;
}

double bench_calls_per_s(const LoadResult *result) {
    return (double)result->latency.total / ((double)result->elapsed_ns / (double)NS_PER_S);
}

static double mean_ms(const Histogram *latency) {
    return latency->total ? (double)latency->sum_ns / (double)latency->total / (double)NS_PER_MS
                          : 0;
}

static json_t *errors_json(const LoadResult *result) {
    json_t *errors = json_object();
    for (size_t i = 0; i < ARRAY_LENGTH(result->failed_by_code); i++)
        if (result->failed_by_code[i] > 0)
            json_object_set_new(errors, status_code_name((StatusCode)i),
                                json_integer((json_int_t)result->failed_by_code[i]));
    return errors;
}

static json_t *batches_json(const BenchPoint *point) {
    if (!point->before.told || !point->after.told)
        return json_null();
    json_t *batches = json_array();
    for (size_t i = 0; i < point->after.count; i++) {
        uint64_t rows = point->after.items[i].rows;
        uint64_t count = point->after.items[i].count - count_of(&point->before, rows);
        if (count > 0)
            json_array_append_new(batches, json_pack("{s:I,s:I}", "rows", (json_int_t)rows, "count",
                                                     (json_int_t)count));
    }
    return batches;
}

json_t *bench_json(const Bench *bench, const BenchPoint *point) {
    const Args *args = bench->context->args;
    const LoadResult *result = &point->result;
    json_t *latency = json_object();
    for (size_t i = 0; i < BENCH_PERCENTILE_COUNT; i++)
        json_object_set_new(latency, BENCH_PERCENTILES[i].name,
                            json_real((double)histogram_percentile(&result->latency,
                                                                   BENCH_PERCENTILES[i].fraction) /
                                      (double)NS_PER_MS));
    json_object_set_new(latency, "max",
                        json_real((double)result->latency.max_ns / (double)NS_PER_MS));
    json_object_set_new(latency, "mean", json_real(mean_ms(&result->latency)));
    return json_pack(
        "{s:s,s:s,s:s,s:I,s:I,s:f,s:f,s:I,s:I,s:I,s:o,s:f,s:f,s:o,s:o}", "model", args->argument,
        "server", bench->server, "loop", args->rate > 0 ? "poisson" : "closed", "outstanding",
        (json_int_t)point->outstanding, "connections", (json_int_t)args->connections, "rate",
        args->rate, "seconds", (double)result->elapsed_ns / (double)NS_PER_S, "calls",
        (json_int_t)result->latency.total, "failed", (json_int_t)result->failed, "missed",
        (json_int_t)result->missed, "errors", errors_json(result), "calls_per_s",
        bench_calls_per_s(result), "rows_per_s", bench_calls_per_s(result) * (double)bench->rows,
        "latency_ms", latency, "batches", batches_json(point));
}

static void print_batches(const BenchPoint *point) {
    uint64_t total = 0, rows = 0;
    if (!point->before.told || !point->after.told) {
        puts("  batches     not told by this server");
        return;
    }
    for (size_t i = 0; i < point->after.count; i++) {
        uint64_t count =
            point->after.items[i].count - count_of(&point->before, point->after.items[i].rows);
        total += count;
        rows += count * point->after.items[i].rows;
    }
    printf("  batches     mean %.2f rows", total ? (double)rows / (double)total : 0.0);
    for (size_t i = 0; total && i < point->after.count; i++) {
        uint64_t count =
            point->after.items[i].count - count_of(&point->before, point->after.items[i].rows);
        if (count * 100 >= total)
            printf("; %llu: %.0f%%", (unsigned long long)point->after.items[i].rows,
                   100.0 * (double)count / (double)total);
    }
    putchar('\n');
}

static void print_errors(const Bench *bench, const BenchPoint *point) {
    const LoadResult *result = &point->result;
    if (result->missed > 0)
        printf("  missed      %llu arrivals found %zu calls in flight already\n",
               (unsigned long long)result->missed, point->outstanding);
    if (result->failed == 0)
        return;
    printf("  %sfailed%s      %llu", context_style(bench->context, STYLE_BAD),
           context_style(bench->context, STYLE_NONE), (unsigned long long)result->failed);
    for (size_t i = 0; i < ARRAY_LENGTH(result->failed_by_code); i++)
        if (result->failed_by_code[i] > 0)
            printf("  %s: %llu", status_code_name((StatusCode)i),
                   (unsigned long long)result->failed_by_code[i]);
    printf("\n              the first: %s\n", result->first_error.message);
}

void bench_print(const Bench *bench, const BenchPoint *point) {
    const Args *args = bench->context->args;
    const LoadResult *result = &point->result;
    printf("%s%s%s: ", context_style(bench->context, STYLE_BOLD), args->argument,
           context_style(bench->context, STYLE_NONE));
    if (args->rate > 0)
        printf("Poisson arrivals, %g a second", args->rate);
    else
        printf("%zu calls in flight", point->outstanding);
    printf(" over %lld connection%s, %g s, requests of %zu bytes and %lld row%s\n",
           (long long)args->connections, args->connections == 1 ? "" : "s",
           (double)result->elapsed_ns / (double)NS_PER_S, bench->request_bytes,
           (long long)bench->rows, bench->rows == 1 ? "" : "s");
    printf("  calls/s     %.1f\n  rows/s      %.1f\n  latency ms ", bench_calls_per_s(result),
           bench_calls_per_s(result) * (double)bench->rows);
    for (size_t i = 0; i < BENCH_PERCENTILE_COUNT; i++)
        printf(" %s %.3f ", BENCH_PERCENTILES[i].name,
               (double)histogram_percentile(&result->latency, BENCH_PERCENTILES[i].fraction) /
                   (double)NS_PER_MS);
    printf(" max %.3f  mean %.3f\n", (double)result->latency.max_ns / (double)NS_PER_MS,
           mean_ms(&result->latency));
    print_batches(point);
    print_errors(bench, point);
}
