/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Recording is adding to the calling thread's cells (runtime/base/tally.h) of the version and of
 * the server: no lock, no line that another thread writes to. The lock guards the lists of models
 * and versions, which change when something is loaded or unloaded; a version that goes adds its
 * sums to its model's, under that lock, so that a model's totals never fall. Models are as many as
 * the repository ever had.
 */

#include "server/observe/metrics.h"

#include "runtime/base/clock.h"
#include "runtime/base/list.h"
#include "runtime/base/size.h"
#include "runtime/base/thread.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct ModelMetrics {
    ListNode node; /* in Metrics.models; lives to the end */
    ListNode versions;
    char *name;
    uint64_t begun_ns; /* of the load begun last */
    ModelTotals past;  /* of versions that are gone */
} ModelMetrics;

struct VersionMetrics {
    Tally *tally; /* fixed after new */
    ModelMetrics *model;
    ListNode node; /* under Metrics.mutex: in ModelMetrics.versions */
};

/* The server's cells are MetricsCalls, laid out as it is. */
enum {
    CELL_CALLS = offsetof(MetricsCalls, calls) / sizeof(uint64_t),
    CELL_REQUESTS = offsetof(MetricsCalls, requests) / sizeof(uint64_t),
    CELL_UNKNOWN = offsetof(MetricsCalls, unknown) / sizeof(uint64_t),
    CELL_REFUSALS = offsetof(MetricsCalls, refusals) / sizeof(uint64_t),
    SERVER_CELLS = sizeof(MetricsCalls) / sizeof(uint64_t)
};

struct Metrics {
    Tally *tally; /* fixed after new */
    Mutex mutex;
    ListNode models; /* under mutex */
};

Status metrics_new(Metrics **ret_metrics) {
    AUTO(metrics_free) Metrics *metrics = calloc(1, sizeof *metrics);
    if (!metrics)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    mutex_init(&metrics->mutex);
    list_init(&metrics->models);
    TRY(tally_new(SERVER_CELLS, &metrics->tally));
    *ret_metrics = TAKE(metrics);
    return status_ok();
}

static void model_free(ModelMetrics *model) {
    if (!model)
        return;
    free(model->name);
    free(model);
}
DEFINE_AUTO(ModelMetrics, model_free);

void metrics_free(Metrics *metrics) {
    if (!metrics)
        return;
    for (ListNode *node; (node = list_pop_front(&metrics->models));)
        model_free(LIST_ITEM(node, ModelMetrics, node));
    tally_free(metrics->tally);
    mutex_deinit(&metrics->mutex);
    free(metrics);
}

/* --- models and versions --- */

static ModelMetrics *find_model_locked(Metrics *metrics, const char *name) {
    mutex_assert_held(&metrics->mutex);
    LIST_FOR_EACH (node, &metrics->models) {
        ModelMetrics *model = LIST_ITEM(node, ModelMetrics, node);
        if (!strcmp(model->name, name))
            return model;
    }
    return NULL;
}

static Status model_new(const char *name, ModelMetrics **ret_model) {
    AUTO(model_free) ModelMetrics *model = calloc(1, sizeof *model);
    if (model)
        model->name = strdup(name);
    if (!model || !model->name)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    list_init(&model->node);
    list_init(&model->versions);
    model->past.model = model->name;
    *ret_model = TAKE(model);
    return status_ok();
}

/* The model's, made where there was none; it stays to the end. */
static Status open_model(Metrics *metrics, const char *name, ModelMetrics **ret_model) {
    AUTO(model_free) ModelMetrics *fresh = NULL;
    TRY(model_new(name, &fresh));
    LOCKED(&metrics->mutex);
    *ret_model = find_model_locked(metrics, name);
    if (*ret_model)
        return status_ok();
    *ret_model = TAKE(fresh);
    list_push_back(&metrics->models, &(*ret_model)->node);
    return status_ok();
}

static void version_free(VersionMetrics *version) {
    if (!version)
        return;
    tally_free(version->tally);
    free(version);
}
DEFINE_AUTO(VersionMetrics, version_free);

Status metrics_add_version(Metrics *metrics, ModelVersion *version) {
    AUTO(version_free) VersionMetrics *counters = calloc(1, sizeof *counters);
    if (!counters)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    TRY(tally_new(VERSION_CELLS, &counters->tally));
    TRY(open_model(metrics, version->name, &counters->model));
    LOCKED(&metrics->mutex);
    list_push_back(&counters->model->versions, &counters->node);
    version->metrics = TAKE(counters);
    return status_ok();
}

void metrics_remove_version(Metrics *metrics, ModelVersion *version,
                            const uint64_t batch_rows[ROWS_CELLS], uint64_t compute_ns) {
    AUTO(version_free) VersionMetrics *counters = TAKE(version->metrics);
    if (!counters)
        return;
    ModelTotals *past = &counters->model->past;
    LOCKED(&metrics->mutex);
    tally_sums(counters->tally, past->cells);
    for (size_t i = 0; i < ROWS_CELLS; i++)
        past->batch_rows[i] += batch_rows[i];
    past->compute_ns += compute_ns;
    list_remove(&counters->node);
}

void metrics_load_changed(Metrics *metrics, const char *name, VersionState state,
                          const Status *status) {
    ModelMetrics *model;
    Status opened = open_model(metrics, name, &model);
    if (!status_is_ok(&opened))
        return; /* no memory: not counted */
    uint64_t now_ns = clock_now_ns(clock_monotonic());
    LOCKED(&metrics->mutex);
    bool failed = status && !status_is_ok(status);
    if (state == VERSION_LOADING) {
        model->begun_ns = now_ns;
    } else if (state == VERSION_AVAILABLE || failed) {
        model->past.loads[failed ? status->code : STATUS_OK]++;
        if (model->begun_ns && !failed)
            model->past.load_ns += now_ns - model->begun_ns;
    }
}

void metrics_warmed(Metrics *metrics, const char *name, size_t records, const Status *status,
                    uint64_t elapsed_ns) {
    ModelMetrics *model;
    Status opened = open_model(metrics, name, &model);
    if (!status_is_ok(&opened))
        return; /* no memory: not counted */
    LOCKED(&metrics->mutex);
    model->past.warm_records[status->code] += records;
    if (!status_is_ok(status))
        return;
    model->past.warm_times[histogram_bucket(elapsed_ns)]++;
    model->past.warm_times[HISTOGRAM_SUM] += elapsed_ns;
}

/* --- recording --- */

static FailReason fail_reason(const Status *status, const InferRequest *request) {
    static const bool refused[STATUS_CODES] = { [STATUS_RESOURCE_EXHAUSTED] = true,
                                                [STATUS_UNAVAILABLE] = true,
                                                [STATUS_DEADLINE_EXCEEDED] = true };
    if (status->code == STATUS_CANCELLED)
        return FAIL_CANCELED;
    if (refused[status->code])
        return FAIL_REJECTED;
    return request->times.taken_ns ? FAIL_BACKEND : FAIL_OTHER;
}

/* 0 where a request has not been: one that is answered without an execution of its own. */
static uint64_t span_ns(uint64_t from_ns, uint64_t to_ns) {
    return from_ns && to_ns > from_ns ? to_ns - from_ns : 0;
}

static void record_success(TallyCells cells, InferApi api, MetricEntry entry,
                           const RequestTimes *times, uint64_t arrived_ns, uint64_t now_ns) {
    histogram_add(cells, CELL_REQUEST, now_ns - arrived_ns);
    histogram_add(cells, CELL_QUEUE, span_ns(times->queued_ns, times->taken_ns));
    histogram_add(cells, CELL_INPUT, span_ns(times->taken_ns, times->gathered_ns));
    histogram_add(cells, CELL_INFER, span_ns(times->gathered_ns, times->executed_ns));
    histogram_add(cells, CELL_OUTPUT, span_ns(times->executed_ns, now_ns));
    if (api == API_INFER)
        return;
    histogram_add(cells, cell_latency(api, entry), now_ns - arrived_ns);
    histogram_add(cells, cell_runtime(api), span_ns(times->queued_ns, times->executed_ns));
}

/* It was in no batch: its time in the queue ended where the cache was asked. */
static void record_hit(TallyCells cells, InferApi api, MetricEntry entry,
                       const InferRequest *request, uint64_t elapsed_ns) {
    tally_add(cells, CELL_CACHE_HIT, 1);
    tally_add(cells, CELL_CACHE_HIT_NS, request->cache_ns);
    histogram_add(cells, CELL_REQUEST, elapsed_ns);
    histogram_add(cells, CELL_QUEUE, 0);
    if (api == API_INFER)
        return;
    histogram_add(cells, cell_latency(api, entry), elapsed_ns);
    histogram_add(cells, cell_runtime(api), 0);
}

void metrics_record(Metrics *metrics, InferApi api, MetricEntry entry, uint64_t arrived_ns,
                    const InferRequest *request, const Status *status) {
    if (!metrics)
        return;
    const ModelVersion *version = request->lease.version;
    if (!version) {
        if (api != API_INFER)
            tally_add(tally_mine(metrics->tally), (size_t)CELL_UNKNOWN + status->code, 1);
        return;
    }
    if (!version->metrics)
        return;
    uint64_t now_ns = clock_now_ns(clock_monotonic());
    TallyCells cells = tally_mine(version->metrics->tally);
    if (api != API_INFER)
        tally_add(cells, (size_t)CELL_CODES + status->code, 1);
    if (status_is_ok(status) && request->cache_use == CACHE_HIT) {
        record_hit(cells, api, entry, request, now_ns - arrived_ns);
        return;
    }
    if (status_is_ok(status)) {
        if (request->cache_use == CACHE_MISS) {
            tally_add(cells, CELL_CACHE_MISS, 1);
            tally_add(cells, CELL_CACHE_MISS_NS, request->cache_ns);
        }
        record_success(cells, api, entry, &request->times, arrived_ns, now_ns);
        return;
    }
    tally_add(cells, (size_t)CELL_FAIL + fail_reason(status, request), 1);
    tally_add(cells, CELL_FAIL_NS, now_ns - arrived_ns);
}

void metrics_record_call(Metrics *metrics, StatusCode code) {
    if (metrics)
        tally_add(tally_mine(metrics->tally), (size_t)CELL_CALLS + code, 1);
}

void metrics_record_http(Metrics *metrics, int code) {
    if (metrics && code >= HTTP_CODE_FIRST && code < HTTP_CODE_FIRST + HTTP_CODES)
        tally_add(tally_mine(metrics->tally), (size_t)(CELL_REQUESTS + code - HTTP_CODE_FIRST), 1);
}

void metrics_record_refusal(Metrics *metrics, uint64_t arrived_ns) {
    if (metrics)
        histogram_add(tally_mine(metrics->tally), CELL_REFUSALS,
                      clock_now_ns(clock_monotonic()) - arrived_ns);
}

/* --- reading --- */

void metrics_version_sums(const ModelVersion *version, uint64_t *totals) {
    if (version->metrics)
        tally_sums(version->metrics->tally, totals);
}

void metrics_calls(const Metrics *metrics, MetricsCalls *ret_calls) {
    memset(ret_calls, 0, sizeof *ret_calls);
    tally_sums(metrics->tally, (uint64_t *)ret_calls);
}

void metrics_each_model(Metrics *metrics, void (*each)(void *user, const ModelTotals *totals),
                        void *user) {
    LOCKED(&metrics->mutex);
    LIST_FOR_EACH (node, &metrics->models) {
        const ModelMetrics *model = LIST_ITEM(node, ModelMetrics, node);
        ModelTotals totals = model->past;
        LIST_FOR_EACH (at, &model->versions)
            tally_sums(LIST_ITEM(at, VersionMetrics, node)->tally, totals.cells);
        each(user, &totals);
    }
}
