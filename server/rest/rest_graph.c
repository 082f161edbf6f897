/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The network of a version for the console's picture, measured when it is asked for. A worker does
 * it, one measurement at a time in the whole server, so that requests lose one worker for a third
 * of a second at most, or for two runs. Thread: http to begin, a worker to measure and answer.
 */

#include "server/rest/graph_profile.h"
#include "server/rest/rest.h"
#include "server/wire/wire_version.h"

typedef struct GraphJob {
    HttpExchange *exchange;
    Lease lease;
    json_t *document;
} GraphJob;

static void finish(GraphJob *job, const Status *status) {
    HttpExchange *exchange = job->exchange;
    if (status_is_ok(status))
        rest_reply_document(exchange, TAKE(job->document));
    else
        rest_fail(exchange, status, REST_INFERENCE);
    lease_release(&job->lease);
    http_exchange_unref(exchange);
}

static void run_job(void *user) {
    GraphJob *job = user;
    Status status = graph_profile(job->lease.version, job->exchange->arena, &job->document);
    atomic_store(&http_exchange_context(job->exchange)->measuring, false);
    finish(job, &status);
}

static Status find_version(HttpExchange *exchange, Lease *ret_lease) {
    VersionChoice version;
    TRY(rest_version(exchange, &version));
    Status status = repo_acquire(http_exchange_context(exchange)->repo, exchange->match.model,
                                 &version, ret_lease);
    return status_is_ok(&status) ? status
                                 : wire_version_error(&status, exchange->match.model, &version);
}

void rest_graph(HttpExchange *exchange) {
    ServerContext *server = http_exchange_context(exchange);
    GraphJob *job = arena_calloc(exchange->arena, 1, sizeof *job);
    if (!job || !server->console) {
        http_exchange_fail(exchange, job ? 404 : 503, job ? "Not Found" : "out of memory");
        return;
    }
    job->exchange = http_exchange_ref(exchange);
    Status status = find_version(exchange, &job->lease);
    if (status_is_ok(&status) && !job->lease.version->executor)
        status = status_error(STATUS_UNIMPLEMENTED,
                              "model '%s' is no network of its own: its steps have theirs",
                              job->lease.version->name);
    if (status_is_ok(&status) && atomic_exchange(&server->measuring, true))
        status = status_error(STATUS_UNAVAILABLE, "another network is being measured; retry");
    else if (status_is_ok(&status) && !pool_try_task(server->pool, run_job, job)) {
        atomic_store(&server->measuring, false);
        status = status_error(STATUS_UNAVAILABLE, "too many requests wait; retry later");
    }
    if (!status_is_ok(&status))
        finish(job, &status);
}
