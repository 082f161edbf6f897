/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Requests of models with response_cache. The cache is asked before the queue, so an answer that is
 * there waits for nobody and counts against no limit; under preserve_ordering it takes its place
 * among the others all the same. What was not there is kept when it has been answered well.
 *
 * Threads: rpc, http, worker.
 */

#include "runtime/schedule/scheduler_internal.h"

/* Hashing that much takes some ten microseconds: more would hold a network's thread up. */
enum { HASHED_IN_PLACE_BYTES = 65536 };

bool scheduler_submit_is_slow(const InferRequest *request) {
    return request->lease.version->queue->cache && request->payload_bytes > HASHED_IN_PLACE_BYTES;
}

/* In its turn. */
static void send_in_order(Scheduler *scheduler, InferRequest *request) {
    Status status = status_ok();
    {
        LOCKED(&scheduler->mutex);
        reply_order_add_locked(request->lease.version->queue->order, request);
        scheduler->active++;
    }
    size_t count = request_end(request, &status);
    LOCKED(&scheduler->mutex);
    scheduler->active -= count;
    if (scheduler->active == 0)
        cond_broadcast(&scheduler->idle);
}

bool cached_reply_send(Scheduler *scheduler, InferRequest *request) {
    ModelQueue *model = request->lease.version->queue;
    if (request->is_volatile || (model->order && !reply_order_prepare(request)))
        return false;
    request->cache_key = response_cache_key(model->cache, model->cache_owner, request);
    bool is_there =
        response_cache_find(model->cache, &request->cache_key, scheduler->options.outputs, request);
    request->cache_use = is_there ? CACHE_HIT : CACHE_MISS;
    request->cache_ns = clock_now_ns(scheduler->options.clock) - request->times.queued_ns;
    if (!is_there) {
        reply_order_forget(request);
        return false;
    }
    request->state = REQUEST_DONE;
    if (model->order) {
        send_in_order(scheduler, request);
        return true;
    }
    Status status = status_ok();
    request->on_done(request, &status);
    return true;
}

void cached_reply_keep(InferRequest *request) {
    const ModelQueue *model = request->lease.version->queue;
    const Clock *clock = model->scheduler->options.clock;
    uint64_t begun_ns = clock_now_ns(clock);
    response_cache_keep(model->cache, &request->cache_key, model->cache_owner, request);
    request->cache_ns += clock_now_ns(clock) - begun_ns;
}
