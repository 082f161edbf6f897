/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inferctl bench: one request, encoded once, sent by clients/load: to one server or two, whose
 * turns alternate so that what the machine does meanwhile falls on both; with one load, or with
 * more and more calls in flight. Ctrl-C ends it as its time does, with what was measured. Thread:
 * main.
 */

#include "clients/inferctl/bench.h"
#include "clients/inferctl/command.h"
#include "clients/inferctl/inputs.h"
#include "clients/inferctl/interrupt.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <math.h>
#include <string.h>

enum { CLOSED_OUTSTANDING = 8, SWEEP_OUTSTANDING = 64, OPEN_OUTSTANDING = 1024 };

typedef struct Progress {
    const Context *context;
    size_t done, total; /* measurements */
    char text[96];
    const Bench *bench;
    size_t outstanding;
} Progress;

static Status prepare(Context *context, Bench *bench) {
    ClientModel model = { 0 };
    Inputs inputs = { 0 };
    TRY(context_ask(context, &bench->ask));
    if (bench->server != context->args->server) {
        TRY(context_client(context, bench->server, &bench->client));
        bench->ask.client = bench->client;
    }
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

static void show_progress(void *user, uint64_t elapsed_ns, uint64_t calls, uint64_t failed) {
    enum { PARTS = 1000 };
    Progress *progress = user;
    const Args *args = progress->context->args;
    double share = (double)elapsed_ns / ((args->warm_up_s + args->duration_s) * (double)NS_PER_S);
    snprintf(progress->text, sizeof progress->text, "%.40s, %zu in flight: %llu calls, %llu failed",
             progress->bench->server, progress->outstanding, (unsigned long long)calls,
             (unsigned long long)failed);
    context_progress(progress->context,
                     progress->done * PARTS + (size_t)(fmin(share, 0.999) * PARTS),
                     progress->total * PARTS, progress->text);
}

/* One load on one server; adds the point. */
static Status measure(Bench *bench, size_t outstanding, Progress *progress) {
    const Args *args = bench->context->args;
    BenchPoint *point = arena_calloc(bench->context->arena, 1, sizeof *point);
    if (!point)
        return arena_exhausted(bench->context->arena);
    progress->bench = bench;
    progress->outstanding = point->outstanding = outstanding;
    read_batches(bench, &point->before);
    TRY(load_run(&(LoadOptions){ .client = bench->ask.client,
                                 .method = client_predict_method(bench->ask.protocol),
                                 .message = bench->request,
                                 .message_bytes = bench->request_bytes,
                                 .outstanding = outstanding,
                                 .calls_per_s = args->rate,
                                 .duration_ns = (uint64_t)(args->duration_s * (double)NS_PER_S),
                                 .warm_up_ns = (uint64_t)(args->warm_up_s * (double)NS_PER_S),
                                 .timeout_ns = bench->ask.timeout_ns,
                                 .seed = (uint64_t)args->seed,
                                 .progress = show_progress,
                                 .user = progress,
                                 .stop = interrupt_came },
                 &point->result));
    progress->done++;
    read_batches(bench, &point->after);
    if (point->result.latency.total == 0 && !status_is_ok(&point->result.first_error))
        return status_prefix(&point->result.first_error, "no call succeeded");
    bench->points[bench->point_count++] = point;
    return status_ok();
}

/* All loads, the servers in turns. */
static Status measure_all(const Context *context, Bench *benches, size_t count) {
    const Args *args = context->args;
    size_t most = args->outstanding ? (size_t)args->outstanding
                  : args->sweep     ? SWEEP_OUTSTANDING
                  : args->rate > 0  ? OPEN_OUTSTANDING
                                    : CLOSED_OUTSTANDING;
    Progress progress = { .context = context, .total = count };
    for (size_t load = 1; args->sweep && load < most; load *= 2)
        progress.total += count;
    Status measured = status_ok();
    size_t load = args->sweep ? 1 : most;
    for (;;) {
        for (size_t i = 0; i < count && status_is_ok(&measured) && !interrupt_came(); i++)
            measured = measure(&benches[i], load, &progress);
        if (load == most || !status_is_ok(&measured) || interrupt_came())
            break;
        load = MIN_OF(load * 2, most);
    }
    context_progress(context, 1, 1, "");
    return measured;
}

static Status print_json(const Bench *benches, size_t count) {
    const Args *args = benches[0].context->args;
    if (count == 1 && !args->sweep && benches[0].point_count == 1)
        return context_print_json(bench_json(&benches[0], benches[0].points[0]), 9);
    json_t *points = json_array();
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < benches[i].point_count; j++)
            json_array_append_new(points, bench_json(&benches[i], benches[i].points[j]));
    return context_print_json(json_pack("{s:s,s:o}", "model", args->argument, "points", points), 9);
}

static Status show(const Context *context, const Bench *benches, size_t count) {
    const Args *args = context->args;
    if (args->svg)
        TRY(bench_write_svg(context, benches, count));
    if (args->json)
        return print_json(benches, count);
    bool is_plain = count == 1 && !args->sweep;
    if (is_plain && benches[0].point_count == 1)
        bench_print(&benches[0], benches[0].points[0]);
    if (!is_plain)
        bench_print_table(context, benches, count);
    if (!is_plain || args->svg)
        bench_print_plot(context, benches, count);
    return status_ok();
}

Status command_bench(Context *context) {
    const Args *args = context->args;
    Bench benches[BENCH_SERVERS_MAX] = { { .server = args->server }, { .server = args->compare } };
    size_t count = args->compare ? 2 : 1;
    if (args->sweep && args->rate > 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "--sweep varies the calls in flight; it does not go with --rate");
    Status done = status_ok();
    for (size_t i = 0; i < count && status_is_ok(&done); i++) {
        benches[i].context = context;
        benches[i].name = context_model(context);
        done = prepare(context, &benches[i]);
    }
    interrupt_catch();
    if (status_is_ok(&done))
        done = measure_all(context, benches, count);
    if (status_is_ok(&done))
        done = show(context, benches, count);
    for (size_t i = 0; i < count; i++)
        client_free(benches[i].client);
    return done;
}
