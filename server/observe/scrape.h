/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * All that metrics tell, looked at once: rows of metrics_table.h name a field of these by its
 * offset. Every field is a uint64_t, durations in ns.
 */

#include "server/observe/metrics.h"
#include "server/server_context.h"

typedef struct VersionSample {
    const char *labels; /* model, version and the config's metric_tags, without braces */
    uint64_t cells[VERSION_CELLS];
    uint64_t failed, pending; /* pending: accepted, not yet taken */
    QueueCounts queue;
    uint64_t batch_rows[ROWS_CELLS];
    uint64_t plan_hits, plan_misses, plan_evictions, plans;
    uint64_t weight_bytes, arena_bytes, load_ns;
} VersionSample;

typedef struct ServerSample {
    uint64_t workers, workers_idle;
    uint64_t live_calls, live_requests, receive_bytes; /* gRPC calls, over HTTP, of requests */
    uint64_t output_bytes, batch_bytes;
    uint64_t refused_early;
    uint64_t models, versions;
    uint64_t resident_bytes, memory_bytes, memory_used_bytes, cpu_ns, open_files, start_ns;
    uint64_t http_connections, http_connections_refused;
    uint64_t memory_limit_bytes, memory_level;
    uint64_t cache_limit_bytes, cache_bytes, cache_entries, cache_evictions;
    uint64_t unauthenticated, denied; /* requests refused for who asked */
    uint64_t access_reloads, access_reload_failures;
    uint64_t tls_reloads, tls_reload_failures, tls_not_after_ns;
    uint64_t machine_busy, machine_total; /* ticks of all cores since the last scrape */
    MetricsCalls calls;
} ServerSample;

typedef struct Scrape {
    ServerSample server;
    VersionSample *versions;
    size_t version_count;
    ModelTotals *models; /* names live as long as the metrics */
    size_t model_count;
} Scrape;

enum { METRICS_LABELS_BYTES = 1536 };
/* A label's value with what must be escaped, cut where the buffer ends. */
void metrics_escape(const char *value, char *buffer, size_t bytes);

/* What only the wiring knows: fills its part of the sample. */
typedef struct ScrapeSources {
    ServerContext *context;
    void (*read)(void *user, ServerSample *sample);
    void *user;
} ScrapeSources;

/* Adds the version's batches, by rows. The caller holds a lease, or is the last. Thread: any. */
void scrape_batch_rows(Scheduler *scheduler, const ModelVersion *version,
                       uint64_t totals[ROWS_CELLS]);

/**
 * Looks at everything. Leases are held only while each version is read.
 *
 * @arena  holds the result
 *
 * Thread: http; takes each lock for a moment, one at a time
 */
Status scrape_make(const ScrapeSources *sources, Arena *arena, Scrape *ret_scrape);

/* The same as Prometheus' text exposition, version 0.0.4; to be freed. */
Status exposition_make(const Scrape *scrape, char **ret_text, size_t *ret_length);

/* One metric in words, for docs/METRICS.md; texts are static. */
typedef struct MetricWords {
    const char *name, *type, *unit, *labels, *help;
} MetricWords;
/* In the order of the page. Pure. */
void exposition_describe(void (*each)(void *user, const MetricWords *words), void *user);
