/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Model-local functions are inlined when their call is read, with names and opset imports of their
 * own and the call's attributes where theirs are referred to; an attribute that is neither given
 * nor has a default leaves out those that refer to it. The call's outputs become Identities of what
 * the function names so, which the passes drop.
 *
 * A function may call others, never itself, directly or not; depth is bounded, and what expansion
 * makes counts against the limits of nodes and values like what a file holds.
 *
 * One import, one thread. Source: onnx.proto3, FunctionProto.
 */

#include "runtime/onnx/onnx_function.h"

#include "runtime/base/size.h"
#include "runtime/onnx/onnx_node.h"
#include "runtime/onnx/onnx_scope.h"

#include <stdlib.h>
#include <string.h>

enum {
    MODEL_FUNCTIONS = 25,
    FUNCTION_NAME = 1,
    FUNCTION_INPUT = 4,
    FUNCTION_OUTPUT = 5,
    FUNCTION_NODE = 7,
    FUNCTION_OPSET_IMPORT = 9,
    FUNCTION_DOMAIN = 10,
    FUNCTION_ATTRIBUTE_PROTO = 11,
    FUNCTION_OVERLOAD = 13,
};

enum { FUNCTIONS_MAX = 4096, FUNCTION_DEPTH_MAX = 32, FIRST_ARENA_BYTES = 4096 };

static int compare_bytes(WireBytes a, WireBytes b) {
    size_t shared = MIN_OF(a.length, b.length);
    int order = shared > 0 ? memcmp(a.data, b.data, shared) : 0;
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* "ai.onnx" is "" here too. */
static WireBytes plain_domain(WireBytes domain) {
    bool is_default = domain.length == 7 && memcmp(domain.data, "ai.onnx", 7) == 0;
    return is_default ? (WireBytes){ .data = domain.data } : domain;
}

static int compare_functions(const void *left, const void *right) {
    const OnnxFunction *a = left, *b = right;
    int order = compare_bytes(a->name, b->name);
    order = order ? order : compare_bytes(a->domain, b->domain);
    return order ? order : compare_bytes(a->overload, b->overload);
}

static Status read_function(WireReader reader, OnnxFunction *function) {
    *function = (OnnxFunction){ .reader = reader };
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);) {
        if (field.type != WIRE_BYTES)
            continue;
        if (field.number == FUNCTION_NAME)
            function->name = field.bytes;
        else if (field.number == FUNCTION_DOMAIN)
            function->domain = plain_domain(field.bytes);
        else if (field.number == FUNCTION_OVERLOAD)
            function->overload = field.bytes;
    }
    TRY(status);
    if (function->name.length == 0 || !wire_is_text(function->name))
        return status_error(STATUS_INVALID_ARGUMENT, "a function has no name");
    return status_ok();
}

static Status refuse_twice(const ImportContext *context) {
    for (size_t i = 1; i < context->function_count; i++)
        if (compare_functions(&context->functions[i - 1], &context->functions[i]) == 0)
            return status_error(STATUS_INVALID_ARGUMENT, "function '%.*s' is defined twice",
                                (int)MIN_OF(context->functions[i].name.length, (size_t)120),
                                (const char *)context->functions[i].name.data);
    return status_ok();
}

Status functions_read(ImportContext *context, WireReader model) {
    size_t count = 0;
    Status status;
    WireReader reader = model;
    for (WireField field; wire_next(&reader, &field, &status);)
        count += field.number == MODEL_FUNCTIONS;
    TRY(status);
    if (count > FUNCTIONS_MAX)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "the model has more than %d functions",
                            FUNCTIONS_MAX);
    context->functions = arena_calloc(context->scratch, count, sizeof *context->functions);
    if (!context->functions)
        return arena_exhausted(context->scratch);
    reader = model;
    for (WireField field; wire_next(&reader, &field, &status);) {
        WireReader function;
        if (field.number != MODEL_FUNCTIONS)
            continue;
        TRY(wire_enter(&reader, &field, "function", &function));
        TRY(read_function(function, &context->functions[context->function_count++]));
    }
    TRY(status);
    if (count > 0)
        qsort(context->functions, count, sizeof *context->functions, compare_functions);
    return refuse_twice(context);
}

const OnnxFunction *function_find(const ImportContext *context, const FunctionCall *call) {
    OnnxFunction key = { .name = { (const uint8_t *)call->op, strlen(call->op) },
                         .domain = { (const uint8_t *)call->domain, strlen(call->domain) },
                         .overload = call->overload };
    if (context->function_count == 0)
        return NULL;
    return bsearch(&key, context->functions, context->function_count, sizeof key,
                   compare_functions);
}

const Attribute *function_find_attribute(const ImportContext *context, WireBytes name) {
    const FunctionFrame *frame = context->frame;
    for (uint32_t i = 0; frame && i < frame->attribute_count; i++)
        if (strlen(frame->attributes[i].name) == name.length &&
            memcmp(frame->attributes[i].name, name.data, name.length) == 0)
            return &frame->attributes[i];
    return NULL;
}

/* Values of the call under field number of its NodeProto. */
typedef struct CallValues {
    ValueId *values;
    size_t count;
} CallValues;

static Status call_values(ImportContext *context, const FunctionCall *call, NameTable *names,
                          uint32_t number, CallValues *ret_values) {
    size_t count = 0;
    Status status;
    WireReader reader = call->node;
    for (WireField field; wire_next(&reader, &field, &status);)
        count += field.number == number;
    TRY(status);
    CallValues found = { .values = arena_calloc(context->scratch, count, sizeof *found.values) };
    if (!found.values)
        return arena_exhausted(context->scratch);
    reader = call->node;
    for (WireField field; wire_next(&reader, &field, &status);)
        if (field.number == number)
            TRY(node_find_value(context, names, field.bytes, &found.values[found.count++]));
    TRY(status);
    *ret_values = found;
    return status_ok();
}

/* The call's own attributes, and the defaults of those that it does not give. */
static Status call_attributes(ImportContext *context, const OnnxFunction *function,
                              const FunctionCall *call, FunctionFrame *frame) {
    Attribute *given, *defaults;
    uint32_t given_count, default_count;
    TRY(import_attributes(context, call->node, NULL, &given, &given_count));
    TRY(import_attribute_list(context, function->reader, FUNCTION_ATTRIBUTE_PROTO, NULL, &defaults,
                              &default_count));
    Attribute *all =
        arena_calloc(context->scratch, (size_t)given_count + default_count, sizeof *all);
    if (!all)
        return arena_exhausted(context->scratch);
    for (uint32_t i = 0; i < given_count; i++)
        all[frame->attribute_count++] = given[i];
    for (uint32_t i = 0; i < default_count; i++) {
        bool is_given = false;
        for (uint32_t k = 0; k < given_count && !is_given; k++)
            is_given = strcmp(given[k].name, defaults[i].name) == 0;
        if (!is_given)
            all[frame->attribute_count++] = defaults[i];
    }
    frame->attributes = all;
    return status_ok();
}

/* Its inputs, then the outputs of its nodes. */
static Status function_names(ImportContext *context, const OnnxFunction *function,
                             const CallValues *inputs, NameTable *names, size_t *ret_inputs) {
    size_t count = 0, input = 0;
    Status status;
    WireReader reader = function->reader;
    TRY(import_count_nodes(context, function->reader, FUNCTION_NODE, &count));
    for (WireField field; wire_next(&reader, &field, &status);)
        count += field.number == FUNCTION_INPUT;
    TRY(status);
    TRY(name_table_init(names, count, context->scratch));
    names->graph = context->graph;
    reader = function->reader;
    for (WireField field; wire_next(&reader, &field, &status);) {
        if (field.number != FUNCTION_INPUT)
            continue;
        TRY(wire_expect(&reader, &field, WIRE_BYTES, "input"));
        name_table_add(names, field.bytes, NAME_INPUT);
        if (input < inputs->count)
            names->entries[input].value = inputs->values[input];
        input++;
    }
    TRY(status);
    if (inputs->count > input)
        return status_error(STATUS_INVALID_ARGUMENT, "has %zu inputs, the function has %zu",
                            inputs->count, input);
    TRY(import_collect_nodes(context, function->reader, FUNCTION_NODE, names));
    *ret_inputs = input;
    return name_table_sort(names);
}

static Status bind_outputs(ImportContext *context, const OnnxFunction *function,
                           const CallValues *outputs, NameTable *names) {
    size_t index = 0;
    Status status;
    WireReader reader = function->reader;
    for (WireField field; wire_next(&reader, &field, &status);) {
        if (field.number != FUNCTION_OUTPUT || index++ >= outputs->count ||
            outputs->values[index - 1] == VALUE_NONE)
            continue;
        ValueId value;
        TRY(node_find_value(context, names, field.bytes, &value));
        if (value == VALUE_NONE)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "output %zu of the function is an input that is left out",
                                index - 1);
        NodeDraft draft = { .op = "Identity",
                            .domain = "",
                            .name = "",
                            .opset = NEWEST_OPSET,
                            .inputs = &value,
                            .outputs = &outputs->values[index - 1],
                            .input_count = 1,
                            .output_count = 1 };
        TRY(draft_add(context, &draft));
    }
    TRY(status);
    if (outputs->count > index)
        return status_error(STATUS_INVALID_ARGUMENT, "has %zu outputs, the function has %zu",
                            outputs->count, index);
    return status_ok();
}

static Status expand(ImportContext *context, const OnnxFunction *function, const FunctionCall *call,
                     NameTable *names) {
    CallValues inputs, outputs;
    FunctionFrame frame = { .function = function, .caller = context->frame };
    NameTable own = { 0 };
    size_t first;
    TRY(call_values(context, call, names, NODE_INPUT, &inputs));
    TRY(call_values(context, call, names, NODE_OUTPUT, &outputs));
    TRY(call_attributes(context, function, call, &frame));
    context->frame = &frame;
    AUTO(arena_free) Arena *node_arena = NULL;
    TRY(arena_new(FIRST_ARENA_BYTES, context->limits.graph_bytes, &node_arena));
    context->node_arena = node_arena;
    context->opsets = NULL;
    context->opset_count = 0;
    TRY(import_opsets(context, function->reader, FUNCTION_OPSET_IMPORT));
    TRY(function_names(context, function, &inputs, &own, &first));
    TRY(import_add_nodes(context, function->reader, FUNCTION_NODE, &own, first));
    return bind_outputs(context, function, &outputs, &own);
}

static Status refuse_recursion(const ImportContext *context, const OnnxFunction *function) {
    size_t depth = 0;
    for (const FunctionFrame *frame = context->frame; frame; frame = frame->caller, depth++)
        if (frame->function == function)
            return status_error(STATUS_INVALID_ARGUMENT, "function '%.*s' calls itself",
                                (int)MIN_OF(function->name.length, (size_t)120),
                                (const char *)function->name.data);
    if (depth >= FUNCTION_DEPTH_MAX)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "functions call each other deeper than %d",
                            FUNCTION_DEPTH_MAX);
    return status_ok();
}

Status function_expand(ImportContext *context, const OnnxFunction *function,
                       const FunctionCall *call, NameTable *names) {
    TRY(refuse_recursion(context, function));
    const ImportContext before = *context;
    Status status = expand(context, function, call, names);
    context->frame = before.frame;
    context->node_arena = before.node_arena;
    context->opsets = before.opsets;
    context->opset_count = before.opset_count;
    context->names = before.names;
    context->captures = before.captures;
    if (status_is_ok(&status) || context->told_where)
        return status;
    context->told_where = true;
    return status_prefix(&status, "function '%.*s'", (int)MIN_OF(function->name.length, (size_t)80),
                         (const char *)function->name.data);
}
