/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One line of a server's log, key=value by key=value, as runtime/base/log.c writes it. */

#include <stdbool.h>
#include <stddef.h>

enum { LOG_FIELDS_MAX = 48 };

typedef struct LogField {
    const char *key, *value; /* value without its quotes and escapes */
} LogField;

typedef struct LogLine {
    LogField fields[LOG_FIELDS_MAX];
    size_t count;
} LogLine;

/* Splits text in place: it is changed, and the fields point into it. False for what is no log line;
 * text is as it was then. */
bool log_line_split(char *text, LogLine *ret_line);
/* "" when it is not there. */
const char *log_line_get(const LogLine *line, const char *key);
/* 0 debug to 3 error; -1: no level of that name. */
int log_level_number(const char *name);
