/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Measured on zeros and one row, a few times over; the least time of each step is what it takes
 * undisturbed. Nodes are taken down while the first measured run is in progress, since the plan may
 * be gone afterwards. Only the outermost graph is told: time of bodies (If, Loop) is in the node
 * that has them.
 */

#include "server/rest/graph_profile.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"

#include <string.h>

enum { RUNS_MAX = 10, NODES_MAX = 20000, KERNEL_NAME_MAX = 64 };
static const uint64_t RUN_NS = 300 * NS_PER_MS;
static const size_t OUTPUT_LIMIT_BYTES = (size_t)1 << 30;

typedef struct ProfileRow {
    const Node *node; /* a key only: its plan may be gone */
    uint64_t least_ns;
    const char *kernel; /* NULL: it is not run, being a view */
    json_t *document;
} ProfileRow;

typedef struct Profile {
    const ModelVersion *version;
    Arena *arena;
    const Graph *graph; /* a key only; NULL: not seen yet */
    ProfileRow *rows;
    size_t count, cursor;
    json_t *ports[2]; /* inputs, outputs */
    bool full;        /* too large, or no memory */
} Profile;

/* --- the graph --- */

static json_t *describe_value(const Value *value, const char *name, ValueId id) {
    char shape[SHAPE_TEXT_BYTES];
    shape_format(&value->shape, shape);
    return json_pack("{s:s?, s:i, s:s, s:s}", "name", name, "value", (int)id, "datatype",
                     dtype_name(value->dtype), "shape", shape);
}

/* Constants are told by number only. */
static json_t *describe_node(const Graph *graph, const Node *node) {
    json_t *inputs = json_array(), *outputs = json_array();
    int constants = 0;
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == VALUE_NONE)
            continue;
        bool is_constant = graph_value_const(graph, node->inputs[i])->constant != NULL;
        constants += is_constant;
        if (!is_constant)
            json_array_append_new(inputs, json_integer(node->inputs[i]));
    }
    for (uint32_t i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE)
            json_array_append_new(
                outputs,
                describe_value(graph_value_const(graph, node->outputs[i]), NULL, node->outputs[i]));
    return json_pack("{s:s?, s:s, s:o, s:o, s:i, s:i}", "name", node->name, "op", node->op->name,
                     "inputs", inputs, "outputs", outputs, "constants", constants, "fused",
                     (int)node->epilogue_count);
}

static json_t *describe_ports(const Graph *graph, size_t count,
                              const Port *(*port)(const Graph *, size_t)) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const Port *one = port(graph, i);
        json_array_append_new(
            list, describe_value(graph_value_const(graph, one->value), one->name, one->value));
    }
    return list;
}

/* Not one of the bodies: it has the executor's ports. */
static bool is_outermost(const Executor *executor, const Graph *graph) {
    if (graph_input_count(graph) != executor_input_count(executor) ||
        graph_output_count(graph) != executor_output_count(executor))
        return false;
    for (size_t i = 0; i < graph_input_count(graph); i++)
        if (strcmp(graph_input(graph, i)->name, executor_input(executor, i)->name) != 0)
            return false;
    return true;
}

static void take_graph(Profile *profile, const Graph *graph) {
    size_t nodes = graph_node_count(graph);
    profile->graph = graph;
    profile->rows =
        nodes <= NODES_MAX ? arena_calloc(profile->arena, nodes, sizeof *profile->rows) : NULL;
    profile->full = !profile->rows;
    for (size_t i = 0; i < nodes && !profile->full; i++) {
        const Node *node = graph_node_const(graph, (NodeId)i);
        if (!node->removed)
            profile->rows[profile->count++] =
                (ProfileRow){ .node = node, .document = describe_node(graph, node) };
    }
    profile->ports[0] = describe_ports(graph, graph_input_count(graph), graph_input);
    profile->ports[1] = describe_ports(graph, graph_output_count(graph), graph_output);
}

/* Runs report the same nodes in the same order. */
static void take_step(void *user, const StepReport *report) {
    Profile *profile = user;
    if (!profile->graph && is_outermost(profile->version->executor, report->graph))
        take_graph(profile, report->graph);
    if (report->graph != profile->graph)
        return;
    for (size_t i = 0; i < profile->count; i++) {
        ProfileRow *row = &profile->rows[(profile->cursor + i) % profile->count];
        if (row->node != report->node)
            continue;
        uint64_t taken_ns = report->end_ns - report->begin_ns;
        row->least_ns = row->kernel ? MIN_OF(row->least_ns, taken_ns) : taken_ns;
        if (!row->kernel)
            row->kernel = arena_strndup(profile->arena, report->kernel, KERNEL_NAME_MAX);
        profile->cursor = (profile->cursor + i + 1) % profile->count;
        return;
    }
}

/* --- running it --- */

/* What is open has one entry. */
static Status make_inputs(const Executor *executor, Tensor *inputs) {
    for (size_t i = 0; i < executor_input_count(executor); i++) {
        const Port *port = executor_input(executor, i);
        Shape shape = port->shape;
        if (shape.rank == SHAPE_UNRANKED || dtype_is_list(port->dtype) ||
            port->dtype == DTYPE_STRING)
            return status_error(STATUS_UNIMPLEMENTED,
                                "input '%s' cannot be made of zeros: it is %s", port->name,
                                shape.rank == SHAPE_UNRANKED ? "of any rank" : "text or a list");
        for (int32_t dim = 0; dim < shape.rank; dim++)
            if (shape.dims[dim] == DIM_UNKNOWN)
                shape.dims[dim] = 1;
        TRY(tensor_init(&inputs[i], port->dtype, &shape));
    }
    return status_ok();
}

static Status run_some(Profile *profile, Tensor *inputs, Tensor *outputs) {
    Executor *executor = profile->version->executor;
    AUTO(output_pool_free) OutputPool *pool = NULL;
    TRY(output_pool_new(OUTPUT_LIMIT_BYTES, &pool));
    uint64_t begin_ns = clock_now_ns(clock_monotonic());
    for (int run = 0; run < RUNS_MAX; run++) {
        if (run > 1 && clock_now_ns(clock_monotonic()) - begin_ns > RUN_NS)
            break;
        AUTO(output_block_unref) OutputBlock *block = NULL;
        TRY(output_block_new(pool, &block));
        /* The first run makes the plan and finds memory cold. */
        TRY(executor_run(executor, &(RunArgs){ .inputs = inputs,
                                               .outputs = outputs,
                                               .block = block,
                                               .step_done = run > 0 ? take_step : NULL,
                                               .step_user = profile }));
    }
    if (profile->full)
        return status_error(STATUS_RESOURCE_EXHAUSTED,
                            "the network has too many operators to be shown, at most %d are",
                            NODES_MAX);
    return status_ok();
}

static Status measure(Profile *profile) {
    const Executor *executor = profile->version->executor;
    size_t inputs = executor_input_count(executor);
    size_t count = inputs + executor_output_count(executor) + 1;
    AUTO(free) Tensor *tensors = calloc(count, sizeof *tensors);
    if (!tensors)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    Status status = make_inputs(executor, tensors);
    if (status_is_ok(&status))
        status = run_some(profile, tensors, tensors + inputs);
    for (size_t i = 0; i < inputs; i++)
        tensor_deinit(&tensors[i]);
    return status;
}

/* --- telling --- */

static json_t *take_document(Profile *profile) {
    json_t *nodes = json_array();
    uint64_t total_ns = 0;
    for (size_t i = 0; i < profile->count; i++) {
        ProfileRow *row = &profile->rows[i];
        total_ns += row->least_ns;
        json_object_set_new(row->document, "us", json_real((double)row->least_ns / 1e3));
        json_object_set_new(row->document, "kernel",
                            row->kernel ? json_string(row->kernel) : json_null());
        json_array_append_new(nodes, TAKE(row->document));
    }
    const ModelVersion *version = profile->version;
    return json_pack("{s:s, s:I, s:f, s:o?, s:o?, s:o}", "model", version->name, "version",
                     (json_int_t)version->number, "total_us", (double)total_ns / 1e3, "inputs",
                     TAKE(profile->ports[0]), "outputs", TAKE(profile->ports[1]), "nodes", nodes);
}

Status graph_profile(const ModelVersion *version, Arena *arena, json_t **ret_document) {
    Profile profile = { .version = version, .arena = arena };
    Status status = measure(&profile);
    if (status_is_ok(&status))
        *ret_document = take_document(&profile);
    for (size_t i = 0; i < profile.count; i++)
        json_decref(profile.rows[i].document);
    json_decref(profile.ports[0]);
    json_decref(profile.ports[1]);
    return status;
}
