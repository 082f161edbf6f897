/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Settings under one lock, which a request takes only while something is traced: whether anything
 * is lies in an atomic beside it. Thread: any.
 */

#include "server/settings.h"

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/size.h"
#include "runtime/base/thread.h"
#include "server/trace_file.h"
#include "server/wire/wire_tensor.h"

#include <stdlib.h>

enum { MODELS_MAX = 1024, SHOWN_MAX = 64 };

typedef struct Trace {
    char *model; /* "": all others */
    TraceSettings settings;
    uint64_t seen;
} Trace;

struct Settings {
    atomic_bool traces; /* something may have to be traced */
    TraceFile *file;    /* NULL: traces are lines of the log; fixed after new */
    Mutex mutex;
    LogSettings log;
    Trace *models; /* the first is for all */
    size_t model_count;
    uint64_t next_id;
    uint64_t file_traces; /* in the file that is being written */
};

Status settings_new(const LogSettings *log, const TraceSettings *trace, const char *trace_file,
                    Settings **ret_settings) {
    AUTO(settings_free) Settings *settings = calloc(1, sizeof *settings);
    if (!settings)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    mutex_init(&settings->mutex);
    settings->models = calloc(MODELS_MAX, sizeof *settings->models);
    if (!settings->models || !(settings->models[0].model = calloc(1, 1)))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    settings->model_count = 1;
    settings->models[0].settings = *trace;
    atomic_init(&settings->traces, trace->timestamps || trace->tensors);
    if (trace_file)
        TRY(trace_file_new(trace_file, &settings->file));
    settings->log = *log;
    *ret_settings = TAKE(settings);
    return status_ok();
}

void settings_free(Settings *settings) {
    if (!settings)
        return;
    trace_file_free(settings->file,
                    settings->model_count && settings->models[0].settings.log_frequency > 0);
    for (size_t i = 0; i < settings->model_count; i++)
        free(settings->models[i].model);
    free(settings->models);
    mutex_deinit(&settings->mutex);
    free(settings);
}

/* --- log --- */

static Status wrong_type(StringView key, const char *expected) {
    return status_error(STATUS_INVALID_ARGUMENT, "expect '%.*s' to be %s",
                        TEXT_ARGS(text_cut(key, SHOWN_MAX)), expected);
}

static Status change_format(LogSettings *log, StringView key, const SettingValue *value) {
    static const char *const formats[] = { "default", "ISO8601" };
    if (value->kind != SETTING_TEXT)
        return wrong_type(key, "a string");
    for (size_t i = 0; i < ARRAY_LENGTH(formats); i++)
        if (text_equal(value->text, text_view(formats[i]))) {
            log->format = formats[i];
            return status_ok();
        }
    return status_error(STATUS_INVALID_ARGUMENT, "invalid argument for log_format: '%.*s'",
                        TEXT_ARGS(text_cut(value->text, SHOWN_MAX)));
}

Status settings_log_change(LogSettings *log, StringView key, const SettingValue *value) {
    const struct {
        const char *key;
        bool *flag;
    } flags[] = { { "log_info", &log->info },
                  { "log_warning", &log->warning },
                  { "log_error", &log->error } };
    for (size_t i = 0; i < ARRAY_LENGTH(flags); i++) {
        if (!text_equal(key, text_view(flags[i].key)))
            continue;
        if (value->kind != SETTING_BOOL)
            return wrong_type(key, "a bool");
        *flags[i].flag = value->number != 0;
        return status_ok();
    }
    if (text_equal(key, text_view("log_verbose_level"))) {
        if (value->kind != SETTING_NUMBER || value->number > UINT32_MAX)
            return wrong_type(key, "an unsigned integer");
        log->verbose = (uint32_t)value->number;
        return status_ok();
    }
    if (text_equal(key, text_view("log_format")))
        return change_format(log, key, value);
    if (text_equal(key, text_view("log_file")))
        return status_error(STATUS_UNIMPLEMENTED,
                            "log file location can not be updated through network protocol");
    return status_error(STATUS_INVALID_ARGUMENT, "unknown log setting '%.*s'",
                        TEXT_ARGS(text_cut(key, SHOWN_MAX)));
}

LogSettings settings_log(Settings *settings) {
    LOCKED(&settings->mutex);
    return settings->log;
}

LogLevel settings_log_level(const LogSettings *log) {
    return log->verbose > 0 ? LOG_DEBUG
           : log->info      ? LOG_INFO
           : log->warning   ? LOG_WARN
                            : LOG_ERROR;
}

void settings_set_log(Settings *settings, const LogSettings *log) {
    {
        LOCKED(&settings->mutex);
        settings->log = *log;
    }
    log_set_level(settings_log_level(log));
}

/* --- traces --- */

static Status change_level(TraceSettings *trace, const StringView *values, size_t count) {
    TraceSettings changed = *trace;
    changed.timestamps = changed.tensors = false;
    for (size_t i = 0; i < count; i++) {
        bool timestamps = text_equal(values[i], text_view("TIMESTAMPS"));
        bool tensors = text_equal(values[i], text_view("TENSORS"));
        bool off = text_equal(values[i], text_view("OFF"));
        if (!timestamps && !tensors && !off)
            return status_error(STATUS_INVALID_ARGUMENT, "failed to parse trace level '%.*s'",
                                TEXT_ARGS(text_cut(values[i], SHOWN_MAX)));
        changed.timestamps = changed.timestamps || timestamps;
        changed.tensors = changed.tensors || tensors;
    }
    *trace = changed;
    return status_ok();
}

static Status read_number(StringView key, const StringView *values, size_t count, int64_t least,
                          int64_t *ret_number) {
    char text[24] = { 0 }, *end = text;
    if (count == 1 && values[0].length > 0 && values[0].length < sizeof text) {
        memcpy(text, values[0].data, values[0].length);
        *ret_number = strtoll(text, &end, 10);
    }
    if (end == text || *end || *ret_number < least)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "failed to parse trace setting '%.*s': expected one number of at least "
                            "%lld",
                            TEXT_ARGS(text_cut(key, SHOWN_MAX)), (long long)least);
    return status_ok();
}

Status settings_trace_change(TraceSettings *trace, StringView key, const StringView *values,
                             size_t count, const TraceSettings *fallback) {
    int64_t number = 0;
    if (text_equal(key, text_view("trace_level"))) {
        trace->timestamps = fallback->timestamps;
        trace->tensors = fallback->tensors;
        return count > 0 ? change_level(trace, values, count) : status_ok();
    }
    if (text_equal(key, text_view("trace_rate"))) {
        trace->rate = fallback->rate;
        if (count > 0) {
            TRY(read_number(key, values, count, 1, &number));
            trace->rate = (uint64_t)number;
        }
        return status_ok();
    }
    if (text_equal(key, text_view("trace_count"))) {
        trace->count = fallback->count;
        return count > 0 ? read_number(key, values, count, -1, &trace->count) : status_ok();
    }
    if (text_equal(key, text_view("log_frequency"))) {
        trace->log_frequency = fallback->log_frequency;
        if (count > 0) {
            TRY(read_number(key, values, count, 0, &number));
            trace->log_frequency = (uint64_t)number;
        }
        return status_ok();
    }
    if (text_equal(key, text_view("trace_file")) || text_equal(key, text_view("trace_mode")))
        return status_error(STATUS_UNIMPLEMENTED,
                            "trace file location can not be updated through network protocol");
    return status_error(STATUS_INVALID_ARGUMENT, "Unknown trace setting '%.*s'",
                        TEXT_ARGS(text_cut(key, SHOWN_MAX)));
}

/* Of the model's own, else that for all. Called under the lock. */
static Trace *find_trace_locked(Settings *settings, StringView model) {
    for (size_t i = 1; i < settings->model_count; i++)
        if (text_equal(text_view(settings->models[i].model), model))
            return &settings->models[i];
    return &settings->models[0];
}

TraceSettings settings_trace(Settings *settings, StringView model) {
    LOCKED(&settings->mutex);
    return find_trace_locked(settings, model)->settings;
}

const char *settings_trace_file(const Settings *settings) {
    return trace_file_path(settings->file);
}

Status settings_set_trace(Settings *settings, StringView model, const TraceSettings *trace) {
    AUTO(free) char *name = strndup(model.data, model.length);
    if (!name)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    LOCKED(&settings->mutex);
    Trace *found = find_trace_locked(settings, model);
    bool is_new = model.length > 0 && found == &settings->models[0];
    if (is_new && settings->model_count == MODELS_MAX)
        return status_error(STATUS_RESOURCE_EXHAUSTED,
                            "at most %d models have trace settings of their own", MODELS_MAX - 1);
    if (is_new) {
        found = &settings->models[settings->model_count++];
        found->model = TAKE(name);
    }
    found->settings = *trace;
    bool any = false;
    for (size_t i = 0; i < settings->model_count; i++)
        any =
            any || settings->models[i].settings.timestamps || settings->models[i].settings.tensors;
    atomic_store(&settings->traces, any);
    return status_ok();
}

/* id 0: not to be traced. A file ends with the last trace that was asked for, and after every
 * log_frequency. */
static TraceEntry next_trace(Settings *settings, const char *model) {
    TraceEntry entry = { 0 };
    LOCKED(&settings->mutex);
    Trace *trace = find_trace_locked(settings, text_view(model));
    TraceSettings *rules = &trace->settings;
    if ((!rules->timestamps && !rules->tensors) || rules->count == 0 ||
        trace->seen++ % rules->rate != 0)
        return entry;
    if (rules->count > 0)
        rules->count--;
    settings->file_traces++;
    entry.id = ++settings->next_id;
    entry.timestamps = rules->timestamps;
    entry.ends_file = rules->count == 0 ||
                      (rules->log_frequency > 0 && settings->file_traces >= rules->log_frequency);
    if (entry.ends_file)
        settings->file_traces = 0;
    return entry;
}

void settings_trace_request(Settings *settings, const InferRequest *request, StringView id,
                            const Status *status) {
    const ModelVersion *version = request->lease.version;
    if (!settings || !version || !atomic_load_explicit(&settings->traces, memory_order_relaxed))
        return;
    TraceEntry entry = next_trace(settings, version->name);
    if (entry.id == 0)
        return;
    uint64_t now_ns = clock_now_ns(clock_monotonic());
    const RequestTimes *times = &request->times;
    char text[SHOWN_MAX + 1] = { 0 };
    StringView cut = text_cut(id, SHOWN_MAX);
    if (cut.length > 0)
        memcpy(text, cut.data, cut.length);
    if (settings->file) {
        entry.request = request;
        entry.request_id = text;
        entry.ended_ns = now_ns;
        trace_file_add(settings->file, &entry);
        return;
    }
    log_event(LOG_INFO, "trace",
              "id=%llu model=%s version=%lld request_id=%s code=%s request_start_ns=%llu "
              "queue_start_ns=%llu compute_start_ns=%llu compute_input_end_ns=%llu "
              "compute_output_start_ns=%llu request_end_ns=%llu rows=%zu",
              (unsigned long long)entry.id, LOG_TEXT(version->name), (long long)version->number,
              LOG_TEXT(text), status_code_name(status->code), (unsigned long long)times->arrived_ns,
              (unsigned long long)times->queued_ns, (unsigned long long)times->taken_ns,
              (unsigned long long)times->gathered_ns, (unsigned long long)times->executed_ns,
              (unsigned long long)now_ns, request->rows);
}
