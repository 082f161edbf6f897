/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One line an event, key=value, to standard error: level=warn event=version_failed model=resnet
 * version=3 reason="...". Never tensor data. Values from outside go through LOG_TEXT (quoted and
 * escaped). Lines that a client can cause are written with log_event_limited: at most ten a second
 * per call site, the rest counted and told afterwards.
 */

#include <stdatomic.h>
#include <stdint.h>

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } LogLevel;

/* Fixed before threads start. */
void log_set_level(LogLevel level);
LogLevel log_level(void);
/* Where lines go, for tests and plugins; NULL restores standard error. Called on any thread, one
 * line, no newline. */
void log_set_sink(void (*sink)(LogLevel level, const char *line, void *user), void *user);

/* @fields  printf format of key=value pairs, "" for none */
void log_event(LogLevel level, const char *event, const char *fields, ...)
    __attribute__((format(printf, 3, 4)));

typedef struct LogLimit {
    _Atomic uint64_t window_ns;
    _Atomic uint32_t in_window, dropped;
} LogLimit;
void log_event_limited(LogLimit *limit, LogLevel level, const char *event, const char *fields, ...)
    __attribute__((format(printf, 4, 5)));

/* Quotes and escapes text of outside origin into a buffer that lives until the end of the calling
 * expression's block. */
enum { LOG_TEXT_BYTES = 512 };
const char *log_quote(char buffer[static LOG_TEXT_BYTES], const char *text);
#define LOG_TEXT(text) log_quote((char[LOG_TEXT_BYTES]){ 0 }, (text))
