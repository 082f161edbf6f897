/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A log line begins with time= or level=; whatever stands before that (a journal's or kubectl's
 * prefix) is skipped. Quoted values end at a quote that no backslash precedes. Pure. Thread: any.
 */

#include "clients/inferctl/log_line.h"

#include "runtime/base/size.h"

#include <ctype.h>
#include <string.h>

static char *find_start(char *text) {
    static const char *const STARTS[] = { "time=", "level=" };
    for (size_t i = 0; i < ARRAY_LENGTH(STARTS); i++) {
        char *at = strstr(text, STARTS[i]);
        if (at && (at == text || at[-1] == ' '))
            return at;
    }
    return NULL;
}

/* Takes a value's quotes and escapes away; returns what follows it. */
static char *read_value(char *at, const char **ret_value) {
    if (*at != '"') {
        *ret_value = at;
        at += strcspn(at, " \n");
        return at;
    }
    char *to = ++at;
    *ret_value = to;
    for (; *at && *at != '"'; at++) {
        if (*at == '\\' && at[1])
            at++;
        *to++ = *at;
    }
    if (*at)
        at++;
    if (to < at)
        *to = '\0';
    return at;
}

bool log_line_split(char *text, LogLine *ret_line) {
    char *at = find_start(text);
    *ret_line = (LogLine){ 0 };
    while (at && *at && ret_line->count < LOG_FIELDS_MAX) {
        while (isspace((unsigned char)*at))
            *at++ = '\0';
        char *equals = at + strcspn(at, "= \n");
        if (*equals != '=')
            break;
        LogField *field = &ret_line->fields[ret_line->count++];
        *equals = '\0';
        field->key = at;
        at = read_value(equals + 1, &field->value);
    }
    return ret_line->count > 0;
}

const char *log_line_get(const LogLine *line, const char *key) {
    for (size_t i = 0; i < line->count; i++)
        if (strcmp(line->fields[i].key, key) == 0)
            return line->fields[i].value;
    return "";
}

int log_level_number(const char *name) {
    static const char *const NAMES[] = { "debug", "info", "warn", "error" };
    for (size_t i = 0; i < ARRAY_LENGTH(NAMES); i++)
        if (strcmp(NAMES[i], name) == 0)
            return (int)i;
    return -1;
}
