/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One event, one line, one write: lines of different threads never mix. The rate limit is a window
 * of a second per call site, kept in atomics, so that logging takes no lock; the first line after a
 * window that dropped some says how many.
 */

#include "runtime/base/log.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 2048, LIMIT_PER_SECOND = 10 };

static const char *const LEVEL_NAMES[] = { "debug", "info", "warn", "error" };

static _Atomic LogLevel least_level = LOG_INFO;
static void (*line_sink)(LogLevel level, const char *line, void *user);
static void *line_sink_user;

void log_set_level(LogLevel level) {
    least_level = level;
}

LogLevel log_level(void) {
    return least_level;
}

void log_set_sink(void (*sink)(LogLevel level, const char *line, void *user), void *user) {
    line_sink = sink;
    line_sink_user = user;
}

static size_t write_head(char *line, LogLevel level, const char *event) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct tm utc;
    gmtime_r(&now.tv_sec, &utc);
    char stamp[32];
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    int length = snprintf(line, LINE_BYTES, "time=%s.%03ldZ level=%s event=%s", stamp,
                          now.tv_nsec / 1000000, LEVEL_NAMES[level], event);
    return length < 0 ? 0 : MIN_OF((size_t)length, LINE_BYTES - 2);
}

static void write_line(LogLevel level, const char *event, uint32_t dropped, const char *fields,
                       va_list args) {
    char line[LINE_BYTES];
    size_t used = write_head(line, level, event);
    if (dropped) {
        int length = snprintf(line + used, LINE_BYTES - 1 - used, " dropped=%u", dropped);
        used = MIN_OF(used + (size_t)MAX_OF(length, 0), LINE_BYTES - 2);
    }
    if (fields[0] != '\0') {
        line[used++] = ' ';
        int length = vsnprintf(line + used, LINE_BYTES - 1 - used, fields, args);
        used = MIN_OF(used + (size_t)MAX_OF(length, 0), LINE_BYTES - 2);
    }
    line[used] = '\0';
    if (line_sink) {
        line_sink(level, line, line_sink_user);
        return;
    }
    line[used++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, used);
    (void)written; /* nowhere to say that the log is gone */
}

void log_event(LogLevel level, const char *event, const char *fields, ...) {
    if (level < least_level)
        return;
    va_list args;
    va_start(args, fields);
    write_line(level, event, 0, fields, args);
    va_end(args);
}

void log_event_limited(LogLimit *limit, LogLevel level, const char *event, const char *fields,
                       ...) {
    if (level < least_level)
        return;
    uint64_t now_ns = clock_now_ns(clock_monotonic());
    uint64_t window_ns = limit->window_ns;
    uint32_t dropped = 0;
    if (now_ns - window_ns >= NS_PER_S &&
        atomic_compare_exchange_strong(&limit->window_ns, &window_ns, now_ns)) {
        limit->in_window = 0;
        dropped = atomic_exchange(&limit->dropped, 0);
    }
    if (atomic_fetch_add(&limit->in_window, 1) >= LIMIT_PER_SECOND) {
        limit->dropped++;
        return;
    }
    va_list args;
    va_start(args, fields);
    write_line(level, event, dropped, fields, args);
    va_end(args);
}

const char *log_quote(char buffer[static LOG_TEXT_BYTES], const char *text) {
    static const char hex[] = "0123456789abcdef";
    size_t used = 0;
    buffer[used++] = '"';
    for (; *text && used < LOG_TEXT_BYTES - 7; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\') {
            buffer[used++] = '\\';
            buffer[used++] = (char)byte;
        } else if (byte < 0x20 || byte == 0x7F) {
            memcpy(buffer + used, "\\x", 2);
            buffer[used + 2] = hex[byte >> 4];
            buffer[used + 3] = hex[byte & 15];
            used += 4;
        } else {
            buffer[used++] = (char)byte;
        }
    }
    buffer[used++] = '"';
    buffer[used] = '\0';
    return buffer;
}
