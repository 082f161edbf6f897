/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Triton's RepositoryModelLoad and RepositoryModelUnload, as changes to the repository. Beside
 * Triton's load parameters ("config", "file:<path>") there are two of ours: "label:<name>" sets a
 * version label once the load has succeeded (0 takes it away), and alone only moves labels, which
 * is a rollback in one call; "base_path" adds a model to the list of those that are served by path.
 * Thread: rpc, http or a worker to begin, repo to end. Source: reference open_inference_triton.md
 * 1.2, 1.5, 3.5.
 */

#include "runtime/base/size.h"
#include "server/config_json.h"
#include "server/control.h"
#include "server/wire/wire_tensor.h"

enum {
    REQUEST_REPOSITORY = 1,
    REQUEST_MODEL = 2,
    REQUEST_PARAMETERS = 3,
    ENTRY_KEY = 1,
    ENTRY_VALUE = 2,
    VALUE_BOOL = 1,
    VALUE_INT64 = 2,
    VALUE_STRING = 3,
    VALUE_BYTES = 4,
    PARAMETERS_MAX = 4096,
    NAME_MAX_BYTES = 255,
    SHOWN_MAX = 64,
};

static const uint64_t CHANGE_LIMIT_NS = 600 * NS_PER_S; /* for callers without a deadline */

typedef struct Parameter {
    StringView key;
    uint32_t kind; /* VALUE_ */
    uint64_t number;
    SpanReader bytes;
} Parameter;

/* A load as the message says it; its arrays are what the change is given. */
typedef struct LoadRequest {
    Arena *arena;
    StringView model, config, base_path;
    Parameter *parameters;
    size_t parameter_count;
    RepoFile *files;
    VersionLabel *labels;
    size_t file_count, label_count;
    bool has_config;
} LoadRequest;

/* --- the message --- */

static Status read_value(SpanReader message, Parameter *parameter) {
    static const WireType types[] = { [VALUE_BOOL] = WIRE_VARINT,
                                      [VALUE_INT64] = WIRE_VARINT,
                                      [VALUE_STRING] = WIRE_BYTES,
                                      [VALUE_BYTES] = WIRE_BYTES };
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&message, &field)) == WIRE_FIELD) {
        if (field.number == 0 || field.number >= ARRAY_LENGTH(types) ||
            field.type != types[field.number])
            continue;
        parameter->kind = field.number;
        parameter->number = field.scalar;
        parameter->bytes = field.bytes;
    }
    return result == WIRE_END ? status_ok() : wire_malformed("ModelRepositoryParameter");
}

static Status read_parameter(SpanReader entry, Arena *arena, Parameter *parameter) {
    WireField field;
    WireResult result;
    *parameter = (Parameter){ .key = { .data = "" } };
    while ((result = span_reader_next(&entry, &field)) == WIRE_FIELD) {
        if (field.number == ENTRY_KEY && field.type == WIRE_BYTES)
            TRY(wire_text(field.bytes, arena, "a parameter's key", &parameter->key));
        if (field.number == ENTRY_VALUE && field.type == WIRE_BYTES)
            TRY(read_value(field.bytes, parameter));
    }
    return result == WIRE_END ? status_ok() : wire_malformed("request");
}

static Status read_request(const Spans *message, LoadRequest *request) {
    SpanReader reader = span_reader_of(message), second = reader;
    StringView repository = { 0 };
    WireField field;
    WireResult result;
    size_t count = 0;
    while ((result = span_reader_next(&reader, &field)) == WIRE_FIELD) {
        count += field.number == REQUEST_PARAMETERS && field.type == WIRE_BYTES;
        if (field.number == REQUEST_REPOSITORY && field.type == WIRE_BYTES)
            TRY(wire_text(field.bytes, request->arena, "repository_name", &repository));
        if (field.number == REQUEST_MODEL && field.type == WIRE_BYTES)
            TRY(wire_text(field.bytes, request->arena, "model_name", &request->model));
    }
    if (result != WIRE_END)
        return wire_malformed("request");
    if (repository.length > 0)
        return status_error(STATUS_UNIMPLEMENTED,
                            "'repository_name' specification is not supported");
    if (count > PARAMETERS_MAX)
        return status_error(STATUS_INVALID_ARGUMENT, "at most %d parameters are allowed",
                            PARAMETERS_MAX);
    request->parameters = arena_calloc(request->arena, count, sizeof *request->parameters);
    if (!request->parameters)
        return arena_exhausted(request->arena);
    while (span_reader_next(&second, &field) == WIRE_FIELD)
        if (field.number == REQUEST_PARAMETERS && field.type == WIRE_BYTES)
            TRY(read_parameter(field.bytes, request->arena,
                               &request->parameters[request->parameter_count++]));
    return status_ok();
}

/* The name becomes one of a directory. */
static Status check_name(StringView name) {
    bool bad = name.length == 0 || name.length > NAME_MAX_BYTES || name.data[0] == '.' ||
               memchr(name.data, '/', name.length);
    if (!bad)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "model name '%.*s' is not a directory's name",
                        TEXT_ARGS(text_cut(name, SHOWN_MAX)));
}

/* --- parameters --- */

static Status wrong_type(const Parameter *parameter, const char *expected) {
    return status_error(STATUS_INVALID_ARGUMENT, "load parameter '%.*s' must be %s",
                        TEXT_ARGS(text_cut(parameter->key, SHOWN_MAX)), expected);
}

static Status take_config(LoadRequest *request, const Parameter *parameter, StringView name) {
    (void)name;
    StringView json;
    if (parameter->kind != VALUE_STRING)
        return wrong_type(parameter, "a string of JSON");
    TRY(wire_text(parameter->bytes, request->arena, "the config", &json));
    request->has_config = true;
    return config_json_to_text(json, request->arena, &request->config);
}

static Status take_file(LoadRequest *request, const Parameter *parameter, StringView name) {
    if (parameter->kind != VALUE_BYTES)
        return wrong_type(parameter, "bytes");
    SpanReader bytes = parameter->bytes;
    size_t count = span_reader_piece_count(bytes);
    Span *pieces = arena_calloc(request->arena, count, sizeof *pieces);
    if (!pieces)
        return arena_exhausted(request->arena);
    span_reader_pieces(bytes, pieces);
    request->files[request->file_count++] =
        (RepoFile){ .path = name.data,
                    .content = { .items = pieces, .count = count, .bytes = bytes.left } };
    return status_ok();
}

static Status take_label(LoadRequest *request, const Parameter *parameter, StringView name) {
    if (parameter->kind != VALUE_INT64 || (int64_t)parameter->number < 0 || name.length == 0)
        return wrong_type(parameter, "an int64: the label's version, or 0 to take it away");
    request->labels[request->label_count++] =
        (VersionLabel){ name.data, (int64_t)parameter->number };
    return status_ok();
}

static Status take_base_path(LoadRequest *request, const Parameter *parameter, StringView name) {
    (void)name;
    if (parameter->kind != VALUE_STRING)
        return wrong_type(parameter, "a string");
    TRY(wire_text(parameter->bytes, request->arena, "base_path", &request->base_path));
    return request->base_path.data[0] == '/' ? status_ok() : wrong_type(parameter, "absolute");
}

/* Keys that end in ':' are followed by a name. */
static const struct {
    const char *key;
    Status (*take)(LoadRequest *request, const Parameter *parameter, StringView name);
} LOAD_PARAMETERS[] = {
    { "config", take_config },
    { "file:", take_file },
    { "label:", take_label },
    { "base_path", take_base_path },
};

static bool key_fits(StringView key, const char *wanted, StringView *ret_name) {
    size_t length = strlen(wanted);
    bool is_prefix = wanted[length - 1] == ':';
    if (key.length < length || memcmp(key.data, wanted, length) != 0 ||
        (!is_prefix && key.length != length))
        return false;
    *ret_name = (StringView){ .data = key.data + length, .length = key.length - length };
    return true;
}

static Status take_parameter(LoadRequest *request, const Parameter *parameter) {
    StringView name;
    for (size_t i = 0; i < ARRAY_LENGTH(LOAD_PARAMETERS); i++)
        if (key_fits(parameter->key, LOAD_PARAMETERS[i].key, &name))
            return LOAD_PARAMETERS[i].take(request, parameter, name);
    return status_error(STATUS_INVALID_ARGUMENT, "unrecognized load parameter '%.*s'.",
                        TEXT_ARGS(text_cut(parameter->key, SHOWN_MAX)));
}

static Status take_parameters(LoadRequest *request) {
    size_t count = request->parameter_count;
    request->files = arena_calloc(request->arena, count, sizeof *request->files);
    request->labels = arena_calloc(request->arena, count, sizeof *request->labels);
    if (!request->files || !request->labels)
        return arena_exhausted(request->arena);
    for (size_t i = 0; i < count; i++)
        TRY(take_parameter(request, &request->parameters[i]));
    if (request->file_count > 0 && !request->has_config)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "failed to load '%.*s', override model directory requires override "
                            "model config",
                            TEXT_ARGS(request->model));
    if (request->base_path.length > 0 && request->has_config)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "load parameters 'base_path' and 'config' exclude each other");
    return status_ok();
}

/* --- the change --- */

static Status not_allowed(void) {
    return status_error(STATUS_UNAVAILABLE,
                        "explicit model load / unload is not allowed if polling is enabled");
}

static void on_changed(RepoChange *change, const Status *status) {
    ControlCall *call = change->user;
    call->finish(call, status, NULL);
}

Status control_change(ControlCall *call, const RepoChange *change,
                      void (*done)(RepoChange *change, const Status *status)) {
    call->change = *change;
    uint64_t limit_ns = time_after(clock_now_ns(clock_monotonic()), CHANGE_LIMIT_NS);
    call->change.deadline_ns = MIN_OF(call->deadline_ns, limit_ns);
    call->change.done = done;
    call->change.user = call;
    return repo_change(call->context->repo, &call->change);
}

static Status start_load(ControlCall *call) {
    const ManageRules *rules = &call->context->manage;
    LoadRequest request = { .arena = call->arena, .model = { .data = "" } };
    TRY(read_request(&call->message, &request));
    TRY(check_name(request.model));
    TRY(take_parameters(&request));
    bool only_labels = request.label_count > 0 && request.label_count == request.parameter_count;
    bool allowed = only_labels                    ? rules->label
                   : request.base_path.length > 0 ? rules->reload
                                                  : rules->load;
    if (!allowed)
        return not_allowed();
    RepoChange change = { .kind = only_labels ? REPO_LABEL : REPO_LOAD,
                          .model = request.model.data,
                          .base_path = request.base_path.length > 0 ? request.base_path.data : NULL,
                          .config_text = request.has_config ? request.config.data : NULL,
                          .config_length = request.config.length,
                          .files = request.files,
                          .file_count = request.file_count,
                          .labels = request.labels,
                          .label_count = request.label_count };
    return control_change(call, &change, on_changed);
}

static Status start_unload(ControlCall *call) {
    const ManageRules *rules = &call->context->manage;
    LoadRequest request = { .arena = call->arena, .model = { .data = "" } };
    bool with_steps = false;
    TRY(read_request(&call->message, &request));
    for (size_t i = 0; i < request.parameter_count; i++)
        if (!text_equal(request.parameters[i].key, text_view("unload_dependents")))
            return status_error(STATUS_INVALID_ARGUMENT, "unrecognized unload parameter '%.*s'.",
                                TEXT_ARGS(text_cut(request.parameters[i].key, SHOWN_MAX)));
        else if (request.parameters[i].kind != VALUE_BOOL)
            return wrong_type(&request.parameters[i], "a bool");
        else
            with_steps = request.parameters[i].number != 0;
    if (!rules->load && !rules->reload)
        return not_allowed();
    RepoChange change = { .kind = REPO_UNLOAD,
                          .model = request.model.data,
                          .with_steps = with_steps };
    return control_change(call, &change, on_changed);
}

void inference_repository_load(ControlCall *call) {
    Status status = start_load(call);
    if (!status_is_ok(&status))
        call->finish(call, &status, NULL);
}

void inference_repository_unload(ControlCall *call) {
    Status status = start_unload(call);
    if (!status_is_ok(&status))
        call->finish(call, &status, NULL);
}
