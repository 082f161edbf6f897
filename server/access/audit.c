/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lines of the log, like all others. Management is rare and every act of it is written; of requests
 * one in `every` is, counted over all threads, so that a flood costs a line now and then. Texts
 * that clients chose are quoted. Thread: whoever ends the request.
 */

#include "server/access/audit.h"

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/size.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 128, TRACE_BYTES = 55, TRACE_ID_AT = 3, TRACE_ID_BYTES = 32 };

static bool manages(Action action) {
    static const bool rows[ACTION_COUNT] = {
        [ACTION_LOAD] = true,  [ACTION_UNLOAD] = true,        [ACTION_RELOAD] = true,
        [ACTION_TRACE] = true, [ACTION_SHARED_MEMORY] = true, [ACTION_LOG] = true
    };
    return (size_t)action < ACTION_COUNT && rows[action];
}

bool audit_wants(AuditLog *log, Action action, bool *ret_sampled) {
    *ret_sampled =
        log->every &&
        atomic_fetch_add_explicit(&log->count, 1, memory_order_relaxed) % log->every == 0;
    return *ret_sampled || manages(action);
}

static const char *cut(StringView text, char buffer[static NAME_BYTES]) {
    snprintf(buffer, NAME_BYTES, "%.*s", (int)MIN_OF(text.length, (size_t)NAME_BYTES),
             text.data ? text.data : "");
    return buffer;
}

bool audit_trace_id(StringView traceparent, char id[static 33]) {
    static const char shape[] = "hh-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh";
    bool is_zero = true;
    if (traceparent.length < TRACE_BYTES)
        return false;
    for (size_t i = 0; i < TRACE_BYTES; i++) {
        char c = traceparent.data[i];
        bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (shape[i] == 'h' ? !is_hex : c != '-')
            return false;
        if (i >= TRACE_ID_AT && i < TRACE_ID_AT + TRACE_ID_BYTES)
            is_zero = is_zero && c == '0';
    }
    memcpy(id, traceparent.data + TRACE_ID_AT, TRACE_ID_BYTES);
    id[TRACE_ID_BYTES] = '\0';
    return !is_zero && memcmp(traceparent.data, "ff", 2) != 0;
}

void audit_write(const AuditEntry *entry, bool sampled) {
    char principal[NAME_BYTES], model[NAME_BYTES], code[16], trace[33] = "";
    bool known = entry->caller && entry->caller->principal.length > 0;
    cut(known ? entry->caller->principal : (StringView){ "anonymous", 9 }, principal);
    cut(entry->model, model);
    if (!audit_trace_id(entry->traceparent, trace))
        trace[0] = '\0';
    snprintf(code, sizeof code, "%d", entry->http_code);
    uint64_t us = (clock_now_ns(clock_monotonic()) - entry->arrived_ns) / NS_PER_US;
    bool is_act = manages(entry->action);
    if (is_act || sampled)
        log_event(LOG_INFO, is_act ? "audit" : "access",
                  "transport=%s method=%s action=%s principal=%s model=%s code=%s us=%" PRIu64
                  " request_bytes=%zu reply_bytes=%zu trace=%s",
                  entry->transport, entry->method ? entry->method : "unknown",
                  action_name(entry->action), LOG_TEXT(principal), LOG_TEXT(model),
                  entry->http_code ? code : status_code_name(entry->code), us, entry->request_bytes,
                  entry->reply_bytes, *trace ? trace : "none");
}
