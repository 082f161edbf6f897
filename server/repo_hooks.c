/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the server does when a version comes, goes or changes its state: counters and queue before
 * it is published, a line of the log, health. Threads: loader, repo; version_gone on whoever gives
 * back the last lease.
 */

#include "server/repo_hooks.h"

#include "runtime/base/log.h"
#include "runtime/base/size.h"
#include "server/observe/scrape.h"
#include "server/warmup.h"

static Status version_warm(void *user, ModelVersion *version, const FileSource *files) {
    const Serving *serving = user;
    int64_t iterations = serving->options->warmup_iterations;
    uint64_t begun_ns = clock_now_ns(clock_monotonic());
    size_t records;
    Status status = warmup_replay(version, files, (size_t)MAX_OF(iterations, INT64_C(1)), &records);
    if (records > 0)
        metrics_warmed(serving->metrics, version->name, records, &status,
                       clock_now_ns(clock_monotonic()) - begun_ns);
    return status;
}

static Status version_ready(void *user, ModelVersion *version) {
    Serving *serving = user;
    for (size_t i = 0; i < version->config.ignored_count; i++)
        log_event(LOG_INFO, "config_without_effect", "model=%s version=%lld field=%s",
                  LOG_TEXT(version->name), (long long)version->number,
                  LOG_TEXT(version->config.ignored[i]));
    if (version->config.cached && !serving->cache)
        log_event(LOG_WARN, "cache_is_off", "model=%s version=%lld reason=%s",
                  LOG_TEXT(version->name), (long long)version->number,
                  LOG_TEXT("response_cache wants --cache-config=local,size=BYTES"));
    TRY(metrics_add_version(serving->metrics, version));
    Status status = scheduler_add_version(serving->scheduler, version);
    if (!status_is_ok(&status))
        metrics_remove_version(serving->metrics, version, (uint64_t[ROWS_CELLS]){ 0 }, 0);
    return status;
}

static void version_gone(void *user, ModelVersion *version) {
    Serving *serving = user;
    uint64_t batch_rows[ROWS_CELLS] = { 0 };
    scrape_batch_rows(serving->scheduler, version, batch_rows);
    uint64_t compute_ns = scheduler_counts(serving->scheduler, version).compute_ns;
    metrics_remove_version(serving->metrics, version, batch_rows, compute_ns);
    scheduler_remove_version(serving->scheduler, version);
}

static void state_changed(void *user, const char *model, int64_t version, VersionState state,
                          const Status *status) {
    static const struct {
        VersionState state;
        LogLevel level;
        const char *event;
    } events[] = {
        { VERSION_LOADING, LOG_DEBUG, "version_loading" },
        { VERSION_AVAILABLE, LOG_INFO, "version_available" },
        { VERSION_UNLOADING, LOG_INFO, "version_unloading" },
        { VERSION_END, LOG_INFO, "version_unloaded" },
    };
    Serving *serving = user;
    if (status && !status_is_ok(status))
        log_event(LOG_WARN, "version_failed", "model=%s version=%lld code=%s reason=%s",
                  LOG_TEXT(model), (long long)version, status_code_name(status->code),
                  LOG_TEXT(status->message));
    else
        for (size_t i = 0; i < ARRAY_LENGTH(events); i++)
            if (events[i].state == state)
                log_event(events[i].level, events[i].event, "model=%s version=%lld",
                          LOG_TEXT(model), (long long)version);
    metrics_load_changed(serving->metrics, model, state, status);
    if (serving->rpc)
        rpc_server_health_changed(serving->rpc);
}

RepoHooks repo_hooks_of(Serving *serving) {
    return (RepoHooks){ version_warm, version_ready, version_gone, state_changed, serving };
}
