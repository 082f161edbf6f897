/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Findings as JSON values, shown as a document or as lines. Thread: main. */

#include "clients/inferctl/findings.h"

#include "runtime/base/size.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name, *mark;
    Style style;
} LEVELS[] = {
    [FINDING_GOOD] = { "good", "ok", STYLE_GOOD },
    [FINDING_WARN] = { "warning", "warn", STYLE_BOLD },
    [FINDING_BAD] = { "bad", "BAD", STYLE_BAD },
};

Status findings_init(Findings *findings) {
    *findings = (Findings){ .items = json_array() };
    return findings->items ? status_ok() : status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
}

void findings_deinit(Findings *findings) {
    json_decref(findings->items);
}

void findings_add(Findings *findings, FindingLevel level, const char *what, const char *advice,
                  const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    findings->bad += level == FINDING_BAD;
    json_array_append_new(findings->items,
                          json_pack("{s:s,s:i,s:s,s:s,s:s*}", "what", what, "mark", (int)level,
                                    "level", LEVELS[level].name, "found", text, "advice",
                                    level == FINDING_GOOD ? NULL : advice));
}

Status findings_show(const Context *context, const Findings *findings) {
    size_t index;
    json_t *item;
    json_array_foreach(findings->items, index, item) {
        size_t level = (size_t)json_integer_value(json_object_get(item, "mark"));
        const char *advice = json_string_value(json_object_get(item, "advice"));
        json_object_del(item, "mark");
        if (context->args->json)
            continue;
        printf("%s%-5s%s %-12s %s\n", context_style(context, LEVELS[level].style),
               LEVELS[level].mark, context_style(context, STYLE_NONE),
               json_string_value(json_object_get(item, "what")),
               json_string_value(json_object_get(item, "found")));
        if (advice)
            printf("%18s -> %s\n", "", advice);
    }
    if (context->args->json)
        TRY(context_print_json(
            json_pack("{s:O,s:I}", "findings", findings->items, "bad", (json_int_t)findings->bad),
            9));
    return status_ok();
}
