/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inferctl top: two looks at /metrics, and what happened between them, again and again. On a
 * terminal each table takes the place of the one before; the cursor is hidden meanwhile and shown
 * again at the end, whatever ends it. Two arenas take turns: one holds the last look. Thread: main.
 */

#include "clients/inferctl/command.h"

#include "clients/inferctl/exposition_read.h"
#include "clients/inferctl/http_get.h"
#include "clients/inferctl/interrupt.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

typedef struct Look {
    Arena *arena;
    Exposition exposition;
    uint64_t at_ns;
} Look;

static void look_deinit(Look *look) {
    arena_free(look->arena);
}
DEFINE_AUTO_VALUE(Look, look_deinit);

/* What one version did between two looks. */
typedef struct Row {
    const VersionSample *now;
    double rate, failures, p50_ms, p90_ms, p99_ms, batch;
} Row;

static Status look_at(const Context *context, Look *look) {
    const char *body = NULL;
    arena_reset(look->arena);
    TRY(http_get(context->args->metrics, "/metrics", context_timeout_ns(context), look->arena,
                 &body));
    look->at_ns = clock_now_ns(clock_monotonic());
    return exposition_read(body, look->arena, &look->exposition);
}

static Row row_of(const Look *now, const Look *before, const VersionSample *sample) {
    double seconds = (double)(now->at_ns - before->at_ns) / (double)NS_PER_S;
    const VersionSample *old = exposition_find(&before->exposition, sample->model, sample->version);
    if (old && old->requests > sample->requests)
        old = NULL; /* it was loaded again */
    double batches = sample->batches - (old ? old->batches : 0);
    return (Row){ .now = sample,
                  .rate = (sample->requests - (old ? old->requests : 0)) / seconds,
                  .failures = (sample->failures - (old ? old->failures : 0)) / seconds,
                  .p50_ms = 1e3 * exposition_percentile(sample, old, 0.50),
                  .p90_ms = 1e3 * exposition_percentile(sample, old, 0.90),
                  .p99_ms = 1e3 * exposition_percentile(sample, old, 0.99),
                  .batch = batches > 0
                               ? (sample->batch_rows - (old ? old->batch_rows : 0)) / batches
                               : NAN };
}

static json_t *number_or_null(double value) {
    return isnan(value) ? json_null() : json_real(value);
}

static Status print_json(const Context *context, const Look *now, const Look *before) {
    json_t *versions = json_array();
    for (size_t i = 0; i < now->exposition.count; i++) {
        Row row = row_of(now, before, &now->exposition.versions[i]);
        json_array_append_new(
            versions,
            json_pack("{s:s,s:s,s:f,s:f,s:o,s:o,s:o,s:f,s:o,s:f,s:f}", "model", row.now->model,
                      "version", row.now->version, "requests_per_s", row.rate, "failures_per_s",
                      row.failures, "p50_ms", number_or_null(row.p50_ms), "p90_ms",
                      number_or_null(row.p90_ms), "p99_ms", number_or_null(row.p99_ms), "queued",
                      row.now->queued, "batch_rows", number_or_null(row.batch), "weight_bytes",
                      row.now->weight_bytes, "arena_bytes", row.now->arena_bytes));
    }
    return context_print_json(json_pack("{s:s,s:f,s:f,s:f,s:o}", "metrics", context->args->metrics,
                                        "seconds",
                                        (double)(now->at_ns - before->at_ns) / (double)NS_PER_S,
                                        "live_calls", now->exposition.live_calls, "resident_bytes",
                                        now->exposition.resident_bytes, "versions", versions),
                              9);
}

static void print_number(const char *format, int width, double value) {
    if (isnan(value))
        printf(" %*s", width, "-");
    else
        printf(format, width, value);
}

static void print_table(const Context *context, const Look *now, const Look *before) {
    const Exposition *exposition = &now->exposition;
    int columns = 5;
    for (size_t i = 0; i < exposition->count; i++)
        columns = MAX_OF(columns, MIN_OF((int)strlen(exposition->versions[i].model), 40));
    printf("%s%s%s  %.0f calls live  %.0f MiB resident\n", context_style(context, STYLE_BOLD),
           context->args->metrics, context_style(context, STYLE_NONE), exposition->live_calls,
           exposition->resident_bytes / (1 << 20));
    printf("%s%-*s %7s %10s %8s %9s %9s %9s %6s %7s %9s%s\n", context_style(context, STYLE_DIM),
           columns, "model", "version", "calls/s", "failed/s", "p50 ms", "p90 ms", "p99 ms",
           "queued", "batch", "MiB", context_style(context, STYLE_NONE));
    for (size_t i = 0; i < exposition->count; i++) {
        Row row = row_of(now, before, &exposition->versions[i]);
        printf("%-*.40s %7s", columns, row.now->model, row.now->version);
        print_number(" %*.1f", 10, row.rate);
        printf("%s", row.failures > 0 ? context_style(context, STYLE_BAD) : "");
        print_number(" %*.1f", 8, row.failures);
        printf("%s", row.failures > 0 ? context_style(context, STYLE_NONE) : "");
        print_number(" %*.3f", 9, row.p50_ms);
        print_number(" %*.3f", 9, row.p90_ms);
        print_number(" %*.3f", 9, row.p99_ms);
        print_number(" %*.0f", 6, row.now->queued);
        print_number(" %*.2f", 7, row.batch);
        printf(" %9.1f\n", (row.now->weight_bytes + row.now->arena_bytes) / (1 << 20));
    }
}

/* Table after table; the newest look is looks[*at]. */
static Status run(const Context *context, Look looks[static 2], bool is_screen) {
    const Args *args = context->args;
    int64_t most = args->count ? args->count : args->json ? 1 : INT64_MAX;
    size_t at = 0;
    TRY(look_at(context, &looks[0]));
    for (int64_t shown = 0; shown < most; shown++) {
        interrupt_sleep((uint64_t)(args->interval_s * (double)NS_PER_S));
        if (interrupt_came())
            break;
        at = 1 - at;
        TRY(look_at(context, &looks[at]));
        if (args->json) {
            TRY(print_json(context, &looks[at], &looks[1 - at]));
        } else {
            fputs(is_screen ? "\033[H\033[J" : shown ? "\n" : "", stdout);
            print_table(context, &looks[at], &looks[1 - at]);
        }
        fflush(stdout);
    }
    return status_ok();
}

Status command_top(Context *context) {
    enum { FIRST_BYTES = 1 << 20 };
    AUTO(look_deinit) Look first = { 0 };
    AUTO(look_deinit) Look second = { 0 };
    bool is_screen = isatty(STDOUT_FILENO) && !context->args->json && context->args->count != 1;
    TRY(arena_new(FIRST_BYTES, (size_t)256 << 20, &first.arena));
    TRY(arena_new(FIRST_BYTES, (size_t)256 << 20, &second.arena));
    Look looks[2] = { first, second };
    interrupt_catch();
    if (is_screen)
        fputs("\033[?25l", stdout);
    Status ran = run(context, looks, is_screen);
    if (is_screen)
        fputs("\033[?25h", stdout);
    return ran;
}
