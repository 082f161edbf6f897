/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is counted where requests end, and for how long it is kept: a version's counters since its
 * load (ModelStatistics, Triton's metrics, our own), a model's since the start (TensorFlow
 * Serving's), the server's. Statistics and metrics are two views of the same cells. Names come from
 * the repository alone: a request for a model that nobody serves is counted without its name.
 */

#include "runtime/model/model_version.h"
#include "runtime/repo/version_policy.h"
#include "server/observe/histogram.h"
#include "server/wire/wire_request.h"

/* How a request came. */
typedef enum MetricEntry { ENTRY_GRPC, ENTRY_REST, ENTRY_COUNT } MetricEntry;

/* Triton's label `reason` of nv_inference_request_failure. */
typedef enum FailReason {
    FAIL_REJECTED, /* by the queue: full, or its time was over */
    FAIL_CANCELED,
    FAIL_BACKEND, /* while it ran */
    FAIL_OTHER,   /* it did not fit the model */
    FAIL_REASONS
} FailReason;

enum { STATUS_CODES = STATUS_UNAUTHENTICATED + 1 };

/* A version's cells. Histograms take HISTOGRAM_CELLS each. Every success is in REQUEST and QUEUE,
 * and in INPUT, INFER and OUTPUT unless it came from the cache. */
typedef enum VersionCell {
    CELL_FAIL, /* by FailReason */
    CELL_FAIL_NS = CELL_FAIL + FAIL_REASONS,
    CELL_CACHE_HIT_NS,
    CELL_CACHE_HIT,
    CELL_CACHE_MISS_NS,
    CELL_CACHE_MISS,
    CELL_REQUEST, /* arrived to answered */
    CELL_QUEUE = CELL_REQUEST + HISTOGRAM_CELLS,
    CELL_INPUT = CELL_QUEUE + HISTOGRAM_CELLS,
    CELL_INFER = CELL_INPUT + HISTOGRAM_CELLS,
    CELL_OUTPUT = CELL_INFER + HISTOGRAM_CELLS,
    /* of TensorFlow Serving's methods alone: by status, by method and entry, by method */
    CELL_CODES = CELL_OUTPUT + HISTOGRAM_CELLS,
    CELL_LATENCY = CELL_CODES + STATUS_CODES,
    CELL_RUNTIME = CELL_LATENCY + API_COUNT * ENTRY_COUNT * HISTOGRAM_CELLS,
    VERSION_CELLS = CELL_RUNTIME + API_COUNT * HISTOGRAM_CELLS
} VersionCell;

static inline size_t cell_latency(InferApi api, MetricEntry entry) {
    return CELL_LATENCY + ((size_t)api * ENTRY_COUNT + (size_t)entry) * HISTOGRAM_CELLS;
}

static inline size_t cell_runtime(InferApi api) {
    return CELL_RUNTIME + (size_t)api * HISTOGRAM_CELLS;
}

/* Rows of batches are counted with the bounds 1, 2, 4 ... 8192; then what is larger, and the sum.
 */
enum { ROWS_BOUNDS = 14, ROWS_SUM = ROWS_BOUNDS + 1, ROWS_CELLS };

typedef struct Metrics Metrics;

Status metrics_new(Metrics **ret_metrics);
void metrics_free(Metrics *metrics);
DEFINE_AUTO(Metrics, metrics_free);

/* Gives the version its counters (version->metrics). Thread: loader, before it is published. */
Status metrics_add_version(Metrics *metrics, ModelVersion *version);
/* Keeps what counts from the start on. Thread: any, when the last lease is gone. */
void metrics_remove_version(Metrics *metrics, ModelVersion *version,
                            const uint64_t batch_rows[ROWS_CELLS], uint64_t compute_ns);
/* A load has begun, or ended well or badly. Thread: repo, loader. */
void metrics_load_changed(Metrics *metrics, const char *model, VersionState state,
                          const Status *status);

/* Recorded requests were replayed; status is that of the last. Thread: loader. */
void metrics_warmed(Metrics *metrics, const char *model, size_t records, const Status *status,
                    uint64_t elapsed_ns);

/**
 * An inference has ended; once for each. Its lease is still held if it ever had one.
 *
 * @metrics  NULL: not counted (tests)
 *
 * Thread: whoever ends it; takes no lock
 */
void metrics_record(Metrics *metrics, InferApi api, MetricEntry entry, uint64_t arrived_ns,
                    const InferRequest *request, const Status *status);
/* A call, or a request over HTTP, of whatever method has ended. Thread: any; takes no lock. */
void metrics_record_call(Metrics *metrics, StatusCode code);
void metrics_record_http(Metrics *metrics, int code);
/* One of them was told to come back later. */
void metrics_record_refusal(Metrics *metrics, uint64_t arrived_ns);

/* Adds a version's sums to totals[VERSION_CELLS]. The caller holds a lease. Thread: any. */
void metrics_version_sums(const ModelVersion *version, uint64_t *totals);
/* Calls by code, requests over HTTP by code less HTTP_CODE_FIRST, and inferences of TensorFlow's
 * methods that named no model we serve, by code. Thread: any. */
enum { HTTP_CODE_FIRST = 100, HTTP_CODES = 500 };
typedef struct MetricsCalls {
    uint64_t calls[STATUS_CODES], requests[HTTP_CODES], unknown[STATUS_CODES];
    uint64_t refusals[HISTOGRAM_CELLS]; /* from the headers to the status */
} MetricsCalls;
void metrics_calls(const Metrics *metrics, MetricsCalls *ret_calls);

/* What a model has seen since the start, all versions together. */
typedef struct ModelTotals {
    const char *model; /* lives as long as the metrics */
    uint64_t loads[STATUS_CODES];
    uint64_t load_ns;
    uint64_t warm_records[STATUS_CODES];  /* by how the warm-up ended */
    uint64_t warm_times[HISTOGRAM_CELLS]; /* of those that ended well */
    uint64_t cells[VERSION_CELLS];
    uint64_t batch_rows[ROWS_CELLS], compute_ns; /* of versions that are gone */
} ModelTotals;
/* Calls `each` for every model ever loaded, in order of first sight, with the lock held: it must be
 * short. Thread: any. */
void metrics_each_model(Metrics *metrics, void (*each)(void *user, const ModelTotals *totals),
                        void *user);
