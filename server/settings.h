/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What clients may change of how the server tells about itself: log levels, and which requests are
 * traced. A trace has the times that statistics are made of, and goes to the trace file, or where
 * there is none to the log, one line a request (event=trace). Source: reference
 * open_inference_triton.md 1.6.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/status.h"
#include "runtime/schedule/request.h"

typedef struct Settings Settings;

typedef struct TraceSettings {
    bool timestamps, tensors; /* of tensors nothing is told */
    uint64_t rate;            /* one of so many requests */
    int64_t count;            /* how many traces are left; -1: no limit */
    uint64_t log_frequency;   /* traces a file; 0: one file for all */
} TraceSettings;

/* What Triton begins with. */
static inline TraceSettings trace_settings_default(void) {
    return (TraceSettings){ .rate = 1000, .count = -1 };
}

typedef struct LogSettings {
    bool info, warning, error;
    uint32_t verbose;
    const char *format; /* static */
    const char *file;   /* the command line's; "": standard error */
} LogSettings;

/**
 * @log, @trace in force at the start
 * @trace_file  kept; NULL: none
 *
 * Errors: INVALID_ARGUMENT (the file cannot be written), RESOURCE_EXHAUSTED
 */
Status settings_new(const LogSettings *log, const TraceSettings *trace, const char *trace_file,
                    Settings **ret_settings);
void settings_free(Settings *settings);
DEFINE_AUTO(Settings, settings_free);

/* --- log --- */

/* One value as a request gives it. */
typedef struct SettingValue {
    enum { SETTING_NONE, SETTING_BOOL, SETTING_NUMBER, SETTING_TEXT } kind;
    uint64_t number;
    StringView text;
} SettingValue;

/* Changes *log, not yet what is in force. INVALID_ARGUMENT, UNIMPLEMENTED (log_file). */
Status settings_log_change(LogSettings *log, StringView key, const SettingValue *value);
LogSettings settings_log(Settings *settings);
/* What the log has to say at least. */
LogLevel settings_log_level(const LogSettings *log);
void settings_set_log(Settings *settings, const LogSettings *log);

/* --- traces --- */

/* One key of *trace; no values: from `fallback`. INVALID_ARGUMENT, UNIMPLEMENTED (read-only). */
Status settings_trace_change(TraceSettings *trace, StringView key, const StringView *values,
                             size_t count, const TraceSettings *fallback);
/* Of a model, or "": of all that have none of their own. */
TraceSettings settings_trace(Settings *settings, StringView model);
/* "" when there is none. */
const char *settings_trace_file(const Settings *settings);
/* RESOURCE_EXHAUSTED: too many models have settings of their own. */
Status settings_set_trace(Settings *settings, StringView model, const TraceSettings *trace);

/* Tells about a request that ended, if it is one of those to be traced. Thread: any. */
void settings_trace_request(Settings *settings, const InferRequest *request, StringView id,
                            const Status *status);
