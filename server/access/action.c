/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One row per method and per route. A test walks both tables of the server and fails for one that
 * has no row here; in service it is denied as soon as there is a policy. The model's name is read
 * by a walk over the wire format of its own, before the handler's: a name that stands there twice
 * is refused, so that the two cannot differ about which one counts. Pure; any thread.
 */

#include "server/access/action.h"

#include "runtime/base/size.h"
#include "server/wire/span_reader.h"

#include <string.h>

static const char *const NAMES[ACTION_COUNT] = {
    [ACTION_UNKNOWN] = "unknown",
    [ACTION_HEALTH] = "health",
    [ACTION_SERVER] = "server",
    [ACTION_READY] = "ready",
    [ACTION_STATUS] = "status",
    [ACTION_METADATA] = "metadata",
    [ACTION_CONFIG] = "config",
    [ACTION_INFER] = "infer",
    [ACTION_STATISTICS] = "statistics",
    [ACTION_INDEX] = "index",
    [ACTION_LOAD] = "load",
    [ACTION_UNLOAD] = "unload",
    [ACTION_RELOAD] = "reload",
    [ACTION_SHARED_MEMORY] = "shared_memory",
    [ACTION_TRACE] = "trace",
    [ACTION_LOG] = "log",
    [ACTION_METRICS] = "metrics",
    [ACTION_CONSOLE] = "console",
};

#define TENSORFLOW(service_, method_) "/tensorflow.serving." service_ "/" method_
#define INFERENCE(method_)            "/inference.GRPCInferenceService/" method_

static const ActionRow METHODS[] = {
    { TENSORFLOW("PredictionService", "Predict"), ACTION_INFER, 0, 0 },
    { TENSORFLOW("PredictionService", "Classify"), ACTION_INFER, 0, 0 },
    { TENSORFLOW("PredictionService", "Regress"), ACTION_INFER, 0, 0 },
    { TENSORFLOW("PredictionService", "MultiInference"), ACTION_INFER, 0, 0 },
    { TENSORFLOW("PredictionService", "PredictStreamed"), ACTION_INFER, 0, 0 },
    { TENSORFLOW("PredictionService", "GetModelMetadata"), ACTION_METADATA, 1, 1 },
    { TENSORFLOW("SessionService", "SessionRun"), ACTION_INFER, 0, 0 },
    { TENSORFLOW("ModelService", "GetModelStatus"), ACTION_STATUS, 1, 1 },
    { TENSORFLOW("ModelService", "HandleReloadConfigRequest"), ACTION_RELOAD, 0, 0 },
    { INFERENCE("ServerLive"), ACTION_HEALTH, 0, 0 },
    { INFERENCE("ServerReady"), ACTION_HEALTH, 0, 0 },
    { INFERENCE("ModelReady"), ACTION_READY, 1, 0 },
    { INFERENCE("ServerMetadata"), ACTION_SERVER, 0, 0 },
    { INFERENCE("ModelMetadata"), ACTION_METADATA, 1, 0 },
    { INFERENCE("ModelInfer"), ACTION_INFER, 0, 0 },
    { INFERENCE("ModelStreamInfer"), ACTION_INFER, 0, 0 },
    { INFERENCE("ModelConfig"), ACTION_CONFIG, 1, 0 },
    { INFERENCE("ModelStatistics"), ACTION_STATISTICS, 1, 0 },
    { INFERENCE("RepositoryIndex"), ACTION_INDEX, 0, 0 },
    { INFERENCE("RepositoryModelLoad"), ACTION_LOAD, 2, 0 },
    { INFERENCE("RepositoryModelUnload"), ACTION_UNLOAD, 2, 0 },
    { INFERENCE("SystemSharedMemoryStatus"), ACTION_SHARED_MEMORY, 0, 0 },
    { INFERENCE("SystemSharedMemoryRegister"), ACTION_SHARED_MEMORY, 0, 0 },
    { INFERENCE("SystemSharedMemoryUnregister"), ACTION_SHARED_MEMORY, 0, 0 },
    { INFERENCE("CudaSharedMemoryStatus"), ACTION_SHARED_MEMORY, 0, 0 },
    { INFERENCE("CudaSharedMemoryRegister"), ACTION_SHARED_MEMORY, 0, 0 },
    { INFERENCE("CudaSharedMemoryUnregister"), ACTION_SHARED_MEMORY, 0, 0 },
    { INFERENCE("TraceSetting"), ACTION_TRACE, 2, 0 },
    { INFERENCE("LogSettings"), ACTION_LOG, 0, 0 },
    { "/grpc.health.v1.Health/Check", ACTION_HEALTH, 0, 0 },
    { "/grpc.health.v1.Health/List", ACTION_INDEX, 0, 0 },
    { "/grpc.health.v1.Health/Watch", ACTION_HEALTH, 0, 0 },
    { "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", ACTION_SERVER, 0, 0 },
    { "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", ACTION_SERVER, 0, 0 },
};

/* Routes by how their pattern begins and ends, the first that fits; where both are the same, the
 * whole of it. The model stands in the path. */
static const struct {
    const char *prefix, *suffix;
    Action action;
} ROUTES_ENDING[] = {
    { "/v1/models/", ":predict", ACTION_INFER },
    { "/v1/models/", ":classify", ACTION_INFER },
    { "/v1/models/", ":regress", ACTION_INFER },
    { "/v1/models/", "/metadata", ACTION_METADATA },
    { "/v1/models/", "*", ACTION_STATUS },
    { "/v1/models/", "/versions/#", ACTION_STATUS },
    { "/v1/models/", "/labels/@", ACTION_STATUS },
    { "/v1/models", "/v1/models", ACTION_INDEX },
    { "/v2/health/", "", ACTION_HEALTH },
    { "/v2/models/", "/infer", ACTION_INFER },
    { "/v2/models/", "/generate", ACTION_INFER },
    { "/v2/models/", "/generate_stream", ACTION_INFER },
    { "/v2/models/", "/ready", ACTION_READY },
    { "/v2/models/", "/config", ACTION_CONFIG },
    { "/v2/models/", "/stats", ACTION_STATISTICS },
    { "/v2/models/", "/trace/setting", ACTION_TRACE },
    { "/v2/models/stats", "", ACTION_STATISTICS },
    { "/v2/models/", "*", ACTION_METADATA },
    { "/v2/models/", "/versions/#", ACTION_METADATA },
    { "/v2/models", "/v2/models", ACTION_INDEX },
    { "/v2/repository/", "/index", ACTION_INDEX },
    { "/v2/repository/", "/load", ACTION_LOAD },
    { "/v2/repository/", "/unload", ACTION_UNLOAD },
    { "/v2/systemsharedmemory/", "", ACTION_SHARED_MEMORY },
    { "/v2/cudasharedmemory/", "", ACTION_SHARED_MEMORY },
    { "/v2/trace/setting", "", ACTION_TRACE },
    { "/v2/logging", "", ACTION_LOG },
    { "/v2", "/v2", ACTION_SERVER },
    { "/v2/", "/v2/", ACTION_SERVER },
    { "/", "/", ACTION_CONSOLE },
    { "/console/*", "/console/*", ACTION_CONSOLE },
    { "/console/models/", "/graph", ACTION_CONFIG },
    { "/console/models/", "*", ACTION_STATUS },
    { "/livez", "", ACTION_HEALTH },
    { "/readyz", "", ACTION_HEALTH },
    { "/metrics", "", ACTION_METRICS },
    { "/monitoring/", "", ACTION_METRICS },
};

const char *action_name(Action action) {
    return NAMES[action];
}

static bool same_text(StringView text, const char *other) {
    return strlen(other) == text.length && !memcmp(other, text.data, text.length);
}

Action action_find(StringView name) {
    for (Action action = ACTION_UNKNOWN + 1; action < ACTION_COUNT; action++)
        if (same_text(name, NAMES[action]))
            return action;
    return ACTION_UNKNOWN;
}

const ActionRow *action_row_find(const char *path) {
    for (size_t i = 0; i < ARRAY_LENGTH(METHODS); i++)
        if (!strcmp(METHODS[i].path, path))
            return &METHODS[i];
    return NULL;
}

static bool fits(const char *pattern, const char *prefix, const char *suffix) {
    size_t length = strlen(pattern), end = strlen(suffix);
    if (!strcmp(prefix, suffix))
        return !strcmp(pattern, prefix);
    return !strncmp(pattern, prefix, strlen(prefix)) && length >= end &&
           !strcmp(pattern + length - end, suffix);
}

Action action_of_route(const char *pattern) {
    for (size_t i = 0; i < ARRAY_LENGTH(ROUTES_ENDING); i++)
        if (fits(pattern, ROUTES_ENDING[i].prefix, ROUTES_ENDING[i].suffix))
            return ROUTES_ENDING[i].action;
    return ACTION_UNKNOWN;
}

/* --- the model in a request --- */

/* The one field of that number that is text or a message; found false: it is not there. */
static Status find_field(SpanReader reader, uint32_t number, SpanReader *ret_field,
                         bool *ret_found) {
    WireField field;
    WireResult result;
    *ret_found = false;
    while ((result = span_reader_next(&reader, &field)) == WIRE_FIELD) {
        if (field.number != number)
            continue;
        if (field.type != WIRE_BYTES || *ret_found)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "the request names its model twice, or not as text");
        *ret_field = field.bytes;
        *ret_found = true;
    }
    if (result == WIRE_MALFORMED)
        return status_error(STATUS_INVALID_ARGUMENT, "the request is malformed");
    return status_ok();
}

Status action_model(const ActionRow *row, const Spans *request, char *buffer, size_t bytes,
                    StringView *ret_model) {
    *ret_model = (StringView){ .data = "", .length = 0 };
    if (!row->field)
        return status_ok();
    bool found;
    SpanReader field = span_reader_of(request);
    TRY(find_field(field, row->field, &field, &found));
    if (found && row->inner_field)
        TRY(find_field(field, row->inner_field, &field, &found));
    if (!found)
        return status_ok();
    size_t length = field.left;
    if (length > bytes || !span_reader_copy(&field, length, buffer))
        return status_error(STATUS_INVALID_ARGUMENT, "the name of the model is too long");
    *ret_model = (StringView){ .data = buffer, .length = length };
    return status_ok();
}

/* --- groups --- */

uint32_t action_group(StringView name) {
    static const struct {
        const char *name;
        uint32_t actions;
    } groups[] = {
        { "health", 1u << ACTION_HEALTH | 1u << ACTION_READY },
        { "metadata", 1u << ACTION_SERVER | 1u << ACTION_METADATA | 1u << ACTION_STATUS },
        { "inference", 1u << ACTION_INFER },
        { "shared-memory", 1u << ACTION_SHARED_MEMORY },
        { "model-config", 1u << ACTION_CONFIG },
        { "model-repository",
          1u << ACTION_INDEX | 1u << ACTION_LOAD | 1u << ACTION_UNLOAD | 1u << ACTION_RELOAD },
        { "statistics", 1u << ACTION_STATISTICS },
        { "trace", 1u << ACTION_TRACE },
        { "logging", 1u << ACTION_LOG },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(groups); i++)
        if (same_text(name, groups[i].name))
            return groups[i].actions;
    return 0;
}
