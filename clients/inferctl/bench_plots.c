/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inferctl bench's pictures: the distribution of latency, whose axis gives each further nine the
 * same room, and latency over load. Of a sweep the distribution is that of the highest load.
 * Thread: main.
 */

#include "clients/inferctl/bench.h"
#include "clients/inferctl/plot.h"
#include "runtime/base/size.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static const struct {
    double fraction;
    const char *label;
} NINES[] = {
    { 0, "0 %" },     { 0.5, "50 %" },     { 0.9, "90 %" },
    { 0.99, "99 %" }, { 0.999, "99.9 %" }, { 0.9999, "99.99 %" },
};

static double nines(double fraction) {
    return -log10(1 - fraction);
}

static void plot_percentiles(const Bench *benches, size_t count, Plot *plot) {
    *plot = (Plot){ .title = "Latency by percentile", .x_label = "percentile", .y_label = "ms" };
    for (size_t i = 0; i < ARRAY_LENGTH(NINES); i++)
        plot->x_ticks[plot->x_tick_count++] =
            (PlotTick){ nines(NINES[i].fraction), NINES[i].label };
    for (size_t i = 0; i < count; i++) {
        if (benches[i].point_count == 0)
            continue;
        const BenchPoint *point = benches[i].points[benches[i].point_count - 1];
        PlotSeries *series =
            plot_add_series(plot, "%s, %zu in flight", benches[i].server, point->outstanding);
        for (double at = 0; at <= 4.01; at += 0.1)
            plot_add_point(series, at, bench_latency_ms(point, 1 - pow(10, -at)));
    }
}

static void plot_load(const Bench *benches, size_t count, Plot *plot) {
    *plot = (Plot){ .title = "Latency over load", .x_label = "calls/s", .y_label = "ms" };
    for (size_t i = 0; i < count; i++) {
        for (size_t p = 0; p < BENCH_PERCENTILE_COUNT; p += 2) { /* p50 and p99 */
            PlotSeries *series =
                plot_add_series(plot, "%s %s", benches[i].server, BENCH_PERCENTILES[p].name);
            for (size_t j = 0; j < benches[i].point_count; j++)
                plot_add_point(
                    series, bench_calls_per_s(&benches[i].points[j]->result),
                    bench_latency_ms(benches[i].points[j], BENCH_PERCENTILES[p].fraction));
        }
    }
}

Status bench_write_svg(const Context *context, const Bench *benches, size_t count) {
    const char *path = context->args->svg;
    Plot *plots = arena_calloc(context->arena, 2, sizeof *plots);
    if (!plots)
        return arena_exhausted(context->arena);
    FILE *file = fopen(path, "we");
    if (!file)
        return status_from_errno(errno, path);
    plot_percentiles(benches, count, &plots[0]);
    plot_load(benches, count, &plots[1]);
    plot_write_svg(plots, context->args->sweep ? 2 : 1, file);
    return fclose(file) == 0 ? status_ok() : status_from_errno(errno, path);
}

void bench_print_plot(const Context *context, const Bench *benches, size_t count) {
    Plot *plot = arena_calloc(context->arena, 1, sizeof *plot);
    if (!plot)
        return;
    if (context->args->sweep)
        plot_load(benches, count, plot);
    else
        plot_percentiles(benches, count, plot);
    plot_print(plot, stdout);
}

/* "+12%" against the first server; "" for itself. */
static const char *against(double value, double first, char text[static 24]) {
    *text = '\0';
    if (first > 0)
        snprintf(text, 24, "%+.0f%%", 100 * (value / first - 1));
    return text;
}

static void print_row(const Bench *bench, const BenchPoint *point, const BenchPoint *first,
                      int columns) {
    char calls[24] = "", p99[24] = "";
    if (first && first != point) {
        against(bench_calls_per_s(&point->result), bench_calls_per_s(&first->result), calls);
        against(bench_latency_ms(point, 0.99), bench_latency_ms(first, 0.99), p99);
    }
    printf("%-*s %9zu %10.1f %6s %9.3f %9.3f %9.3f %6s %7llu\n", columns, bench->server,
           point->outstanding, bench_calls_per_s(&point->result), calls,
           bench_latency_ms(point, 0.50), bench_latency_ms(point, 0.90),
           bench_latency_ms(point, 0.99), p99, (unsigned long long)point->result.failed);
}

void bench_print_table(const Context *context, const Bench *benches, size_t count) {
    int columns = 6;
    for (size_t i = 0; i < count; i++)
        columns = MAX_OF(columns, (int)strlen(benches[i].server));
    printf("%s%-*s %9s %10s %6s %9s %9s %9s %6s %7s%s\n", context_style(context, STYLE_DIM),
           columns, "server", "in flight", "calls/s", "", "p50 ms", "p90 ms", "p99 ms", "",
           "failed", context_style(context, STYLE_NONE));
    for (size_t j = 0; j < BENCH_POINTS_MAX; j++)
        for (size_t i = 0; i < count; i++)
            if (j < benches[i].point_count)
                print_row(&benches[i], benches[i].points[j], benches[0].points[j], columns);
}
