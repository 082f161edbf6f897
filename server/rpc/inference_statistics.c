/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Triton's ModelStatistics. Requests are counted where they end (server/observe/metrics.h), batches
 * by the scheduler; both since the version's load. A request that failed is in `fail` alone, each
 * request of a batch is charged the whole batch's times, and a batch that gave a result is in its
 * row of batch_stats once. Without a name every model tells, without a version every version in
 * service. Thread: rpc, http; nothing blocks.
 */

#include "runtime/base/size.h"
#include "server/observe/metrics.h"
#include "server/rpc/inference_request.h"
#include "server/rpc/method_table.h"
#include "server/wire/wire_pack.h"
#include "server/wire/wire_version.h"

#include "inference/grpc_service.pb-c.h"

#include <stdio.h>
#include <time.h>

enum { VERSION_TEXT_BYTES = 24, SHOWN_MAX = 200 };

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

static Status make_batch(size_t rows, const BatchCounts *counts, Arena *arena,
                         BatchStatistics **ret_batch) {
    MESSAGE_NEW(BatchStatistics, batch, INFERENCE__INFER_BATCH_STATISTICS__INIT, arena);
    batch->batch_size = rows;
    TRY(make_duration(counts->batches, counts->input_ns, arena, &batch->compute_input));
    TRY(make_duration(counts->batches, counts->infer_ns, arena, &batch->compute_infer));
    TRY(make_duration(counts->batches, counts->output_ns, arena, &batch->compute_output));
    *ret_batch = batch;
    return status_ok();
}

static Status make_batches(ServerContext *server, const ModelVersion *version, Arena *arena,
                           ModelStatistics *model) {
    size_t sizes = scheduler_batch_sizes(server->scheduler, version);
    BatchCounts *counts = arena_calloc(arena, sizes + 1, sizeof *counts);
    if (!counts)
        return arena_exhausted(arena);
    scheduler_batches_of(server->scheduler, version, sizes, counts);
    MESSAGE_LIST(BatchStatistics, list, sizes + 1, arena);
    model->batch_stats = list;
    for (size_t rows = 0; rows < sizes; rows++)
        if (counts[rows].batches > 0)
            TRY(make_batch(rows, &counts[rows], arena, &list[model->n_batch_stats++]));
    return status_ok();
}

static Status make_histogram(const uint64_t *cells, Arena *arena, Duration **ret_duration) {
    return make_duration(histogram_count(cells), cells[HISTOGRAM_SUM], arena, ret_duration);
}

static Status make_times(const ModelVersion *version, Arena *arena, ModelStatistics *model) {
    MESSAGE_NEW(Inference__InferStatistics, times, INFERENCE__INFER_STATISTICS__INIT, arena);
    uint64_t cells[VERSION_CELLS] = { 0 }, failed = 0;
    metrics_version_sums(version, cells);
    for (size_t i = 0; i < FAIL_REASONS; i++)
        failed += cells[CELL_FAIL + i];
    TRY(make_histogram(&cells[CELL_REQUEST], arena, &times->success));
    TRY(make_duration(failed, cells[CELL_FAIL_NS], arena, &times->fail));
    TRY(make_histogram(&cells[CELL_QUEUE], arena, &times->queue));
    TRY(make_histogram(&cells[CELL_INPUT], arena, &times->compute_input));
    TRY(make_histogram(&cells[CELL_INFER], arena, &times->compute_infer));
    TRY(make_histogram(&cells[CELL_OUTPUT], arena, &times->compute_output));
    TRY(make_duration(cells[CELL_CACHE_HIT], cells[CELL_CACHE_HIT_NS], arena, &times->cache_hit));
    TRY(make_duration(cells[CELL_CACHE_MISS], cells[CELL_CACHE_MISS_NS], arena,
                      &times->cache_miss));
    model->inference_stats = times;
    return status_ok();
}

/* Milliseconds since the epoch of a moment on the monotonic clock; 0 of 0. */
static uint64_t epoch_ms(uint64_t moment_ns) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t epoch_ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
    return moment_ns ? (epoch_ns - (clock_now_ns(clock_monotonic()) - moment_ns)) / NS_PER_MS : 0;
}

static Status make_model(ServerContext *server, const ModelVersion *version, Arena *arena,
                         ModelStatistics **ret_model) {
    QueueCounts counts = scheduler_counts(server->scheduler, version);
    MESSAGE_NEW(ModelStatistics, model, INFERENCE__MODEL_STATISTICS__INIT, arena);
    char text[VERSION_TEXT_BYTES];
    int length = snprintf(text, sizeof text, "%lld", (long long)version->number);
    model->name = arena_strndup(arena, version->name, strlen(version->name));
    model->version = arena_strndup(arena, text, (size_t)length);
    if (!model->name || !model->version)
        return arena_exhausted(arena);
    model->inference_count = counts.done_rows;
    model->execution_count = counts.done_batches;
    model->last_inference = epoch_ms(counts.last_taken_ns);
    TRY(make_times(version, arena, model));
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

/* Triton's words here are not those of its other methods. */
static Status describe(ServerContext *server, const InferenceNameVersion *wanted) {
    VersionChoice any = { 0 };
    AUTO(lease_release) Lease lease = { 0 };
    Status found = repo_acquire(server->repo, wanted->name, &any, &lease);
    if (status_is_ok(&found))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "requested model version is not available for model '%.*s'",
                            TEXT_ARGS(text_cut(wanted->name, SHOWN_MAX)));
    return status_error(STATUS_INVALID_ARGUMENT, "requested model '%.*s' is not available",
                        TEXT_ARGS(text_cut(wanted->name, SHOWN_MAX)));
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
    AUTO(lease_release) Lease lease = { 0 };
    Status found = repo_acquire(server->repo, wanted.name, &wanted.version, &lease);
    if (!status_is_ok(&found))
        return describe(server, &wanted);
    TRY(add_model(server, &wanted, arena, &response));
    return wire_pack(&response.base, reply);
}
