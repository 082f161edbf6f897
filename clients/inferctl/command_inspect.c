/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* inferctl inspect: reads a model file as the server would and tells what is in it. Thread: main.
 */

#include "clients/inferctl/command.h"
#include "clients/inferctl/estimate.h"
#include "clients/inferctl/model_file.h"
#include "clients/inferctl/passes_report.h"
#include "clients/inferctl/print.h"
#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/onnx/onnx_import.h"

#include <string.h>

typedef struct OpCount {
    const OpSchema *op;
    size_t count;
} OpCount;

typedef struct Inspection {
    const Graph *graph;
    const OnnxInfo *info;
    size_t file_bytes, node_count, op_count;
    OpCount *ops; /* most frequent first */
    Estimate estimate;
    Status estimated;
    PassChange *passes;
    size_t pass_count;
} Inspection;

static int by_count(const void *a, const void *b) {
    const OpCount *left = a, *right = b;
    if (left->count != right->count)
        return left->count < right->count ? 1 : -1;
    return strcmp(left->op->name, right->op->name);
}

static Status count_ops(Context *context, Inspection *inspection) {
    size_t most = graph_node_count(inspection->graph);
    inspection->ops = arena_calloc(context->arena, most, sizeof *inspection->ops);
    if (!inspection->ops)
        return arena_exhausted(context->arena);
    for (NodeId id = 0; id < most; id++) {
        const Node *node = graph_node_const(inspection->graph, id);
        if (node->removed)
            continue;
        size_t at = 0;
        while (at < inspection->op_count && inspection->ops[at].op != node->op)
            at++;
        inspection->op_count = MAX_OF(inspection->op_count, at + 1);
        inspection->ops[at].op = node->op;
        inspection->ops[at].count++;
        inspection->node_count++;
    }
    if (inspection->op_count > 1)
        qsort(inspection->ops, inspection->op_count, sizeof *inspection->ops, by_count);
    return status_ok();
}

static const char *scaled(double value, const char *const *units, size_t count, double step,
                          char text[static 32]) {
    size_t unit = 0;
    for (; value >= step && unit + 1 < count; unit++)
        value /= step;
    snprintf(text, 32, unit ? "%.3g %s" : "%.0f %s", value, units[unit]);
    return text;
}

static const char *bytes_text(size_t bytes, char text[static 32]) {
    static const char *const UNITS[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    return scaled((double)bytes, UNITS, ARRAY_LENGTH(UNITS), 1024, text);
}

static const char *count_text(uint64_t count, char text[static 32]) {
    static const char *const UNITS[] = { "", "thousand", "million", "billion", "trillion" };
    return scaled((double)count, UNITS, ARRAY_LENGTH(UNITS), 1000, text);
}

/* "[batch,1,8,8]": names where the model gives them. */
static void print_port(const char *title, const Port *port) {
    printf("  %-11s %s  %s [", title, port->name, dtype_name(port->dtype));
    for (int32_t d = 0; d < port->shape.rank; d++) {
        fputs(d ? "," : "", stdout);
        if (port->shape.dims[d] != DIM_UNKNOWN)
            printf("%lld", (long long)port->shape.dims[d]);
        else
            fputs(port->dim_names[d] && *port->dim_names[d] ? port->dim_names[d] : "?", stdout);
    }
    puts(port->shape.rank < 0 ? "...]" : "]");
}

static void print_text(const Context *context, const Inspection *inspection) {
    const Graph *graph = inspection->graph;
    const OnnxInfo *info = inspection->info;
    const Estimate *estimate = &inspection->estimate;
    char text[32];
    printf("%s%s%s  %s\n", context_style(context, STYLE_BOLD), context->args->argument,
           context_style(context, STYLE_NONE), bytes_text(inspection->file_bytes, text));
    printf("  format      ONNX IR %lld, opset %lld, by %s %s\n", (long long)info->ir_version,
           (long long)info->opset,
           info->producer_name && *info->producer_name ? info->producer_name
                                                       : "an unnamed producer",
           info->producer_version ? info->producer_version : "");
    for (size_t i = 0; i < graph_input_count(graph); i++)
        print_port(i ? "" : "inputs", graph_input(graph, i));
    for (size_t i = 0; i < graph_output_count(graph); i++)
        print_port(i ? "" : "outputs", graph_output(graph, i));
    printf("  operators   %zu:", inspection->node_count);
    for (size_t i = 0; i < inspection->op_count; i++)
        printf("%s %zu %s", i ? "," : "", inspection->ops[i].count, inspection->ops[i].op->name);
    putchar('\n');
    if (!status_is_ok(&inspection->estimated)) {
        printf("  the rest cannot be estimated: %s\n", inspection->estimated.message);
        return;
    }
    printf("  weights     %zu parameters, %s\n", estimate->parameters,
           bytes_text(estimate->weight_bytes, text));
    printf("  a row       about %s operations", count_text(estimate->operations, text));
    printf(", %s of working memory\n", bytes_text(estimate->working_bytes, text));
    if (estimate->uncounted_nodes > 0)
        printf("              without %zu operators whose shapes depend on the data\n",
               estimate->uncounted_nodes);
}

static void print_passes(const Inspection *inspection) {
    for (size_t i = 0; i < inspection->pass_count; i++) {
        const PassChange *pass = &inspection->passes[i];
        printf("  %-11s %-20s %5zu nodes -> %5zu ", i ? "" : "passes", pass->pass,
               pass->nodes_before, pass->nodes_after);
        for (size_t k = 0; k < pass->change_count; k++)
            printf("%s %+lld %s", k ? "," : " ", (long long)pass->changes[k].change,
                   pass->changes[k].name);
        putchar('\n');
    }
}

static json_t *passes_json(const Inspection *inspection) {
    json_t *array = json_array();
    for (size_t i = 0; i < inspection->pass_count; i++) {
        const PassChange *pass = &inspection->passes[i];
        json_t *changes = json_object();
        for (size_t k = 0; k < pass->change_count; k++)
            json_object_set_new(changes, pass->changes[k].name,
                                json_integer((json_int_t)pass->changes[k].change));
        json_array_append_new(array, json_pack("{s:s,s:s,s:I,s:I,s:o}", "pass", pass->pass, "stage",
                                               pass->on_plan ? "plan" : "load", "nodes_before",
                                               (json_int_t)pass->nodes_before, "nodes_after",
                                               (json_int_t)pass->nodes_after, "changes", changes));
    }
    return array;
}

static json_t *ports_json(const Graph *graph, size_t count,
                          const Port *(*get)(const Graph *, size_t)) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        const Port *port = get(graph, i);
        json_array_append_new(
            array, json_pack("{s:s,s:s,s:o}", "name", port->name, "dtype", dtype_name(port->dtype),
                             "shape",
                             port->shape.rank < 0
                                 ? json_null()
                                 : json_dims(port->shape.dims, (size_t)port->shape.rank)));
    }
    return array;
}

static Status print_json(const Context *context, const Inspection *inspection) {
    const OnnxInfo *info = inspection->info;
    const Estimate *estimate = &inspection->estimate;
    json_t *ops = json_object();
    for (size_t i = 0; i < inspection->op_count; i++)
        json_object_set_new(ops, inspection->ops[i].op->name,
                            json_integer((json_int_t)inspection->ops[i].count));
    json_t *document = json_pack(
        "{s:s,s:I,s:I,s:I,s:s,s:s,s:o,s:o,s:I,s:o}", "file", context->args->argument, "file_bytes",
        (json_int_t)inspection->file_bytes, "ir_version", (json_int_t)info->ir_version, "opset",
        (json_int_t)info->opset, "producer", info->producer_name ? info->producer_name : "",
        "producer_version", info->producer_version ? info->producer_version : "", "inputs",
        ports_json(inspection->graph, graph_input_count(inspection->graph), graph_input), "outputs",
        ports_json(inspection->graph, graph_output_count(inspection->graph), graph_output), "nodes",
        (json_int_t)inspection->node_count, "operators", ops);
    if (document && status_is_ok(&inspection->estimated)) {
        json_object_set_new(document, "parameters", json_integer((json_int_t)estimate->parameters));
        json_object_set_new(document, "weight_bytes",
                            json_integer((json_int_t)estimate->weight_bytes));
        json_object_set_new(document, "operations_per_row",
                            json_integer((json_int_t)estimate->operations));
        json_object_set_new(document, "uncounted_nodes",
                            json_integer((json_int_t)estimate->uncounted_nodes));
        json_object_set_new(document, "working_bytes",
                            json_integer((json_int_t)estimate->working_bytes));
    }
    if (document && context->args->passes)
        json_object_set_new(document, "passes", passes_json(inspection));
    return context_print_json(document, 9);
}

Status command_inspect(Context *context) {
    AUTO(graph_free) Graph *graph = NULL;
    Inspection inspection = { 0 };
    TRY(model_file_read(context, context->args->argument, &graph, &inspection.file_bytes));
    inspection.graph = graph;
    inspection.info = onnx_info(graph);
    TRY(count_ops(context, &inspection));
    AUTO(graph_free) Graph *optimised = NULL;
    if (context->args->passes) {
        TRY(graph_clone(graph, &optimised));
        TRY(passes_report(optimised, context->arena, &inspection.passes, &inspection.pass_count));
    }
    inspection.estimated = estimate_make(graph, context->arena, &inspection.estimate);
    if (context->args->json)
        return print_json(context, &inspection);
    print_text(context, &inspection);
    print_passes(&inspection);
    return status_ok();
}
