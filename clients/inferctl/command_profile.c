/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inferctl profile: runs a model file on one core for a while and tells what its operators take.
 * The graph is the one that the server would run: optimised, planned for the shapes given. A rate
 * is arithmetic where there is much of it for each byte, else memory. Thread: main.
 */

#include "clients/inferctl/command.h"
#include "clients/inferctl/fma_peak.h"
#include "clients/inferctl/interrupt.h"
#include "clients/inferctl/model_file.h"
#include "clients/inferctl/profile_table.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"
#include "runtime/device/device_open.h"
#include "runtime/exec/executor.h"

#include <string.h>

enum { NODES_SHOWN = 25, ARITHMETIC_PER_BYTE = 2 };

typedef struct Profile {
    Executor *executor;
    Tensor *inputs, *outputs;
    OutputPool *pool;
    ProfileTable nodes, operators;
    size_t runs;
    uint64_t taken_ns;
    double peak_gflops;
} Profile;

/* --shape NAME=1,128 for this input, or what the model says with open dims closed. */
static Status choose_shape(const Context *context, const Port *port, Shape *ret_shape) {
    const TextList *given = &context->args->shapes;
    size_t name_length = strlen(port->name);
    for (size_t i = 0; i < given->count; i++) {
        const char *text = given->items[i];
        if (strncmp(text, port->name, name_length) != 0 || text[name_length] != '=')
            continue;
        *ret_shape = (Shape){ .rank = 0 };
        text += name_length + 1;
        for (char *end; *text && ret_shape->rank < SHAPE_MAX_RANK; text = end + (*end == ',')) {
            ret_shape->dims[ret_shape->rank++] = strtoll(text, &end, 10);
            if (end == text || (*end && *end != ','))
                return status_error(STATUS_INVALID_ARGUMENT, "--shape wants NAME=1,2,3, got '%s'",
                                    given->items[i]);
        }
        return status_ok();
    }
    *ret_shape = port->shape;
    if (ret_shape->rank < 0)
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s' has no rank: give --shape %s=...",
                            port->name, port->name);
    for (int32_t d = 0; d < ret_shape->rank; d++)
        if (ret_shape->dims[d] == DIM_UNKNOWN)
            ret_shape->dims[d] = d == 0 ? context->args->rows : 1;
    return status_ok();
}

static Status make_inputs(const Context *context, Profile *profile) {
    uint32_t state = 1;
    for (size_t i = 0; i < executor_input_count(profile->executor); i++) {
        const Port *port = executor_input(profile->executor, i);
        Shape shape;
        TRY(choose_shape(context, port, &shape));
        TRY(tensor_init(&profile->inputs[i], port->dtype, &shape));
        float *data = profile->inputs[i].data;
        for (size_t k = 0; port->dtype == DTYPE_F32 && k < tensor_elements(&profile->inputs[i]);
             k++) {
            state = state * 1664525U + 1013904223U;
            data[k] = (float)(state >> 8) / 16777216.0F;
        }
    }
    return status_ok();
}

static Status run_once(Profile *profile) {
    AUTO(output_block_unref) OutputBlock *block = NULL;
    TRY(output_block_new(profile->pool, &block));
    return executor_run(profile->executor, &(RunArgs){ .inputs = profile->inputs,
                                                       .outputs = profile->outputs,
                                                       .block = block,
                                                       .step_done = profile_step,
                                                       .step_user = &profile->nodes });
}

/* Told seldom: it would be part of what is measured. */
enum { PROGRESS_NS = 250000000 };

static Status measure(const Context *context, Profile *profile) {
    const Clock *clock = clock_monotonic();
    uint64_t limit_ns = (uint64_t)(context->args->duration_s * (double)NS_PER_S);
    TRY(run_once(profile));
    TRY(run_once(profile));
    profile_clear(&profile->nodes);
    interrupt_catch(); /* ends it early, with what was measured */
    uint64_t begin_ns = clock_now_ns(clock), now_ns = begin_ns, shown_ns = begin_ns;
    for (; now_ns - begin_ns < limit_ns && !(interrupt_came() && profile->runs > 0);
         profile->runs++) {
        TRY(run_once(profile));
        now_ns = clock_now_ns(clock);
        if (now_ns - shown_ns < PROGRESS_NS)
            continue;
        shown_ns = now_ns;
        context_progress(context, MIN_OF(now_ns - begin_ns, limit_ns - 1), limit_ns, "");
    }
    context_progress(context, 1, 1, "");
    profile->taken_ns = now_ns - begin_ns;
    profile_sort(&profile->nodes);
    if (profile->nodes.full)
        return arena_exhausted(profile->nodes.arena);
    profile->peak_gflops = fma_peak_gflops();
    return profile_by_operator(&profile->nodes, &profile->operators);
}

static bool is_arithmetic(const ProfileRow *row) {
    return row->operations > ARITHMETIC_PER_BYTE * row->bytes;
}

static double gflops(const ProfileRow *row) {
    return (double)row->operations / (double)MAX_OF(row->least_ns, (uint64_t)1);
}

static void print_row(const Profile *profile, const ProfileRow *row, const char *label) {
    uint64_t total_ns = MAX_OF(profile_total_ns(&profile->nodes), (uint64_t)1);
    printf("  %10.1f %5.1f%%  ", (double)row->least_ns / 1e3,
           100 * (double)row->least_ns / (double)total_ns);
    if (is_arithmetic(row))
        printf("%7.1f GFLOP/s %4.0f%%", gflops(row),
               profile->peak_gflops > 0 ? 100 * gflops(row) / profile->peak_gflops : 0);
    else
        printf("%7.1f GB/s       -",
               (double)row->bytes / (double)MAX_OF(row->least_ns, (uint64_t)1));
    printf("  %-18s %-18s %s\n", row->op, row->kernel, label);
}

static void print_text(const Context *context, const Profile *profile) {
    const char *bold = context_style(context, STYLE_BOLD),
               *none = context_style(context, STYLE_NONE);
    double each_us = (double)profile->taken_ns / 1e3 / (double)profile->runs;
    printf(
        "%s%s%s  %.1f us a run on average of %zu; the least of each of its %zu operators is %.1f "
        "us together; a core's peak is %.0f GFLOP/s\n",
        bold, context->args->argument, none, each_us, profile->runs, profile->nodes.count,
        (double)profile_total_ns(&profile->nodes) / 1e3, profile->peak_gflops);
    printf("%s  %10s %6s  %12s %6s  %-18s %-18s%s\n", bold, "least us", "share", "rate", "peak",
           "operator", "kernel", none);
    char label[32];
    for (size_t i = 0; i < profile->operators.count; i++) {
        snprintf(label, sizeof label, "%zu nodes", profile->operators.rows[i].nodes);
        print_row(profile, &profile->operators.rows[i], label);
    }
    printf("%sslowest nodes%s\n", bold, none);
    for (size_t i = 0; i < MIN_OF(profile->nodes.count, (size_t)NODES_SHOWN); i++) {
        const ProfileRow *row = &profile->nodes.rows[i];
        char text[SHAPE_TEXT_BYTES + 128];
        snprintf(text, sizeof text, "%s %.100s", row->shape, row->name);
        print_row(profile, row, text);
    }
}

static json_t *rows_json(const Profile *profile, const ProfileTable *table) {
    json_t *array = json_array();
    for (size_t i = 0; i < table->count; i++) {
        const ProfileRow *row = &table->rows[i];
        json_t *object = json_pack(
            "{s:s,s:s,s:s,s:I,s:s,s:f,s:f,s:f,s:f}", "operator", row->op, "kernel", row->kernel,
            "node", row->name, "nodes", (json_int_t)row->nodes, "shape", row->shape, "least_us",
            (double)row->least_ns / 1e3, "us_a_run",
            (double)row->taken_ns / 1e3 / (double)profile->runs, "gflop_per_s", gflops(row),
            "gb_per_s", (double)row->bytes / (double)MAX_OF(row->least_ns, (uint64_t)1));
        if (object && profile->peak_gflops > 0 && is_arithmetic(row))
            json_object_set_new(object, "share_of_peak",
                                json_real(gflops(row) / profile->peak_gflops));
        json_array_append_new(array, object);
    }
    return array;
}

static Status print_json(const Context *context, const Profile *profile) {
    json_t *document = json_pack(
        "{s:s,s:f,s:I,s:f,s:o,s:o}", "file", context->args->argument, "us_a_run",
        (double)profile->taken_ns / 1e3 / (double)profile->runs, "runs", (json_int_t)profile->runs,
        "peak_gflop_per_s", profile->peak_gflops, "operators",
        rows_json(profile, &profile->operators), "nodes", rows_json(profile, &profile->nodes));
    return context_print_json(document, 6);
}

static Status profile_model(Context *context, Device *device, Profile *profile) {
    AUTO(graph_free) Graph *graph = NULL;
    size_t file_bytes;
    TRY(model_file_read(context, context->args->argument, &graph, &file_bytes));
    ExecutorOptions options = { .device = device, .max_rows = 1, .optimise = true };
    TRY(executor_new(graph, &options, &profile->executor));
    graph = NULL;
    profile->inputs = arena_calloc(context->arena, executor_input_count(profile->executor) + 1,
                                   sizeof *profile->inputs);
    profile->outputs = arena_calloc(context->arena, executor_output_count(profile->executor) + 1,
                                    sizeof *profile->outputs);
    if (!profile->inputs || !profile->outputs)
        return arena_exhausted(context->arena);
    TRY(output_pool_new((size_t)4 << 30, &profile->pool));
    TRY(make_inputs(context, profile));
    TRY(measure(context, profile));
    if (context->args->json)
        return print_json(context, profile);
    print_text(context, profile);
    return status_ok();
}

Status command_profile(Context *context) {
    AUTO(device_close) Device *device = NULL;
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    TRY(device_open("cpu", &host, &device, &note));
    Profile profile = { .nodes.arena = context->arena };
    Status status = profile_model(context, device, &profile);
    for (size_t i = 0; profile.inputs && i < executor_input_count(profile.executor); i++)
        tensor_deinit(&profile.inputs[i]);
    output_pool_free(profile.pool);
    executor_free(profile.executor);
    return status;
}
