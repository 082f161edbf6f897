/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Triton's RepositoryIndex: every known version of every known model with its state, models in name
 * order, versions ascending. Thread: rpc; nothing blocks. Source: reference
 * open_inference_triton.md 3 (states), Triton model_repository.
 */

#include "runtime/base/size.h"
#include "server/rpc/method_table.h"
#include "server/wire/wire_pack.h"
#include "server/wire/wire_tensor.h"

#include "inference/grpc_service.pb-c.h"

#include <stdio.h>

enum { REQUEST_READY = 2, VERSION_TEXT_BYTES = 24 };

typedef Inference__RepositoryIndexResponse__ModelIndex ModelIndex;

static const struct {
    VersionState state;
    const char *name;
} STATES[] = {
    { VERSION_START, "LOADING" },   { VERSION_LOADING, "LOADING" },
    { VERSION_AVAILABLE, "READY" }, { VERSION_UNLOADING, "UNLOADING" },
    { VERSION_END, "UNAVAILABLE" },
};

static Status read_request(ServerContext *server, const Spans *message, bool *ret_ready_only) {
    TRY(server_check_control(server, message));
    SpanReader reader = span_reader_of(message);
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&reader, &field)) == WIRE_FIELD)
        if (field.number == REQUEST_READY && field.type == WIRE_VARINT)
            *ret_ready_only = field.scalar != 0;
    return result == WIRE_END ? status_ok() : wire_malformed("request");
}

static Status make_row(const char *model, const VersionStatus *version, Arena *arena,
                       ModelIndex **ret_row) {
    MESSAGE_NEW(ModelIndex, row, INFERENCE__REPOSITORY_INDEX_RESPONSE__MODEL_INDEX__INIT, arena);
    char text[VERSION_TEXT_BYTES];
    int length = snprintf(text, sizeof text, "%lld", (long long)version->number);
    row->name = message_text(model);
    row->version = arena_strndup(arena, text, (size_t)length);
    if (!row->version)
        return arena_exhausted(arena);
    for (size_t i = 0; i < ARRAY_LENGTH(STATES); i++)
        if (STATES[i].state == version->state)
            row->state = message_text(STATES[i].name);
    if (version->state == VERSION_END)
        row->reason =
            message_text(status_is_ok(&version->status) ? "unloaded" : version->status.message);
    *ret_row = row;
    return status_ok();
}

/* The model's rows at *used of list; a model without any version has one row without one. */
static Status add_model(const char *model, const VersionStatus *versions, size_t count,
                        bool ready_only, Arena *arena, Inference__RepositoryIndexResponse *into) {
    if (count == 0 && !ready_only) {
        MESSAGE_NEW(ModelIndex, row, INFERENCE__REPOSITORY_INDEX_RESPONSE__MODEL_INDEX__INIT,
                    arena);
        row->name = message_text(model);
        into->models[into->n_models++] = row;
    }
    for (size_t i = count; i-- > 0;)
        if (!ready_only || versions[i].state == VERSION_AVAILABLE)
            TRY(make_row(model, &versions[i], arena, &into->models[into->n_models++]));
    return status_ok();
}

Status inference_repository_index(ServerContext *server, const Spans *request, Arena *arena,
                                  WireReply *reply) {
    bool ready_only = false;
    const char **names = NULL;
    size_t name_count = 0, rows = 0;
    TRY(read_request(server, request, &ready_only));
    TRY(repo_model_names(server->repo, arena, &names, &name_count));
    VersionStatus **versions = arena_calloc(arena, name_count, sizeof *versions);
    size_t *counts = arena_calloc(arena, name_count, sizeof *counts);
    if (!versions || !counts)
        return arena_exhausted(arena);
    for (size_t i = 0; i < name_count; i++) {
        Status known =
            repo_model_status(server->repo, text_view(names[i]), arena, &versions[i], &counts[i]);
        if (known.code != STATUS_NOT_FOUND) /* gone meanwhile: no rows */
            TRY(known);
        rows += MAX_OF(counts[i], (size_t)1);
    }
    Inference__RepositoryIndexResponse response = INFERENCE__REPOSITORY_INDEX_RESPONSE__INIT;
    MESSAGE_LIST(ModelIndex, list, rows, arena);
    response.models = list;
    for (size_t i = 0; i < name_count; i++)
        TRY(add_model(names[i], versions[i], counts[i], ready_only, arena, &response));
    return wire_pack(&response.base, reply);
}
