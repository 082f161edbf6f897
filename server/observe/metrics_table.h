/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One row per metric; included by exposition.c alone. Triton's names first, then TensorFlow
 * Serving's, then ours. A row's offset is of a field of VersionSample, ModelTotals or ServerSample,
 * whichever its write function is for. Durations are kept in ns and told in the row's unit.
 */

#define VERSION(name_, type_, unit_, field_, help_)                                                \
    {                                                                                              \
        .name = (name_), .type = (type_), .unit = (unit_), .write = write_versions,                \
        .labels = PER_VERSION, .offset = offsetof(VersionSample, field_), .help = (help_)          \
    }
#define VERSION_TIMES(name_, cell_, help_)                                                         \
    {                                                                                              \
        .name = (name_), .type = HISTOGRAM, .unit = UNIT_SECONDS, .write = write_version_times,    \
        .labels = PER_VERSION, .offset = (cell_), .help = (help_)                                  \
    }
#define SERVER(name_, type_, unit_, field_, help_)                                                 \
    {                                                                                              \
        .name = (name_), .type = (type_), .unit = (unit_), .write = write_server,                  \
        .offset = offsetof(ServerSample, field_), .help = (help_)                                  \
    }
#define OTHER(name_, labels_, type_, unit_, write_, help_)                                         \
    {                                                                                              \
        .name = (name_), .labels = (labels_), .type = (type_), .unit = (unit_), .write = (write_), \
        .help = (help_)                                                                            \
    }

#define PER_VERSION   "model, version"

#define SUM_OF(cell_) cells[(cell_) + HISTOGRAM_SUM]

static const MetricRow METRICS_TABLE[] = {
    OTHER("nv_inference_request_success", PER_VERSION, COUNTER, UNIT_ONE, write_successes,
          "Requests answered well, whatever protocol they came by; a batch of rows is one."),
    OTHER("nv_inference_request_failure", PER_VERSION ", reason", COUNTER, UNIT_ONE, write_failures,
          "Requests for this version that failed."),
    VERSION("nv_inference_count", COUNTER, UNIT_ONE, queue.done_rows,
            "Inferences: rows of all executions, answers from the cache left out."),
    VERSION("nv_inference_exec_count", COUNTER, UNIT_ONE, queue.done_batches, "Executions."),
    VERSION("nv_inference_pending_request_count", GAUGE, UNIT_ONE, pending,
            "Requests that wait to be executed."),
    VERSION("nv_inference_request_duration_us", COUNTER, UNIT_US, SUM_OF(CELL_REQUEST),
            "From arrival to answer, of requests answered well, summed."),
    VERSION("nv_inference_queue_duration_us", COUNTER, UNIT_US, SUM_OF(CELL_QUEUE),
            "Of it, in the queue."),
    VERSION("nv_inference_compute_input_duration_us", COUNTER, UNIT_US, SUM_OF(CELL_INPUT),
            "Of it, gathering the batch's inputs."),
    VERSION("nv_inference_compute_infer_duration_us", COUNTER, UNIT_US, SUM_OF(CELL_INFER),
            "Of it, executing the batch."),
    VERSION("nv_inference_compute_output_duration_us", COUNTER, UNIT_US, SUM_OF(CELL_OUTPUT),
            "Of it, from the batch's outputs to the answer."),
    VERSION("nv_model_load_duration_secs", GAUGE, UNIT_SECONDS, load_ns,
            "How long the version took to load."),
    VERSION("nv_cache_num_hits_per_model", COUNTER, UNIT_ONE, cells[CELL_CACHE_HIT],
            "Requests answered from the response cache."),
    VERSION("nv_cache_num_misses_per_model", COUNTER, UNIT_ONE, cells[CELL_CACHE_MISS],
            "Requests looked up there in vain."),
    VERSION("nv_cache_hit_duration_per_model", COUNTER, UNIT_US, cells[CELL_CACHE_HIT_NS],
            "Looking up what was there, us."),
    VERSION("nv_cache_miss_duration_per_model", COUNTER, UNIT_US, cells[CELL_CACHE_MISS_NS],
            "Looking up what was not there and putting it in, us."),
    OTHER("nv_cpu_utilization", "", GAUGE, UNIT_ONE, write_cpu_use,
          "Share of the machine's cores in use since the last look, 0 to 1."),
    SERVER("nv_cpu_memory_total_bytes", GAUGE, UNIT_ONE, memory_bytes, "Memory of the machine."),
    SERVER("nv_cpu_memory_used_bytes", GAUGE, UNIT_ONE, memory_used_bytes, "Of it, in use."),

    OTHER(":tensorflow:serving:request_count", "model_name, status", COUNTER, UNIT_ONE,
          write_request_count,
          "Predict, Classify and Regress by model and status; without a name: no such version."),
    OTHER(":tensorflow:serving:request_latency", "model_name, API, entrypoint", HISTOGRAM, UNIT_US,
          write_request_latency, "From arrival to answer, of those answered well, us."),
    OTHER(":tensorflow:serving:runtime_latency", "model_name, API, runtime", HISTOGRAM, UNIT_US,
          write_runtime_latency, "Of it, queue and execution, us."),
    OTHER(":tensorflow:serving:batching_session:queuing_latency", "thread_pool_name", HISTOGRAM,
          UNIT_US, write_queuing_latency, "Time in the queue, us."),
    OTHER(":tensorflow:serving:batching_session:processed_batch_size", "", HISTOGRAM, UNIT_ONE,
          write_batch_sizes, "Rows of executed batches."),
    OTHER(":tensorflow:serving:batching_session:wrapped_run_count", "", COUNTER, UNIT_ONE,
          write_run_count, "Executions."),
    OTHER(":tensorflow:cc:saved_model:load_attempt_count", "model_path, status", COUNTER, UNIT_ONE,
          write_load_attempts, "Loads by model and how they ended."),
    OTHER(":tensorflow:cc:saved_model:load_latency", "model_path", COUNTER, UNIT_US,
          write_load_latency, "Time to load, of loads that ended well, us."),
    OTHER(":tensorflow:serving:model_warmup_latency", "model_path, status", HISTOGRAM, UNIT_US,
          write_warm_times, "Replaying a version's recorded requests, us."),
    OTHER(":tensorflow:serving:model_warmup_records_read", "model_path, status", COUNTER, UNIT_ONE,
          write_warm_records, "Recorded requests that were replayed, by how that ended."),
    OTHER(":tensorflow:core:graph_runs", "", COUNTER, UNIT_ONE, write_run_count, "Executions."),
    OTHER(":tensorflow:core:graph_run_time_usecs", "", COUNTER, UNIT_US, write_run_time,
          "Time in executions, gathering included, us."),

    VERSION_TIMES("inferd_request_duration_seconds", CELL_REQUEST,
                  "From arrival to answer, of requests answered well."),
    VERSION_TIMES("inferd_queue_duration_seconds", CELL_QUEUE, "Of it, in the queue."),
    VERSION_TIMES("inferd_gather_duration_seconds", CELL_INPUT,
                  "Of it, gathering the batch's inputs."),
    VERSION_TIMES("inferd_execute_duration_seconds", CELL_INFER, "Of it, executing the batch."),
    VERSION_TIMES("inferd_reply_duration_seconds", CELL_OUTPUT,
                  "Of it, from the batch's outputs to the answer."),
    OTHER("inferd_batch_rows", PER_VERSION, HISTOGRAM, UNIT_ONE, write_version_rows,
          "Rows of executed batches."),
    OTHER("inferd_batches_total", PER_VERSION ", reason", COUNTER, UNIT_ONE, write_batch_reasons,
          "Batches by why they were closed."),
    VERSION("inferd_queue_requests", GAUGE, UNIT_ONE, queue.queued_requests, "Requests that wait."),
    VERSION("inferd_queue_rows", GAUGE, UNIT_ONE, queue.queued_rows, "Their rows."),
    VERSION("inferd_queue_bytes", GAUGE, UNIT_ONE, queue.queued_bytes, "Their tensors' bytes."),
    VERSION("inferd_queue_rejected_total", COUNTER, UNIT_ONE, queue.rejected,
            "Requests that the queue did not take."),
    VERSION("inferd_queue_expired_total", COUNTER, UNIT_ONE, queue.expired,
            "Requests whose deadline passed after it had."),
    VERSION("inferd_queue_cancelled_total", COUNTER, UNIT_ONE, queue.cancelled,
            "Requests whose client went away after it had."),
    VERSION("inferd_compute_seconds_total", COUNTER, UNIT_SECONDS, queue.compute_ns,
            "Time in batches, gathering included; each batch once."),
    VERSION("inferd_plans", GAUGE, UNIT_ONE, plans, "Shapes that have a plan ready."),
    VERSION("inferd_plan_hits_total", COUNTER, UNIT_ONE, plan_hits, "Plans found ready."),
    VERSION("inferd_plan_misses_total", COUNTER, UNIT_ONE, plan_misses,
            "Plans that were not ready when they were looked for."),
    VERSION("inferd_plan_evictions_total", COUNTER, UNIT_ONE, plan_evictions,
            "Plans given up for others."),
    VERSION("inferd_weight_bytes", GAUGE, UNIT_ONE, weight_bytes,
            "Weights in memory, packed and plain."),
    VERSION("inferd_arena_bytes", GAUGE, UNIT_ONE, arena_bytes,
            "Working memory of one execution, at most."),

    OTHER("inferd_calls_total", "code", COUNTER, UNIT_ONE, write_calls,
          "gRPC calls that have ended, all methods, by status."),
    OTHER("inferd_http_requests_total", "code", COUNTER, UNIT_ONE, write_http_requests,
          "HTTP requests that have been answered, all paths, by code."),
    OTHER("inferd_refusal_duration_seconds", "", HISTOGRAM, UNIT_SECONDS, write_refusals,
          "From the headers to the status, of requests told to come back later."),
    SERVER("inferd_refused_early_total", COUNTER, UNIT_ONE, refused_early,
           "Of them, those refused on their headers, like others of their connection before."),
    SERVER("inferd_live_calls", GAUGE, UNIT_ONE, live_calls, "gRPC calls in progress."),
    SERVER("inferd_live_http_requests", GAUGE, UNIT_ONE, live_requests,
           "HTTP requests in progress."),
    SERVER("inferd_receive_bytes", GAUGE, UNIT_ONE, receive_bytes,
           "Requests and unsent replies of gRPC calls, as charged."),
    SERVER("inferd_output_bytes", GAUGE, UNIT_ONE, output_bytes, "Outputs not yet sent."),
    SERVER("inferd_batch_bytes", GAUGE, UNIT_ONE, batch_bytes, "Inputs gathered into batches."),
    SERVER("inferd_workers", GAUGE, UNIT_ONE, workers, "Threads that compute."),
    SERVER("inferd_workers_idle", GAUGE, UNIT_ONE, workers_idle, "Of them, those with no work."),
    SERVER("inferd_models", GAUGE, UNIT_ONE, models, "Models known."),
    SERVER("inferd_versions", GAUGE, UNIT_ONE, versions, "Versions in service."),
    SERVER("inferd_http_connections", GAUGE, UNIT_ONE, http_connections, "Connections over HTTP."),
    SERVER("inferd_http_connections_refused", COUNTER, UNIT_ONE, http_connections_refused,
           "Connections of addresses that had as many as they may."),
    SERVER("inferd_memory_limit_bytes", GAUGE, UNIT_ONE, memory_limit_bytes,
           "Memory that we may have: the cgroup's, or as told."),
    SERVER("inferd_memory_level", GAUGE, UNIT_ONE, memory_level,
           "0: fine; 1: at 90 %, nothing new is admitted; 2: at 95 %, the heap is trimmed."),
    SERVER("inferd_cache_limit_bytes", GAUGE, UNIT_ONE, cache_limit_bytes,
           "Answers that the response cache may keep; 0: there is none."),
    SERVER("inferd_cache_bytes", GAUGE, UNIT_ONE, cache_bytes, "Answers that it keeps."),
    SERVER("inferd_cache_entries", GAUGE, UNIT_ONE, cache_entries, "How many that are."),
    SERVER("inferd_cache_evictions_total", COUNTER, UNIT_ONE, cache_evictions,
           "Answers that made room for others."),
    SERVER("inferd_requests_unauthenticated", COUNTER, UNIT_ONE, unauthenticated,
           "Requests refused since nobody in particular asked, or a token was not valid."),
    SERVER("inferd_requests_denied", COUNTER, UNIT_ONE, denied,
           "Requests refused since no rule allows them, or that part of the API is restricted."),
    SERVER("inferd_access_reloads", COUNTER, UNIT_ONE, access_reloads,
           "Changes of tokens, keys or policy that were taken over."),
    SERVER("inferd_access_reload_failures", COUNTER, UNIT_ONE, access_reload_failures,
           "Changes of them that could not be; what was in force stays."),
    SERVER("inferd_tls_reloads", COUNTER, UNIT_ONE, tls_reloads,
           "Certificates that were taken over."),
    SERVER("inferd_tls_reload_failures", COUNTER, UNIT_ONE, tls_reload_failures,
           "Certificates that did not fit; the old one stays."),
    SERVER("inferd_tls_not_after_seconds", GAUGE, UNIT_SECONDS, tls_not_after_ns,
           "When our certificate ends, Unix time; 0: there is none."),
    SERVER("process_resident_memory_bytes", GAUGE, UNIT_ONE, resident_bytes,
           "Memory of this process."),
    SERVER("process_cpu_seconds_total", COUNTER, UNIT_SECONDS, cpu_ns, "CPU time it has used."),
    SERVER("process_open_fds", GAUGE, UNIT_ONE, open_files, "Descriptors it has open."),
    SERVER("process_start_time_seconds", GAUGE, UNIT_SECONDS, start_ns,
           "When it was started, since the epoch."),
};
