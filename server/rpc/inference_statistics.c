/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Triton's ModelStatistics, as far as the scheduler counts: inferences, executions, time in the
 * queue, failures and batches by size. What is not measured yet stays 0, and the extension
 * "statistics" is not advertised until it is all there. Without a name every model tells, without a
 * version every version in service. Thread: rpc; nothing blocks.
 */

#include "runtime/base/size.h"
#include "server/rpc/inference_request.h"
#include "server/rpc/method_table.h"
#include "server/wire/wire_pack.h"
#include "server/wire/wire_version.h"

#include "inference/grpc_service.pb-c.h"

#include <stdio.h>

enum { VERSION_TEXT_BYTES = 24 };

typedef Inference__ModelStatistics ModelStatistics;
typedef Inference__InferBatchStatistics BatchStatistics;
typedef Inference__StatisticDuration Duration;

static Status make_duration(uint64_t count, uint64_t ns, Arena *arena, Duration **ret_duration) {
    MESSAGE_NEW(Duration, duration, INFERENCE__STATISTIC_DURATION__INIT, arena);
    duration->count = count;
    duration->ns = ns;
    *ret_duration = duration;
    return status_ok();
}

static Status make_batches(ServerContext *server, const ModelVersion *version, Arena *arena,
                           ModelStatistics *model) {
    enum { ROWS_MAX = 65536 }; /* the scheduler's histogram is shorter still */
    size_t most = version->signature.batched ? version->signature.max_batch_size : 1;
    most = MIN_OF(most, (size_t)ROWS_MAX);
    MESSAGE_LIST(BatchStatistics, list, most + 1, arena);
    model->batch_stats = list;
    for (size_t rows = 0; rows <= most; rows++) {
        uint64_t count = scheduler_batches_of(server->scheduler, version, rows);
        if (count == 0)
            continue;
        MESSAGE_NEW(BatchStatistics, batch, INFERENCE__INFER_BATCH_STATISTICS__INIT, arena);
        batch->batch_size = rows;
        TRY(make_duration(count, 0, arena, &batch->compute_infer));
        list[model->n_batch_stats++] = batch;
    }
    return status_ok();
}

static Status make_model(ServerContext *server, const ModelVersion *version, Arena *arena,
                         ModelStatistics **ret_model) {
    QueueCounts counts = scheduler_counts(server->scheduler, version);
    MESSAGE_NEW(ModelStatistics, model, INFERENCE__MODEL_STATISTICS__INIT, arena);
    MESSAGE_NEW(Inference__InferStatistics, times, INFERENCE__INFER_STATISTICS__INIT, arena);
    char text[VERSION_TEXT_BYTES];
    int length = snprintf(text, sizeof text, "%lld", (long long)version->number);
    model->name = arena_strndup(arena, version->name, strlen(version->name));
    model->version = arena_strndup(arena, text, (size_t)length);
    if (!model->name || !model->version)
        return arena_exhausted(arena);
    model->inference_count = counts.rows;
    model->execution_count = counts.batches;
    model->inference_stats = times;
    TRY(make_duration(counts.executed, counts.queue_ns, arena, &times->queue));
    TRY(make_duration(counts.rejected + counts.expired + counts.cancelled + counts.failed, 0, arena,
                      &times->fail));
    TRY(make_batches(server, version, arena, model));
    *ret_model = model;
    return status_ok();
}

/* The versions of a model that are in service, or the one that was asked for. */
static Status add_model(ServerContext *server, const InferenceNameVersion *wanted, Arena *arena,
                        Inference__ModelStatisticsResponse *response) {
    VersionStatus *versions = NULL;
    size_t count = 0;
    TRY(repo_model_status(server->repo, wanted->name, arena, &versions, &count));
    MESSAGE_LIST(ModelStatistics, list, response->n_model_stats + count, arena);
    for (size_t i = 0; i < response->n_model_stats; i++)
        list[i] = response->model_stats[i];
    response->model_stats = list;
    for (size_t i = count; i-- > 0;) {
        VersionChoice choice = { .has_number = true, .number = versions[i].number };
        if (wanted->version.has_number && wanted->version.number != versions[i].number)
            continue;
        AUTO(lease_release) Lease lease = { 0 };
        Status found = repo_acquire(server->repo, wanted->name, &choice, &lease);
        if (status_is_ok(&found))
            TRY(make_model(server, lease.version, arena, &list[response->n_model_stats++]));
    }
    return status_ok();
}

static Status add_all(ServerContext *server, Arena *arena,
                      Inference__ModelStatisticsResponse *response) {
    const char **names = NULL;
    size_t count = 0;
    TRY(repo_model_names(server->repo, arena, &names, &count));
    for (size_t i = 0; i < count; i++) {
        InferenceNameVersion each = { .name = text_view(names[i]) };
        Status added = add_model(server, &each, arena, response);
        if (added.code != STATUS_NOT_FOUND) /* gone meanwhile */
            TRY(added);
    }
    return status_ok();
}

Status inference_model_statistics(ServerContext *server, const Spans *request, Arena *arena,
                                  WireReply *reply) {
    InferenceNameVersion wanted = { 0 };
    Inference__ModelStatisticsResponse response = INFERENCE__MODEL_STATISTICS_RESPONSE__INIT;
    TRY(inference_name_version_decode(server, request, arena, &wanted));
    if (wanted.name.length == 0) {
        TRY(add_all(server, arena, &response));
        return wire_pack(&response.base, reply);
    }
    AUTO(lease_release) Lease lease = { 0 }; /* its errors are those of every other method */
    Status found = repo_acquire(server->repo, wanted.name, &wanted.version, &lease);
    if (!status_is_ok(&found))
        return wire_version_error(&found, wanted.name, &wanted.version);
    TRY(add_model(server, &wanted, arena, &response));
    return wire_pack(&response.base, reply);
}
