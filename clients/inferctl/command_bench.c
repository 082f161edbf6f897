/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inferctl bench: one request, encoded once, sent by clients/load. Which batches it travelled in is
 * the difference of what the server told before and after, warm-up included, and of all its
 * clients. Thread: main.
 */

#include "clients/inferctl/command.h"
#include "clients/inferctl/inputs.h"
#include "clients/c/statistics.h"
#include "clients/load/load.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <string.h>
#include <unistd.h>

typedef struct Batches {
    ClientBatches *items;
    size_t count;
    bool told;
} Batches;

typedef struct Bench {
    Context *context;
    ClientAsk ask;
    ClientModelName name;
    size_t outstanding;
    int64_t rows; /* a call */
    const void *request;
    size_t request_bytes;
    Batches before, after;
    LoadResult *result;
} Bench;

static const struct {
    const char *name;
    double fraction;
} PERCENTILES[] = { { "p50", 0.50 }, { "p90", 0.90 }, { "p99", 0.99 }, { "p99.9", 0.999 } };

static Status prepare(Context *context, Bench *bench) {
    ClientModel model = { 0 };
    Inputs inputs = { 0 };
    TRY(context_ask(context, &bench->ask));
    TRY(client_model(&bench->ask, &bench->name, &model));
    model.name = bench->name.name;
    TRY(context->args->inputs.count ? inputs_read(context, &model, &inputs)
                                    : inputs_make(context, &model, &inputs));
    bench->rows = inputs.count && inputs.tensors[0].rank ? inputs.tensors[0].dims[0] : 1;
    ClientPredict predict = { .protocol = bench->ask.protocol,
                              .model = bench->name,
                              .inputs = inputs.tensors,
                              .input_count = inputs.count,
                              .outputs = context->args->outputs.items,
                              .output_count = context->args->outputs.count };
    AUTO(client_prediction_deinit) ClientPrediction first = { 0 };
    TRY(client_predict(bench->ask.client, &predict, bench->ask.timeout_ns, context->arena,
                       &first)); /* an error tells now */
    return client_predict_encode(&predict, context->arena, &bench->request, &bench->request_bytes);
}

static void read_batches(const Bench *bench, Batches *batches) {
    Status asked = client_batches(&bench->ask, &bench->name, &batches->items, &batches->count);
    batches->told = status_is_ok(&asked);
}

static uint64_t count_of(const Batches *batches, uint64_t rows) {
    for (size_t i = 0; i < batches->count; i++)
        if (batches->items[i].rows == rows)
            return batches->items[i].count;
    return 0;
}

static void print_progress(void *user, uint64_t elapsed_ns, uint64_t calls, uint64_t failed) {
    const Bench *bench = user;
    double total_s = bench->context->args->warm_up_s + bench->context->args->duration_s;
    fprintf(stderr, "\r%5.1f s of %.1f s   %llu calls   %llu failed ",
            (double)elapsed_ns / (double)NS_PER_S, total_s, (unsigned long long)calls,
            (unsigned long long)failed);
    fflush(stderr);
}

static Status measure(Bench *bench) {
    const Args *args = bench->context->args;
    bool terminal = isatty(STDERR_FILENO) && !args->json;
    read_batches(bench, &bench->before);
    Status ran =
        load_run(&(LoadOptions){ .client = bench->ask.client,
                                 .method = client_predict_method(bench->ask.protocol),
                                 .message = bench->request,
                                 .message_bytes = bench->request_bytes,
                                 .outstanding = bench->outstanding,
                                 .calls_per_s = args->rate,
                                 .duration_ns = (uint64_t)(args->duration_s * (double)NS_PER_S),
                                 .warm_up_ns = (uint64_t)(args->warm_up_s * (double)NS_PER_S),
                                 .timeout_ns = bench->ask.timeout_ns,
                                 .seed = (uint64_t)args->seed,
                                 .progress = terminal ? print_progress : NULL,
                                 .user = bench },
                 bench->result);
    if (terminal)
        fputs("\r\033[K", stderr);
    TRY(ran);
    read_batches(bench, &bench->after);
    if (bench->result->latency.total == 0 && !status_is_ok(&bench->result->first_error))
        return status_prefix(&bench->result->first_error, "no call succeeded");
    return status_ok();
}

static double calls_per_s(const LoadResult *result) {
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

static json_t *batches_json(const Bench *bench) {
    if (!bench->before.told || !bench->after.told)
        return json_null();
    json_t *batches = json_array();
    for (size_t i = 0; i < bench->after.count; i++) {
        uint64_t rows = bench->after.items[i].rows;
        uint64_t count = bench->after.items[i].count - count_of(&bench->before, rows);
        if (count > 0)
            json_array_append_new(batches, json_pack("{s:I,s:I}", "rows", (json_int_t)rows, "count",
                                                     (json_int_t)count));
    }
    return batches;
}

static Status print_json(const Bench *bench) {
    const Args *args = bench->context->args;
    const LoadResult *result = bench->result;
    json_t *latency = json_object();
    for (size_t i = 0; i < ARRAY_LENGTH(PERCENTILES); i++)
        json_object_set_new(
            latency, PERCENTILES[i].name,
            json_real((double)histogram_percentile(&result->latency, PERCENTILES[i].fraction) /
                      (double)NS_PER_MS));
    json_object_set_new(latency, "max",
                        json_real((double)result->latency.max_ns / (double)NS_PER_MS));
    json_object_set_new(latency, "mean", json_real(mean_ms(&result->latency)));
    json_t *document = json_pack(
        "{s:s,s:s,s:I,s:I,s:f,s:f,s:I,s:I,s:I,s:o,s:f,s:f,s:o,s:o}", "model", args->argument,
        "loop", args->rate > 0 ? "poisson" : "closed", "outstanding",
        (json_int_t)bench->outstanding, "connections", (json_int_t)args->connections, "rate",
        args->rate, "seconds", (double)result->elapsed_ns / (double)NS_PER_S, "calls",
        (json_int_t)result->latency.total, "failed", (json_int_t)result->failed, "missed",
        (json_int_t)result->missed, "errors", errors_json(result), "calls_per_s",
        calls_per_s(result), "rows_per_s", calls_per_s(result) * (double)bench->rows, "latency_ms",
        latency, "batches", batches_json(bench));
    return context_print_json(document, 9);
}

static void print_batches(const Bench *bench) {
    uint64_t total = 0, rows = 0;
    if (!bench->before.told || !bench->after.told) {
        puts("  batches     not told by this server");
        return;
    }
    for (size_t i = 0; i < bench->after.count; i++) {
        uint64_t count =
            bench->after.items[i].count - count_of(&bench->before, bench->after.items[i].rows);
        total += count;
        rows += count * bench->after.items[i].rows;
    }
    printf("  batches     mean %.2f rows", total ? (double)rows / (double)total : 0.0);
    for (size_t i = 0; total && i < bench->after.count; i++) {
        uint64_t count =
            bench->after.items[i].count - count_of(&bench->before, bench->after.items[i].rows);
        if (count * 100 >= total)
            printf("; %llu: %.0f%%", (unsigned long long)bench->after.items[i].rows,
                   100.0 * (double)count / (double)total);
    }
    putchar('\n');
}

static void print_errors(const Bench *bench) {
    const LoadResult *result = bench->result;
    if (result->missed > 0)
        printf("  missed      %llu arrivals found %zu calls in flight already\n",
               (unsigned long long)result->missed, bench->outstanding);
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

static void print_text(const Bench *bench) {
    const Args *args = bench->context->args;
    const LoadResult *result = bench->result;
    printf("%s%s%s: ", context_style(bench->context, STYLE_BOLD), args->argument,
           context_style(bench->context, STYLE_NONE));
    if (args->rate > 0)
        printf("Poisson arrivals, %g a second", args->rate);
    else
        printf("%zu calls in flight", bench->outstanding);
    printf(" over %lld connection%s, %g s, requests of %zu bytes and %lld row%s\n",
           (long long)args->connections, args->connections == 1 ? "" : "s",
           (double)result->elapsed_ns / (double)NS_PER_S, bench->request_bytes,
           (long long)bench->rows, bench->rows == 1 ? "" : "s");
    printf("  calls/s     %.1f\n  rows/s      %.1f\n  latency ms ", calls_per_s(result),
           calls_per_s(result) * (double)bench->rows);
    for (size_t i = 0; i < ARRAY_LENGTH(PERCENTILES); i++)
        printf(" %s %.3f ", PERCENTILES[i].name,
               (double)histogram_percentile(&result->latency, PERCENTILES[i].fraction) /
                   (double)NS_PER_MS);
    printf(" max %.3f  mean %.3f\n", (double)result->latency.max_ns / (double)NS_PER_MS,
           mean_ms(&result->latency));
    print_batches(bench);
    print_errors(bench);
}

Status command_bench(Context *context) {
    enum { CLOSED_OUTSTANDING = 8, OPEN_OUTSTANDING = 1024 };
    const Args *args = context->args;
    Bench bench = { .context = context, .name = context_model(context) };
    bench.outstanding = args->outstanding ? (size_t)args->outstanding
                        : args->rate > 0  ? OPEN_OUTSTANDING
                                          : CLOSED_OUTSTANDING;
    bench.result = arena_calloc(context->arena, 1, sizeof *bench.result);
    if (!bench.result)
        return arena_exhausted(context->arena);
    TRY(prepare(context, &bench));
    TRY(measure(&bench));
    if (args->json)
        return print_json(&bench);
    print_text(&bench);
    return status_ok();
}
