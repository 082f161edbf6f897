/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TraceSetting and LogSettings: a request changes what it names and is answered with all there is;
 * one mistake in it changes nothing. Thread: rpc, http; nothing blocks. Source: reference
 * open_inference_triton.md 1.2, 1.6.
 */

#include "runtime/base/size.h"
#include "server/rpc/method_table.h"
#include "server/settings.h"
#include "server/wire/wire_pack.h"
#include "server/wire/wire_tensor.h"

#include "inference/grpc_service.pb-c.h"

#include <stdio.h>

enum {
    REQUEST_SETTINGS = 1,
    REQUEST_MODEL = 2,
    ENTRY_KEY = 1,
    ENTRY_VALUE = 2,
    TRACE_VALUES = 1,
    LOG_BOOL = 1,
    LOG_NUMBER = 2,
    LOG_TEXT_VALUE = 3,
    VALUES_MAX = 16,
    NUMBER_BYTES = 24,
};

typedef Inference__TraceSettingResponse__SettingValue TraceValue;
typedef Inference__TraceSettingResponse__SettingsEntry TraceEntry;
typedef Inference__LogSettingsResponse__SettingValue LogValue;
typedef Inference__LogSettingsResponse__SettingsEntry LogEntry;

/* Key and value of a map's entry. */
static Status read_entry(SpanReader entry, Arena *arena, StringView *ret_key,
                         SpanReader *ret_value) {
    WireField field;
    WireResult result;
    *ret_key = (StringView){ .data = "" };
    *ret_value = (SpanReader){ 0 };
    while ((result = span_reader_next(&entry, &field)) == WIRE_FIELD) {
        if (field.number == ENTRY_KEY && field.type == WIRE_BYTES)
            TRY(wire_text(field.bytes, arena, "a setting's name", ret_key));
        if (field.number == ENTRY_VALUE && field.type == WIRE_BYTES)
            *ret_value = field.bytes;
    }
    return result == WIRE_END ? status_ok() : wire_malformed("request");
}

/* --- traces --- */

static Status change_trace(SpanReader entry, Arena *arena, const TraceSettings *fallback,
                           TraceSettings *trace) {
    StringView key, values[VALUES_MAX];
    SpanReader value;
    size_t count = 0;
    WireField field;
    TRY(read_entry(entry, arena, &key, &value));
    while (span_reader_next(&value, &field) == WIRE_FIELD)
        if (field.number == TRACE_VALUES && field.type == WIRE_BYTES && count < VALUES_MAX)
            TRY(wire_text(field.bytes, arena, "a setting's value", &values[count++]));
    return settings_trace_change(trace, key, values, count, fallback);
}

static Status read_model(ServerContext *server, const Spans *request, Arena *arena,
                         StringView *ret_model) {
    TRY(server_check_control(server, request));
    SpanReader reader = span_reader_of(request);
    WireField field;
    WireResult result;
    *ret_model = (StringView){ .data = "" };
    while ((result = span_reader_next(&reader, &field)) == WIRE_FIELD)
        if (field.number == REQUEST_MODEL && field.type == WIRE_BYTES)
            TRY(wire_text(field.bytes, arena, "model_name", ret_model));
    if (result != WIRE_END)
        return wire_malformed("request");
    if (ret_model->length == 0)
        return status_ok();
    VersionStatus *versions;
    size_t count;
    Status known = repo_model_status(server->repo, *ret_model, arena, &versions, &count);
    if (known.code == STATUS_NOT_FOUND)
        return status_error(STATUS_NOT_FOUND, "Request for unknown model : '%.*s' is not found",
                            TEXT_ARGS(text_cut(*ret_model, 100)));
    return known;
}

static Status add_trace(const char *key, const char *const *values, size_t count, Arena *arena,
                        Inference__TraceSettingResponse *response) {
    MESSAGE_NEW(TraceEntry, entry, INFERENCE__TRACE_SETTING_RESPONSE__SETTINGS_ENTRY__INIT, arena);
    MESSAGE_NEW(TraceValue, value, INFERENCE__TRACE_SETTING_RESPONSE__SETTING_VALUE__INIT, arena);
    value->value = arena_calloc(arena, count, sizeof *value->value);
    if (!value->value)
        return arena_exhausted(arena);
    for (size_t i = 0; i < count; i++)
        if (!(value->value[value->n_value++] = arena_strndup(arena, values[i], strlen(values[i]))))
            return arena_exhausted(arena);
    entry->key = message_text(key);
    entry->value = value;
    response->settings[response->n_settings++] = entry;
    return status_ok();
}

static Status add_trace_number(const char *key, int64_t number, Arena *arena,
                               Inference__TraceSettingResponse *response) {
    char text[NUMBER_BYTES];
    snprintf(text, sizeof text, "%lld", (long long)number);
    return add_trace(key, (const char *const[]){ text }, 1, arena, response);
}

Status inference_trace_setting(ServerContext *server, const Spans *request, Arena *arena,
                               WireReply *reply) {
    enum { KEYS = 6 };
    StringView model;
    TRY(read_model(server, request, arena, &model));
    TraceSettings fallback = settings_trace(server->settings, (StringView){ .data = "" });
    if (model.length == 0)
        fallback = trace_settings_default();
    TraceSettings trace = settings_trace(server->settings, model);
    SpanReader reader = span_reader_of(request);
    WireField field;
    bool changes = false;
    while (span_reader_next(&reader, &field) == WIRE_FIELD) {
        if (field.number != REQUEST_SETTINGS || field.type != WIRE_BYTES)
            continue;
        changes = true;
        TRY(change_trace(field.bytes, arena, &fallback, &trace));
    }
    if (changes)
        TRY(settings_set_trace(server->settings, model, &trace));
    Inference__TraceSettingResponse response = INFERENCE__TRACE_SETTING_RESPONSE__INIT;
    MESSAGE_LIST(TraceEntry, entries, KEYS, arena);
    response.settings = entries;
    const char *levels[] = { "TIMESTAMPS", "TENSORS" };
    const char *const off[] = { "OFF" };
    size_t first = trace.timestamps ? 0 : 1, count = (size_t)trace.timestamps + trace.tensors;
    TRY(add_trace("trace_level", count ? &levels[first] : off, MAX_OF(count, (size_t)1), arena,
                  &response));
    TRY(add_trace_number("trace_rate", (int64_t)trace.rate, arena, &response));
    TRY(add_trace_number("trace_count", trace.count, arena, &response));
    TRY(add_trace_number("log_frequency", (int64_t)trace.log_frequency, arena, &response));
    const char *file = settings_trace_file(server->settings);
    TRY(add_trace("trace_file", &file, 1, arena, &response));
    TRY(add_trace("trace_mode", (const char *const[]){ "triton" }, 1, arena, &response));
    return wire_pack(&response.base, reply);
}

/* --- log --- */

static Status change_log(SpanReader entry, Arena *arena, LogSettings *log) {
    StringView key;
    SpanReader message;
    SettingValue value = { .kind = SETTING_NONE };
    WireField field;
    TRY(read_entry(entry, arena, &key, &message));
    while (span_reader_next(&message, &field) == WIRE_FIELD) {
        if (field.number == LOG_BOOL && field.type == WIRE_VARINT)
            value = (SettingValue){ .kind = SETTING_BOOL, .number = field.scalar };
        if (field.number == LOG_NUMBER && field.type == WIRE_VARINT)
            value = (SettingValue){ .kind = SETTING_NUMBER, .number = field.scalar };
        if (field.number == LOG_TEXT_VALUE && field.type == WIRE_BYTES) {
            value = (SettingValue){ .kind = SETTING_TEXT };
            TRY(wire_text(field.bytes, arena, "a setting's value", &value.text));
        }
    }
    return settings_log_change(log, key, &value);
}

static Status new_log_entry(const char *key, Arena *arena, Inference__LogSettingsResponse *response,
                            LogValue **ret_value) {
    MESSAGE_NEW(LogEntry, entry, INFERENCE__LOG_SETTINGS_RESPONSE__SETTINGS_ENTRY__INIT, arena);
    MESSAGE_NEW(LogValue, value, INFERENCE__LOG_SETTINGS_RESPONSE__SETTING_VALUE__INIT, arena);
    entry->key = message_text(key);
    entry->value = value;
    response->settings[response->n_settings++] = entry;
    *ret_value = value;
    return status_ok();
}

static Status add_log_bool(const char *key, bool flag, Arena *arena,
                           Inference__LogSettingsResponse *response) {
    LogValue *value;
    TRY(new_log_entry(key, arena, response, &value));
    value->parameter_choice_case =
        INFERENCE__LOG_SETTINGS_RESPONSE__SETTING_VALUE__PARAMETER_CHOICE_BOOL_PARAM;
    value->bool_param = flag;
    return status_ok();
}

static Status add_log_text(const char *key, const char *text, Arena *arena,
                           Inference__LogSettingsResponse *response) {
    LogValue *value;
    TRY(new_log_entry(key, arena, response, &value));
    value->parameter_choice_case =
        INFERENCE__LOG_SETTINGS_RESPONSE__SETTING_VALUE__PARAMETER_CHOICE_STRING_PARAM;
    value->string_param = message_text(text);
    return status_ok();
}

Status inference_log_settings(ServerContext *server, const Spans *request, Arena *arena,
                              WireReply *reply) {
    enum { KEYS = 6 };
    TRY(server_check_control(server, request));
    LogSettings log = settings_log(server->settings);
    SpanReader reader = span_reader_of(request);
    WireField field;
    WireResult result;
    bool changes = false;
    while ((result = span_reader_next(&reader, &field)) == WIRE_FIELD) {
        if (field.number != REQUEST_SETTINGS || field.type != WIRE_BYTES)
            continue;
        changes = true;
        TRY(change_log(field.bytes, arena, &log));
    }
    if (result != WIRE_END)
        return wire_malformed("request");
    if (changes)
        settings_set_log(server->settings, &log);
    Inference__LogSettingsResponse response = INFERENCE__LOG_SETTINGS_RESPONSE__INIT;
    MESSAGE_LIST(LogEntry, entries, KEYS, arena);
    LogValue *verbose;
    response.settings = entries;
    TRY(add_log_text("log_file", log.file, arena, &response));
    TRY(add_log_bool("log_info", log.info, arena, &response));
    TRY(add_log_bool("log_warning", log.warning, arena, &response));
    TRY(add_log_bool("log_error", log.error, arena, &response));
    TRY(new_log_entry("log_verbose_level", arena, &response, &verbose));
    verbose->parameter_choice_case =
        INFERENCE__LOG_SETTINGS_RESPONSE__SETTING_VALUE__PARAMETER_CHOICE_UINT32_PARAM;
    verbose->uint32_param = log.verbose;
    TRY(add_log_text("log_format", log.format, arena, &response));
    return wire_pack(&response.base, reply);
}
