/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* inferctl models: the index of a server's repository. Thread: main. */

#include "clients/inferctl/command.h"
#include "clients/inferctl/print.h"
#include "runtime/base/size.h"

#include <string.h>

static Status print_rows_json(const ClientIndexRow *rows, size_t count) {
    json_t *models = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(models, json_pack("{s:s,s:s,s:s,s:s}", "name", rows[i].name,
                                                "version", rows[i].version, "state", rows[i].state,
                                                "reason", rows[i].reason));
    return context_print_json(json_pack("{s:o}", "models", models), 9);
}

Status command_models(Context *context) {
    ClientAsk ask = { 0 };
    ClientIndexRow *rows = NULL;
    size_t count = 0;
    TRY(context_ask(context, &ask));
    Status asked = client_index(&ask, &rows, &count);
    if (asked.code == STATUS_UNIMPLEMENTED)
        return status_error(
            STATUS_FAILED_PRECONDITION,
            "%s does not list its models; 'inferctl status MODEL' asks about one by name",
            context->args->server);
    TRY(asked);
    if (context->args->json)
        return print_rows_json(rows, count);
    if (count == 0) {
        printf("%s has no models\n", context->args->server);
        return status_ok();
    }
    int name_columns = 5;
    for (size_t i = 0; i < count; i++)
        name_columns = MAX_OF(name_columns, (int)strlen(rows[i].name));
    printf("%s%-*s  %-8s  %-12s%s\n", context_style(context, STYLE_BOLD), name_columns, "MODEL",
           "VERSION", "STATE", context_style(context, STYLE_NONE));
    for (size_t i = 0; i < count; i++) {
        bool ready = strcmp(rows[i].state, "READY") == 0,
             failed = strcmp(rows[i].state, "UNAVAILABLE") == 0;
        Style style = ready ? STYLE_GOOD : failed ? STYLE_BAD : STYLE_DIM;
        printf("%-*s  %-8s  %s%-12s%s%s\n", name_columns, rows[i].name,
               *rows[i].version ? rows[i].version : "-", context_style(context, style),
               *rows[i].state ? rows[i].state : "-", context_style(context, STYLE_NONE),
               rows[i].reason);
    }
    return status_ok();
}
