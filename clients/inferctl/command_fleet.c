/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inferctl fleet: every address behind a name is asked on a connection of its own; what they serve
 * is laid side by side. Skew is what most users call a bug later: replicas of two releases, or one
 * that lacks a version. Thread: main.
 */

#include "clients/inferctl/command.h"

#include "clients/c/ready.h"
#include "clients/c/resolve.h"
#include "runtime/base/size.h"

#include <string.h>

typedef struct Replica {
    const char *target;
    Status asked;
    bool is_ready;
    ClientServer server;
    ClientIndexRow *rows;
    size_t row_count;
} Replica;

typedef struct Fleet {
    Replica *replicas;
    size_t count;
    json_t *skews; /* sentences */
} Fleet;

static Status ask_replica(Context *context, Replica *replica) {
    AUTO(client_free) Client *client = NULL;
    TRY(context_client(context, replica->target, &client));
    ClientAsk ask = { .client = client,
                      .protocol = context->args->protocol,
                      .timeout_ns = context_timeout_ns(context),
                      .arena = context->arena };
    TRY(client_server_ready(&ask, &replica->is_ready));
    Status told = client_server(&ask, &replica->server);
    if (told.code == STATUS_UNIMPLEMENTED)
        replica->server = (ClientServer){ .name = "", .version = "" };
    else
        TRY(told);
    told = client_index(&ask, &replica->rows, &replica->row_count);
    return told.code == STATUS_UNIMPLEMENTED ? status_ok() : told;
}

static bool serves(const Replica *replica, const ClientIndexRow *row) {
    for (size_t i = 0; i < replica->row_count; i++)
        if (strcmp(replica->rows[i].name, row->name) == 0 &&
            strcmp(replica->rows[i].version, row->version) == 0)
            return strcmp(replica->rows[i].state, "READY") == 0;
    return false;
}

__attribute__((format(printf, 2, 3))) static void add_skew(Fleet *fleet, const char *format, ...) {
    char text[STATUS_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (size_t i = 0; i < json_array_size(fleet->skews); i++)
        if (strcmp(json_string_value(json_array_get(fleet->skews, i)), text) == 0)
            return; /* told already, from another replica's side */
    json_array_append_new(fleet->skews, json_string(text));
}

/* What `one` serves and others that answer do not. */
static void compare_models(Fleet *fleet, const Replica *one) {
    for (size_t i = 0; i < one->row_count; i++) {
        const ClientIndexRow *row = &one->rows[i];
        for (size_t j = 0; j < fleet->count && serves(one, row); j++)
            if (status_is_ok(&fleet->replicas[j].asked) && !serves(&fleet->replicas[j], row))
                add_skew(fleet, "%s does not serve %s%s%s, others do", fleet->replicas[j].target,
                         row->name, *row->version ? " version " : "", row->version);
    }
}

static void find_skews(Fleet *fleet) {
    const Replica *first = NULL;
    for (size_t i = 0; i < fleet->count; i++) {
        const Replica *replica = &fleet->replicas[i];
        if (!status_is_ok(&replica->asked)) {
            add_skew(fleet, "%s does not answer: %s", replica->target, replica->asked.message);
            continue;
        }
        if (!replica->is_ready)
            add_skew(fleet, "%s is not ready", replica->target);
        first = first ? first : replica;
        if (strcmp(first->server.name, replica->server.name) != 0 ||
            strcmp(first->server.version, replica->server.version) != 0)
            add_skew(fleet, "%s runs %s %s, %s runs %s %s", first->target, first->server.name,
                     first->server.version, replica->target, replica->server.name,
                     replica->server.version);
        compare_models(fleet, replica);
    }
}

static json_t *replica_json(const Replica *replica) {
    json_t *models = json_array();
    for (size_t i = 0; i < replica->row_count; i++)
        json_array_append_new(models,
                              json_pack("{s:s,s:s,s:s}", "name", replica->rows[i].name, "version",
                                        replica->rows[i].version, "state", replica->rows[i].state));
    if (!status_is_ok(&replica->asked))
        return json_pack("{s:s,s:s,s:s,s:o}", "address", replica->target, "code",
                         status_code_name(replica->asked.code), "error", replica->asked.message,
                         "models", models);
    return json_pack("{s:s,s:s,s:b,s:s,s:s,s:o}", "address", replica->target, "code", "OK", "ready",
                     replica->is_ready, "server", replica->server.name, "release",
                     replica->server.version, "models", models);
}

static void print_replica(const Context *context, const Replica *replica) {
    bool answers = status_is_ok(&replica->asked), good = answers && replica->is_ready;
    printf("%-24s %s%-12s%s", replica->target,
           context_style(context, good ? STYLE_GOOD : STYLE_BAD),
           good      ? "ready"
           : answers ? "not ready"
                     : "unreachable",
           context_style(context, STYLE_NONE));
    if (answers)
        printf(" %s %s ", replica->server.name, replica->server.version);
    const char *model = "";
    for (size_t i = 0; i < replica->row_count; i++) {
        const ClientIndexRow *row = &replica->rows[i];
        bool is_ready = strcmp(row->state, "READY") == 0;
        if (strcmp(model, row->name) != 0)
            printf(" %s%s", *model ? " " : "", row->name);
        if (*row->version)
            printf("%c%s%s", strcmp(model, row->name) != 0 ? ':' : ',', row->version,
                   is_ready ? "" : "(not ready)");
        model = row->name;
    }
    putchar('\n');
}

static Status show(const Context *context, const Fleet *fleet) {
    if (context->args->json) {
        json_t *replicas = json_array();
        for (size_t i = 0; i < fleet->count; i++)
            json_array_append_new(replicas, replica_json(&fleet->replicas[i]));
        return context_print_json(json_pack("{s:s,s:o,s:O}", "name", context->args->argument,
                                            "replicas", replicas, "skew", fleet->skews),
                                  9);
    }
    for (size_t i = 0; i < fleet->count; i++)
        print_replica(context, &fleet->replicas[i]);
    for (size_t i = 0; i < json_array_size(fleet->skews); i++)
        printf("%swarning%s: %s\n", context_style(context, STYLE_BAD),
               context_style(context, STYLE_NONE),
               json_string_value(json_array_get(fleet->skews, i)));
    return status_ok();
}

Status command_fleet(Context *context) {
    const char **targets = NULL;
    Fleet fleet = { 0 };
    TRY(client_resolve(context->args->argument, context_timeout_ns(context), context->arena,
                       &targets, &fleet.count));
    fleet.replicas = arena_calloc(context->arena, fleet.count, sizeof *fleet.replicas);
    if (!fleet.replicas)
        return arena_exhausted(context->arena);
    for (size_t i = 0; i < fleet.count; i++) {
        Replica *replica = &fleet.replicas[i];
        replica->target = targets[i];
        context_progress(context, i, fleet.count, targets[i]);
        replica->asked = ask_replica(context, replica);
    }
    context_progress(context, fleet.count, fleet.count, "");
    AUTO(json_decref) json_t *skews = json_array();
    fleet.skews = skews;
    find_skews(&fleet);
    return show(context, &fleet);
}
