/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inferctl logs: lines of a server's log that are asked for, for eyes or for programs. Lines that
 * are no log lines (a crash's last words) pass when nothing is filtered. At a terminal without a
 * file the journal of the service is read through journalctl. Thread: main.
 */

#include "clients/inferctl/command.h"

#include "clients/inferctl/interrupt.h"
#include "clients/inferctl/log_line.h"
#include "runtime/base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct Filter {
    const Context *context;
    int level;
} Filter;

static bool is_filtered(const Args *args) {
    return args->level || args->model || args->event;
}

static bool wanted(const Filter *filter, const LogLine *line) {
    const Args *args = filter->context->args;
    return log_level_number(log_line_get(line, "level")) >= filter->level &&
           (!args->model || strcmp(log_line_get(line, "model"), args->model) == 0) &&
           (!args->event || strcmp(log_line_get(line, "event"), args->event) == 0);
}

/* One document a line, so that it can be read while it comes. */
static void print_json(const LogLine *line) {
    json_t *object = json_object();
    for (size_t i = 0; i < line->count; i++)
        json_object_set_new(object, line->fields[i].key, json_string(line->fields[i].value));
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
}

static void print_text(const Filter *filter, const LogLine *line) {
    static const Style STYLES[] = { STYLE_DIM, STYLE_NONE, STYLE_BOLD, STYLE_BAD };
    const Context *context = filter->context;
    const char *level = log_line_get(line, "level");
    int number = log_level_number(level);
    const char *none = context_style(context, STYLE_NONE);
    printf("%s%.23s%s %s%-5s %s%s", context_style(context, STYLE_DIM), log_line_get(line, "time"),
           none, context_style(context, number < 0 ? STYLE_NONE : STYLES[number]), level,
           log_line_get(line, "event"), none);
    for (size_t i = 0; i < line->count; i++) {
        const LogField *field = &line->fields[i];
        if (strcmp(field->key, "time") != 0 && strcmp(field->key, "level") != 0 &&
            strcmp(field->key, "event") != 0)
            printf("  %s%s=%s%s", context_style(context, STYLE_DIM), field->key, none,
                   field->value);
    }
    putchar('\n');
}

static void show(const Filter *filter, char *text) {
    LogLine line;
    if (!log_line_split(text, &line)) {
        if (!is_filtered(filter->context->args) && !filter->context->args->json)
            fputs(text, stdout);
        return;
    }
    if (!wanted(filter, &line))
        return;
    if (filter->context->args->json)
        print_json(&line);
    else
        print_text(filter, &line);
}

static Status read_lines(const Filter *filter, FILE *file) {
    enum { LOOK_NS = 200000000 };
    AUTO(free) char *text = NULL;
    size_t room = 0;
    while (!interrupt_came()) {
        if (getline(&text, &room, file) > 0) {
            show(filter, text);
            continue;
        }
        if (!filter->context->args->follow || ferror(file))
            break;
        fflush(stdout);
        clearerr(file);
        interrupt_sleep(LOOK_NS); /* a file has no way to tell that it grew */
    }
    return status_ok();
}

Status command_logs(Context *context) {
    const Args *args = context->args;
    Filter filter = { .context = context,
                      .level = args->level ? log_level_number(args->level) : -1 };
    if (args->level && filter.level < 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "--level wants debug, info, warn or error, got '%s'", args->level);
    interrupt_catch();
    if (!args->argument && isatty(STDIN_FILENO)) {
        FILE *journal = popen(
            args->follow ? "journalctl -u inferd -o cat -f" : "journalctl -u inferd -o cat", "re");
        if (!journal)
            return status_from_errno(errno, "journalctl");
        Status read = read_lines(&filter, journal);
        pclose(journal);
        return read;
    }
    FILE *file = args->argument ? fopen(args->argument, "re") : stdin;
    if (!file)
        return status_from_errno(errno, args->argument);
    Status read = read_lines(&filter, file);
    if (file != stdin)
        fclose(file);
    return read;
}
