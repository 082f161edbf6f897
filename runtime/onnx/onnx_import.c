/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ModelProto -> Graph: the outermost message, its versions and limits; the graph itself is in
 * onnx_graph.c. The file is walked in place and several times rather than copied once: what is kept
 * are names, attributes and those constants that cannot be lent. Every number from the file is
 * checked where it is used, every nested message by wire_enter.
 *
 * The graph owns the file's bytes, on success only: until the last step nothing has been promised
 * to the caller, and a graph that failed is freed without them.
 *
 * Thread: loader. Source: onnx.proto3, ModelProto; ONNX IR 14.
 */

#include "runtime/onnx/onnx_import.h"

#include "runtime/base/pages.h"
#include "runtime/base/size.h"
#include "runtime/onnx/contrib.h"
#include "runtime/onnx/onnx_function.h"

#include <inttypes.h>
#include <string.h>

enum {
    MODEL_IR_VERSION = 1,
    MODEL_PRODUCER_NAME = 2,
    MODEL_PRODUCER_VERSION = 3,
    MODEL_GRAPH = 7,
    MODEL_OPSET_IMPORT = 8,
    OPSET_DOMAIN = 1,
    OPSET_VERSION = 2,
    GRAPH_NAME = 2,
};

enum { NEWEST_IR_VERSION = 14, OPSETS_SINCE_IR_VERSION = 3, OPSET_IMPORTS_MAX = 256 };

const OnnxLimits ONNX_LIMITS_DEFAULT = {
    .graph_bytes = (size_t)512 << 20,
    .constant_bytes = (size_t)4 << 30,
    .external_bytes = (size_t)64 << 30,
    .nodes = 1 << 18,
    .values = 1 << 20,
    .depth = 32,
};

typedef struct ModelFields {
    WireReader graph;
    WireBytes producer_name, producer_version;
    size_t graph_count;
    int64_t ir_version;
} ModelFields;

Status import_text(ImportContext *context, Arena *arena, WireBytes bytes, const char *what,
                   const char **ret_text) {
    (void)context;
    if (!wire_is_text(bytes))
        return status_error(STATUS_INVALID_ARGUMENT, "%s is not UTF-8 text", what);
    const char *text =
        arena_strndup(arena, bytes.length ? (const char *)bytes.data : "", bytes.length);
    if (!text)
        return arena_exhausted(arena);
    *ret_text = text;
    return status_ok();
}

Status import_charge_constant(ImportContext *context, size_t bytes) {
    if (bytes > context->limits.constant_bytes - context->constant_bytes)
        return status_error(STATUS_RESOURCE_EXHAUSTED,
                            "constants need more than the %zu bytes they may use",
                            context->limits.constant_bytes);
    context->constant_bytes += bytes;
    return status_ok();
}

static bool is_default_domain(WireBytes domain) {
    return domain.length == 0 || (domain.length == 7 && memcmp(domain.data, "ai.onnx", 7) == 0);
}

Status import_find_opset(const ImportContext *context, const char *domain, int64_t *ret_version) {
    WireBytes wanted = { (const uint8_t *)domain, strlen(domain) };
    for (size_t i = 0; i < context->opset_count; i++) {
        WireBytes found = context->opsets[i].domain;
        bool same = is_default_domain(wanted)
                        ? is_default_domain(found)
                        : found.length == wanted.length &&
                              memcmp(found.data, wanted.data, found.length) == 0;
        if (same) {
            *ret_version = context->opsets[i].version;
            return status_ok();
        }
    }
    if (context->ir_version < OPSETS_SINCE_IR_VERSION && is_default_domain(wanted)) {
        *ret_version = 1;
        return status_ok();
    }
    return status_error(STATUS_INVALID_ARGUMENT, "the model imports no opset for domain '%s'",
                        domain);
}

static Status read_model_field(const WireReader *reader, const WireField *field,
                               ModelFields *model) {
    switch (field->number) {
    case MODEL_IR_VERSION:
        model->ir_version = (int64_t)field->value;
        return wire_expect(reader, field, WIRE_VARINT, "ir_version");
    case MODEL_PRODUCER_NAME:
        model->producer_name = field->bytes;
        return wire_expect(reader, field, WIRE_BYTES, "producer_name");
    case MODEL_PRODUCER_VERSION:
        model->producer_version = field->bytes;
        return wire_expect(reader, field, WIRE_BYTES, "producer_version");
    case MODEL_GRAPH:
        model->graph_count++;
        return wire_enter(reader, field, "graph", &model->graph);
    default:
        return status_ok();
    }
}

static Status read_model(WireReader reader, ModelFields *ret_model) {
    ModelFields model = { 0 };
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);)
        TRY(read_model_field(&reader, &field, &model));
    TRY(status);
    if (model.graph_count != 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "not an ONNX model: it has %zu graphs, expected 1", model.graph_count);
    if (model.ir_version < 1 || model.ir_version > NEWEST_IR_VERSION)
        return status_error(STATUS_UNIMPLEMENTED,
                            "IR version %" PRId64 " is not supported, expected 1 to %d",
                            model.ir_version, NEWEST_IR_VERSION);
    *ret_model = model;
    return status_ok();
}

static Status read_opset(WireReader reader, OpsetImport *ret_opset) {
    OpsetImport opset = { .domain = { (const uint8_t *)"", 0 } };
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);) {
        if (field.number == OPSET_DOMAIN) {
            TRY(wire_expect(&reader, &field, WIRE_BYTES, "domain"));
            opset.domain = field.bytes;
        } else if (field.number == OPSET_VERSION) {
            TRY(wire_expect(&reader, &field, WIRE_VARINT, "version"));
            opset.version = (int64_t)field.value;
        }
    }
    TRY(status);
    if (is_default_domain(opset.domain) && (opset.version < 1 || opset.version > NEWEST_OPSET))
        return status_error(STATUS_UNIMPLEMENTED,
                            "opset %" PRId64 " is not supported, expected 1 to %d", opset.version,
                            NEWEST_OPSET);
    *ret_opset = opset;
    return status_ok();
}

Status import_opsets(ImportContext *context, WireReader reader, uint32_t number) {
    size_t count = 0;
    Status status;
    WireReader counter = reader;
    for (WireField field; wire_next(&counter, &field, &status);)
        count += field.number == number;
    TRY(status);
    if (count > OPSET_IMPORTS_MAX)
        return status_error(STATUS_RESOURCE_EXHAUSTED,
                            "%zu opsets are imported, at most %d are allowed", count,
                            OPSET_IMPORTS_MAX);
    context->opset_count = 0;
    context->opsets = arena_calloc(context->scratch, count, sizeof *context->opsets);
    if (!context->opsets)
        return arena_exhausted(context->scratch);
    for (WireField field; wire_next(&reader, &field, &status);) {
        WireReader opset;
        if (field.number != number)
            continue;
        TRY(wire_enter(&reader, &field, "opset_import", &opset));
        TRY(read_opset(opset, &context->opsets[context->opset_count]));
        context->has_contrib |= contrib_has_domain(context->opsets[context->opset_count++].domain);
    }
    return status;
}

static Status text_or_empty(ImportContext *context, WireBytes bytes, const char **ret_text) {
    if (!wire_is_text(bytes))
        bytes.length = 0; /* said for people only: not worth refusing a model over */
    return import_text(context, context->arena, bytes, "text", ret_text);
}

static Status set_info(ImportContext *context, const ModelFields *model) {
    OnnxInfo *info = arena_calloc(context->arena, 1, sizeof *info);
    if (!info)
        return arena_exhausted(context->arena);
    info->ir_version = model->ir_version;
    Status no_opset = import_find_opset(context, "", &info->opset);
    if (!status_is_ok(&no_opset))
        info->opset = 0; /* a model of other domains only */
    TRY(text_or_empty(context, model->producer_name, &info->producer_name));
    TRY(text_or_empty(context, model->producer_version, &info->producer_version));
    WireBytes name = { 0 };
    WireReader reader = model->graph;
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);)
        if (field.number == GRAPH_NAME && field.type == WIRE_BYTES)
            name = field.bytes;
    TRY(status);
    TRY(text_or_empty(context, name, &info->graph_name));
    graph_set_origin(context->graph, info);
    return status_ok();
}

const OnnxInfo *onnx_info(const Graph *graph) {
    return graph_origin(graph);
}

Status onnx_import(void *bytes, size_t length, const OnnxLimits *limits, Graph **ret_graph) {
    FileSource alone = file_source_plain(-1);
    return onnx_import_from(&alone, &(FileBytes){ bytes, length, free }, limits, ret_graph);
}

Status onnx_import_from(const FileSource *source, FileBytes *bytes, const OnnxLimits *limits,
                        Graph **ret_graph) {
    ImportContext context = { .limits = limits ? *limits : ONNX_LIMITS_DEFAULT, .source = source };
    WireReader reader = wire_reader(bytes->data, bytes->length, context.limits.depth);
    ModelFields model = { 0 };
    TRY(read_model(reader, &model));
    context.ir_version = model.ir_version;

    size_t budget;
    if (!size_add(context.limits.graph_bytes, context.limits.constant_bytes, &budget))
        budget = SIZE_MAX;
    context.budget_bytes = budget;
    AUTO(graph_free) Graph *graph = NULL;
    AUTO(arena_free) Arena *scratch = NULL;
    AUTO(arena_free) Arena *node_arena = NULL;
    size_t first_bytes = MIN_OF((size_t)4096, context.limits.graph_bytes);
    TRY(graph_new(budget, &graph));
    TRY(arena_new(first_bytes, context.limits.graph_bytes, &scratch));
    TRY(arena_new(first_bytes, context.limits.graph_bytes, &node_arena));
    context.graph = graph;
    context.arena = graph_arena(graph);
    context.scratch = scratch;
    context.node_arena = node_arena;

    TRY(import_opsets(&context, reader, MODEL_OPSET_IMPORT));
    TRY(functions_read(&context, reader));
    TRY(set_info(&context, &model));
    TRY(import_graph(&context, model.graph, NULL));
    TRY(graph_keep_bytes(graph, bytes->data, bytes->free));
    *bytes = (FileBytes){ 0 };
    for (const CopiedBytes *copied = context.copied; copied; copied = copied->next)
        pages_release((void *)(uintptr_t)copied->raw.data, copied->raw.length);
    *ret_graph = TAKE(graph);
    return status_ok();
}
