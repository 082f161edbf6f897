/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Prometheus' text format from a scrape: a row of the table, its HELP and TYPE, its series. Series
 * that nothing has happened to are left out where a label has many values (codes, reasons,
 * methods), and present from the start where it is a version. Whole numbers are written as such;
 * durations in seconds with all nine digits. Label values are names from the repository, escaped.
 * Thread: http; pure but for memory.
 */

#include "runtime/base/size.h"
#include "server/observe/scrape.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Text {
    char *data;
    size_t length, capacity;
    bool failed; /* out of memory */
} Text;

typedef enum MetricType { COUNTER, GAUGE, HISTOGRAM } MetricType;
typedef enum MetricUnit { UNIT_ONE, UNIT_US, UNIT_SECONDS } MetricUnit;

typedef struct MetricRow MetricRow;
struct MetricRow {
    const char *name, *help;
    const char *labels; /* names, for docs/METRICS.md */
    MetricType type;
    MetricUnit unit;
    size_t offset;
    void (*write)(Text *text, const MetricRow *row, const Scrape *scrape);
};

enum { LABELS_BYTES = METRICS_LABELS_BYTES };

/* --- text --- */

static bool reserve(Text *text, size_t bytes) {
    if (text->failed || text->capacity - text->length > bytes)
        return !text->failed;
    size_t capacity = 2 * text->capacity + bytes + 4096;
    char *grown = realloc(text->data, capacity);
    text->failed = !grown;
    if (grown) {
        text->data = grown;
        text->capacity = capacity;
    }
    return grown;
}

__attribute__((format(printf, 2, 3))) static void add(Text *text, const char *format, ...) {
    enum { LINE_BYTES = 2048 };
    if (!reserve(text, LINE_BYTES))
        return;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->data + text->length, LINE_BYTES, format, arguments);
    va_end(arguments);
    text->length += (size_t)MIN_OF(MAX_OF(length, 0), LINE_BYTES - 1);
}

static void add_value(Text *text, MetricUnit unit, uint64_t value) {
    if (unit == UNIT_SECONDS)
        add(text, " %" PRIu64 ".%09" PRIu64 "\n", value / NS_PER_S, value % NS_PER_S);
    else
        add(text, " %" PRIu64 "\n", unit == UNIT_US ? value / NS_PER_US : value);
}

static void model_labels(const char *label, const char *model, char *buffer) {
    char name[1024];
    metrics_escape(model, name, sizeof name);
    snprintf(buffer, LABELS_BYTES, "%s=\"%s\"", label, name);
}

/* @labels  without braces */
static void add_series(Text *text, const MetricRow *row, const char *labels, uint64_t value) {
    if (*labels)
        add(text, "%s{%s}", row->name, labels);
    else
        add(text, "%s", row->name);
    add_value(text, row->unit, value);
}

/* Upper bounds as the unit has them, so that equal bounds look equal everywhere. */
static void add_bound(Text *text, MetricUnit unit, uint64_t bound) {
    if (unit == UNIT_US)
        add(text, "%.10g", (double)bound / (double)NS_PER_US);
    else if (unit == UNIT_SECONDS)
        add(text, "%.10g", (double)bound / (double)NS_PER_S);
    else
        add(text, "%" PRIu64, bound);
}

/* @cells  bound_count buckets, the one beyond, the sum */
static void add_histogram(Text *text, const MetricRow *row, const char *labels,
                          const uint64_t *cells, const uint64_t *bounds, size_t bound_count) {
    const char *comma = *labels ? "," : "";
    uint64_t count = 0;
    for (size_t i = 0; i < bound_count; i++) {
        count += cells[i];
        add(text, "%s_bucket{%s%sle=\"", row->name, labels, comma);
        add_bound(text, row->unit, bounds[i]);
        add(text, "\"} %" PRIu64 "\n", count);
    }
    count += cells[bound_count];
    add(text, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", row->name, labels, comma, count);
    add(text, "%s_sum{%s}", row->name, labels);
    add_value(text, row->unit, cells[bound_count + 1]);
    add(text, "%s_count{%s} %" PRIu64 "\n", row->name, labels, count);
}

static void add_times(Text *text, const MetricRow *row, const char *labels, const uint64_t *cells) {
    add_histogram(text, row, labels, cells, HISTOGRAM_BOUND_NS, HISTOGRAM_BOUNDS);
}

static void add_rows(Text *text, const MetricRow *row, const char *labels, const uint64_t *cells) {
    uint64_t bounds[ROWS_BOUNDS];
    for (size_t i = 0; i < ROWS_BOUNDS; i++)
        bounds[i] = UINT64_C(1) << i;
    add_histogram(text, row, labels, cells, bounds, ROWS_BOUNDS);
}

/* --- series of versions --- */

static void write_versions(Text *text, const MetricRow *row, const Scrape *scrape) {
    for (size_t i = 0; i < scrape->version_count; i++) {
        uint64_t value;
        memcpy(&value, (const char *)&scrape->versions[i] + row->offset, sizeof value);
        add_series(text, row, scrape->versions[i].labels, value);
    }
}

static void write_version_times(Text *text, const MetricRow *row, const Scrape *scrape) {
    for (size_t i = 0; i < scrape->version_count; i++) {
        add_times(text, row, scrape->versions[i].labels, &scrape->versions[i].cells[row->offset]);
    }
}

static void write_version_rows(Text *text, const MetricRow *row, const Scrape *scrape) {
    for (size_t i = 0; i < scrape->version_count; i++) {
        add_rows(text, row, scrape->versions[i].labels, scrape->versions[i].batch_rows);
    }
}

static void write_successes(Text *text, const MetricRow *row, const Scrape *scrape) {
    for (size_t i = 0; i < scrape->version_count; i++) {
        add_series(text, row, scrape->versions[i].labels,
                   histogram_count(&scrape->versions[i].cells[CELL_REQUEST]));
    }
}

static void write_failures(Text *text, const MetricRow *row, const Scrape *scrape) {
    static const char *const reasons[] = { [FAIL_REJECTED] = "REJECTED",
                                           [FAIL_CANCELED] = "CANCELED",
                                           [FAIL_BACKEND] = "BACKEND",
                                           [FAIL_OTHER] = "OTHER" };
    for (size_t i = 0; i < scrape->version_count; i++) {
        char all[LABELS_BYTES + 40];
        for (size_t k = 0; k < FAIL_REASONS; k++) {
            snprintf(all, sizeof all, "%s,reason=\"%s\"", scrape->versions[i].labels, reasons[k]);
            add_series(text, row, all, scrape->versions[i].cells[CELL_FAIL + k]);
        }
    }
}

static void write_batch_reasons(Text *text, const MetricRow *row, const Scrape *scrape) {
    static const char *const reasons[] = {
        [BATCH_REASON_NONE] = "retried_alone",  [BATCH_REASON_FULL] = "full",
        [BATCH_REASON_PREFERRED] = "preferred", [BATCH_REASON_DELAY] = "delay",
        [BATCH_REASON_IDLE] = "idle_worker",    [BATCH_REASON_DRAIN] = "drain"
    };
    for (size_t i = 0; i < scrape->version_count; i++) {
        char all[LABELS_BYTES + 40];
        for (size_t k = 0; k < ARRAY_LENGTH(reasons); k++) {
            snprintf(all, sizeof all, "%s,reason=\"%s\"", scrape->versions[i].labels, reasons[k]);
            add_series(text, row, all, scrape->versions[i].queue.batches_by_reason[k]);
        }
    }
}

/* --- series of models, since the start --- */

static void write_request_count(Text *text, const MetricRow *row, const Scrape *scrape) {
    for (size_t i = 0; i <= scrape->model_count; i++) {
        bool known = i < scrape->model_count;
        const uint64_t *codes =
            known ? &scrape->models[i].cells[CELL_CODES] : scrape->server.calls.unknown;
        char labels[LABELS_BYTES], all[LABELS_BYTES + 40];
        model_labels("model_name", known ? scrape->models[i].model : "", labels);
        for (size_t code = 0; code < STATUS_CODES; code++) {
            snprintf(all, sizeof all, "%s,status=\"%s\"", labels,
                     status_code_name((StatusCode)code));
            if (codes[code] > 0)
                add_series(text, row, all, codes[code]);
        }
    }
}

/* Their names, as gRPC's methods and as REST's verbs. */
static const char *const API_NAMES[API_COUNT][ENTRY_COUNT] = {
    [API_PREDICT] = { "Predict", "predict" },
    [API_CLASSIFY] = { "Classify", "classify" },
    [API_REGRESS] = { "Regress", "regress" },
    [API_MULTI_INFERENCE] = { "MultiInference", "multi_inference" },
};

static void write_request_latency(Text *text, const MetricRow *row, const Scrape *scrape) {
    static const char *const entries[] = { [ENTRY_GRPC] = "GRPC", [ENTRY_REST] = "REST" };
    for (size_t i = 0; i < scrape->model_count; i++) {
        char labels[LABELS_BYTES], all[LABELS_BYTES + 64];
        model_labels("model_name", scrape->models[i].model, labels);
        for (size_t k = 0; k < (size_t)API_COUNT * ENTRY_COUNT; k++) {
            InferApi api = (InferApi)(k / ENTRY_COUNT);
            MetricEntry entry = (MetricEntry)(k % ENTRY_COUNT);
            const uint64_t *cells = &scrape->models[i].cells[cell_latency(api, entry)];
            if (histogram_count(cells) == 0)
                continue;
            snprintf(all, sizeof all, "%s,API=\"%s\",entrypoint=\"%s\"", labels,
                     API_NAMES[api][entry], entries[entry]);
            add_times(text, row, all, cells);
        }
    }
}

static void write_runtime_latency(Text *text, const MetricRow *row, const Scrape *scrape) {
    for (size_t i = 0; i < scrape->model_count; i++) {
        char labels[LABELS_BYTES], all[LABELS_BYTES + 64];
        model_labels("model_name", scrape->models[i].model, labels);
        for (size_t api = API_PREDICT; api < API_COUNT; api++) {
            const uint64_t *cells = &scrape->models[i].cells[cell_runtime((InferApi)api)];
            if (histogram_count(cells) == 0)
                continue;
            snprintf(all, sizeof all, "%s,API=\"%s\",runtime=\"inferd\"", labels,
                     API_NAMES[api][ENTRY_GRPC]);
            add_times(text, row, all, cells);
        }
    }
}

static void write_load_attempts(Text *text, const MetricRow *row, const Scrape *scrape) {
    for (size_t i = 0; i < scrape->model_count; i++) {
        char labels[LABELS_BYTES], all[LABELS_BYTES + 40];
        model_labels("model_path", scrape->models[i].model, labels);
        for (size_t code = 0; code < STATUS_CODES; code++) {
            snprintf(all, sizeof all, "%s,status=\"%s\"", labels,
                     code == STATUS_OK ? "success" : status_code_name((StatusCode)code));
            if (scrape->models[i].loads[code] > 0)
                add_series(text, row, all, scrape->models[i].loads[code]);
        }
    }
}

static void write_warm_records(Text *text, const MetricRow *row, const Scrape *scrape) {
    for (size_t i = 0; i < scrape->model_count; i++) {
        char labels[LABELS_BYTES], all[LABELS_BYTES + 40];
        model_labels("model_path", scrape->models[i].model, labels);
        for (size_t code = 0; code < STATUS_CODES; code++) {
            snprintf(all, sizeof all, "%s,status=\"%s\"", labels,
                     status_code_name((StatusCode)code));
            if (scrape->models[i].warm_records[code] > 0)
                add_series(text, row, all, scrape->models[i].warm_records[code]);
        }
    }
}

static void write_warm_times(Text *text, const MetricRow *row, const Scrape *scrape) {
    for (size_t i = 0; i < scrape->model_count; i++) {
        char labels[LABELS_BYTES], all[LABELS_BYTES + 40];
        model_labels("model_path", scrape->models[i].model, labels);
        snprintf(all, sizeof all, "%s,status=\"OK\"", labels);
        if (histogram_count(scrape->models[i].warm_times) > 0)
            add_times(text, row, all, scrape->models[i].warm_times);
    }
}

static void write_load_latency(Text *text, const MetricRow *row, const Scrape *scrape) {
    for (size_t i = 0; i < scrape->model_count; i++) {
        char labels[LABELS_BYTES];
        model_labels("model_path", scrape->models[i].model, labels);
        add_series(text, row, labels, scrape->models[i].load_ns);
    }
}

/* --- series of the whole server --- */

static const char BATCH_THREADS[] = "thread_pool_name=\"model_server_batch_threads\"";

static void write_queuing_latency(Text *text, const MetricRow *row, const Scrape *scrape) {
    uint64_t cells[HISTOGRAM_CELLS] = { 0 };
    for (size_t i = 0; i < scrape->model_count; i++)
        for (size_t k = 0; k < HISTOGRAM_CELLS; k++)
            cells[k] += scrape->models[i].cells[CELL_QUEUE + k];
    add_times(text, row, BATCH_THREADS, cells);
}

/* Versions in service and those that are gone. */
static void sum_batch_rows(const Scrape *scrape, uint64_t totals[ROWS_CELLS]) {
    for (size_t k = 0; k < ROWS_CELLS; k++) {
        for (size_t i = 0; i < scrape->model_count; i++)
            totals[k] += scrape->models[i].batch_rows[k];
        for (size_t i = 0; i < scrape->version_count; i++)
            totals[k] += scrape->versions[i].batch_rows[k];
    }
}

static void write_batch_sizes(Text *text, const MetricRow *row, const Scrape *scrape) {
    uint64_t cells[ROWS_CELLS] = { 0 };
    sum_batch_rows(scrape, cells);
    add_rows(text, row, "", cells);
}

static void write_run_count(Text *text, const MetricRow *row, const Scrape *scrape) {
    uint64_t cells[ROWS_CELLS] = { 0 }, count = 0;
    sum_batch_rows(scrape, cells);
    for (size_t i = 0; i < ROWS_SUM; i++)
        count += cells[i];
    add_series(text, row, "", count);
}

static void write_run_time(Text *text, const MetricRow *row, const Scrape *scrape) {
    uint64_t ns = 0;
    for (size_t i = 0; i < scrape->model_count; i++)
        ns += scrape->models[i].compute_ns;
    for (size_t i = 0; i < scrape->version_count; i++)
        ns += scrape->versions[i].queue.compute_ns;
    add_series(text, row, "", ns);
}

static void write_server(Text *text, const MetricRow *row, const Scrape *scrape) {
    uint64_t value;
    memcpy(&value, (const char *)&scrape->server + row->offset, sizeof value);
    add_series(text, row, "", value);
}

static void write_refusals(Text *text, const MetricRow *row, const Scrape *scrape) {
    add_times(text, row, "", scrape->server.calls.refusals);
}

static void write_cpu_use(Text *text, const MetricRow *row, const Scrape *scrape) {
    const ServerSample *server = &scrape->server;
    double share =
        server->machine_total ? (double)server->machine_busy / (double)server->machine_total : 0;
    add(text, "%s %.4f\n", row->name, share);
}

static void write_calls(Text *text, const MetricRow *row, const Scrape *scrape) {
    for (size_t code = 0; code < STATUS_CODES; code++) {
        char labels[64];
        snprintf(labels, sizeof labels, "code=\"%s\"", status_code_name((StatusCode)code));
        if (scrape->server.calls.calls[code] > 0)
            add_series(text, row, labels, scrape->server.calls.calls[code]);
    }
}

static void write_http_requests(Text *text, const MetricRow *row, const Scrape *scrape) {
    for (size_t code = 0; code < HTTP_CODES; code++) {
        char labels[64];
        snprintf(labels, sizeof labels, "code=\"%zu\"", code + HTTP_CODE_FIRST);
        if (scrape->server.calls.requests[code] > 0)
            add_series(text, row, labels, scrape->server.calls.requests[code]);
    }
}

#include "server/observe/metrics_table.h"

static const char *const TYPE_NAMES[] = {
    [COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"
};

void exposition_describe(void (*each)(void *user, const MetricWords *words), void *user) {
    static const char *const units[] = { [UNIT_ONE] = "", [UNIT_US] = "us", [UNIT_SECONDS] = "s" };
    for (size_t i = 0; i < ARRAY_LENGTH(METRICS_TABLE); i++) {
        const MetricRow *row = &METRICS_TABLE[i];
        MetricWords words = { .name = row->name,
                              .type = TYPE_NAMES[row->type],
                              .unit = units[row->unit],
                              .labels = row->labels ? row->labels : "",
                              .help = row->help };
        each(user, &words);
    }
}

Status exposition_make(const Scrape *scrape, char **ret_text, size_t *ret_length) {
    Text text = { 0 };
    for (size_t i = 0; i < ARRAY_LENGTH(METRICS_TABLE); i++) {
        const MetricRow *row = &METRICS_TABLE[i];
        add(&text, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
            TYPE_NAMES[row->type]);
        row->write(&text, row, scrape);
    }
    if (text.failed) {
        free(text.data);
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    }
    *ret_text = text.data;
    *ret_length = text.length;
    return status_ok();
}
