/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inferctl status: the states of a model's versions, and what it takes and gives. Servers of one
 * protocol only are asked for what they have: versions without GetModelStatus, ports without a
 * version in service are left out. Thread: main.
 */

#include "clients/inferctl/command.h"
#include "clients/inferctl/print.h"
#include "runtime/base/size.h"

#include <string.h>

typedef struct Told {
    ClientVersion *versions;
    size_t version_count;
    ClientModel model;
    Status versions_asked, model_asked;
} Told;

static json_t *ports_json(const ClientPort *ports, size_t count) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            array,
            json_pack("{s:s,s:s,s:o}", "name", ports[i].name, "dtype", ports[i].type->name, "shape",
                      ports[i].rank < 0 ? json_null()
                                        : json_dims(ports[i].dims, (size_t)ports[i].rank)));
    return array;
}

static Status print_json(const Context *context, const Told *told) {
    json_t *versions = json_array();
    for (size_t i = 0; i < told->version_count; i++) {
        const ClientVersion *version = &told->versions[i];
        json_array_append_new(versions,
                              json_pack("{s:I,s:s,s:s,s:s}", "version",
                                        (json_int_t)version->version, "state", version->state,
                                        "code", status_code_name(version->status.code), "reason",
                                        version->status.message));
    }
    json_t *document =
        json_pack("{s:s,s:o}", "model", context->args->argument, "versions", versions);
    if (document && status_is_ok(&told->model_asked)) {
        json_object_set_new(document, "platform", json_string(told->model.platform));
        json_object_set_new(document, "described_version", json_integer(told->model.version));
        json_object_set_new(document, "inputs",
                            ports_json(told->model.inputs, told->model.input_count));
        json_object_set_new(document, "outputs",
                            ports_json(told->model.outputs, told->model.output_count));
    }
    return context_print_json(document, 9);
}

static void print_ports(const char *title, const ClientPort *ports, size_t count) {
    int columns = 0;
    for (size_t i = 0; i < count; i++)
        columns = MAX_OF(columns, (int)strlen(ports[i].name));
    for (size_t i = 0; i < count; i++)
        printf("  %-8s %-*s  %-8s %s\n", i ? "" : title, columns, ports[i].name,
               ports[i].type->name, CLIENT_DIMS_TEXT(ports[i].dims, ports[i].rank));
}

static void print_text(const Context *context, const Told *told) {
    const ClientModel *model = &told->model;
    printf("%s%s%s\n", context_style(context, STYLE_BOLD), context->args->argument,
           context_style(context, STYLE_NONE));
    for (size_t i = 0; i < told->version_count; i++) {
        const ClientVersion *version = &told->versions[i];
        bool good = strcmp(version->state, "AVAILABLE") == 0,
             failed = !status_is_ok(&version->status);
        printf("  version %-4lld %s%s%s", (long long)version->version,
               context_style(context, good     ? STYLE_GOOD
                                      : failed ? STYLE_BAD
                                               : STYLE_DIM),
               version->state, context_style(context, STYLE_NONE));
        if (failed)
            printf("  %s: %s", status_code_name(version->status.code), version->status.message);
        putchar('\n');
    }
    if (!status_is_ok(&told->model_asked)) {
        printf("  its inputs and outputs are not told: %s\n", told->model_asked.message);
        return;
    }
    if (*model->platform)
        printf("  platform %s\n", model->platform);
    print_ports("inputs", model->inputs, model->input_count);
    print_ports("outputs", model->outputs, model->output_count);
}

Status command_status(Context *context) {
    ClientAsk ask = { 0 };
    Told told = { 0 };
    ClientModelName name = context_model(context);
    TRY(context_ask(context, &ask));
    told.versions_asked = client_versions(&ask, &name, &told.versions, &told.version_count);
    if (told.versions_asked.code != STATUS_UNIMPLEMENTED) /* Triton has none */
        TRY(told.versions_asked);
    told.model_asked = client_model(&ask, &name, &told.model);
    if (!status_is_ok(&told.versions_asked))
        TRY(told.model_asked);
    if (context->args->json)
        return print_json(context, &told);
    print_text(context, &told);
    return status_ok();
}
