/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Stations 2 to 4 and 8 of an inference (STYLE.md 2): decode, acquire, bind, submit; then encode
 * and reply. What would hold the network's thread up (inflation, typed tensors of many elements,
 * long JSON) is decoded on a worker.
 *
 * Two threads may meet here: on_done comes on a worker while the network's thread hears that the
 * client is gone. The bits of flags settle who acts: scheduler_cancel is called by exactly one
 * (whoever set the second of CANCELLED and QUEUED), and as long as he is inside it (CANCELLING)
 * on_done only leaves its status behind, so that the request and its lease stay until he is back;
 * then he finishes the call.
 */

#include "server/infer.h"

#include "runtime/base/size.h"

/* Above this a decode is a task of its own: it would delay every other call. */
enum { DECODE_IN_PLACE_NS = 50000 };

/* --- the reply --- */

/* Counted before it is sent: who has the answer finds it in the statistics. */
static void end(InferCall *call, const Status *status, const WireReply *reply) {
    metrics_record(call->context->metrics, call->protocol->api, call->transport->entry,
                   call->arrived_ns, &call->request, status);
    call->transport->finish(call, status, reply);
}

static void reply_done(InferCall *call, const Status *status) {
    WireReply reply;
    wire_reply_init(&reply, call->arena);
    Status answer = *status;
    if (status_is_ok(status))
        answer = call->protocol->encode(call->wire, &call->request, &reply);
    end(call, &answer, &reply);
}

/* Thread: worker, rpc or http (inline batches, cancellation), timer (deadlines) */
static void on_done(InferRequest *request, const Status *status) {
    InferCall *call = request->user;
    call->done_status = *status; /* before the bit: a canceller may read it from then on */
    unsigned before = atomic_fetch_or(&call->flags, INFER_DONE);
    if (before & INFER_CANCELLING)
        return;
    reply_done(call, status);
}

/* --- cancellation --- */

/* The caller holds a reference. */
static void cancel_queued(InferCall *call) {
    unsigned before = atomic_fetch_or(&call->flags, INFER_CANCELLING);
    if (before & INFER_DONE)
        return;
    scheduler_cancel(call->context->scheduler, &call->request);
    before = atomic_fetch_and(&call->flags, ~(unsigned)INFER_CANCELLING);
    if (before & INFER_DONE)
        reply_done(call, &call->done_status);
}

void infer_cancel(InferCall *call) {
    unsigned before = atomic_fetch_or(&call->flags, INFER_CANCELLED);
    if ((before & INFER_QUEUED) && !(before & INFER_DONE))
        cancel_queued(call);
}

/* --- decode to submit --- */

/* A timeout of the request's own is a deadline, but where its level has a word on waiting: there
 * the scheduler weighs both. */
static uint64_t request_deadline_ns(const InferCall *call, const QueuePolicy *policy) {
    const LevelPolicy *level =
        queue_policy_of(policy, queue_policy_level(policy, call->wire->priority));
    uint64_t timeout_ns = call->wire->timeout_ns;
    if (timeout_ns == 0 || level->default_timeout_ns > 0)
        return call->deadline_ns;
    return MIN_OF(call->deadline_ns, time_after(call->arrived_ns, timeout_ns));
}

/* Until there are identities, every caller is the same tenant. */
enum { TENANT_ANYBODY = 0 };

static Status acquire(InferCall *call) {
    const WireInfer *wire = call->wire;
    Status status =
        repo_acquire(call->context->repo, wire->model, &wire->version, &call->request.lease);
    if (status_is_ok(&status) || !call->protocol->describe)
        return status;
    return call->protocol->describe(&status, wire);
}

static Status prepare(InferCall *call) {
    const InferProtocol *protocol = call->protocol;
    InferRequest *request = &call->request;
    if (call->must_open)
        TRY(call->transport->open(call));
    TRY(protocol->decode(&call->message, call->context->header_limit_bytes, call->arena,
                         call->wire));
    TRY(access_decide(call->context->access, call->caller, ACTION_INFER, call->wire->model));
    TRY(acquire(call));
    TRY(protocol->bind(call->wire, call->arena, request));
    request->deadline_ns = request_deadline_ns(call, &request->lease.version->queue_policy);
    request->priority = call->wire->priority;
    request->timeout_ns = call->wire->timeout_ns;
    request->sequence_id = call->wire->sequence_id;
    request->sequence_start = call->wire->sequence_start;
    request->sequence_end = call->wire->sequence_end;
    request->tenant = TENANT_ANYBODY;
    request->times.arrived_ns = call->arrived_ns;
    request->on_done = on_done;
    request->user = call;
    return status_ok();
}

/* The caller holds a reference besides the call's own, which a submitted request takes along. */
static void submit(InferCall *call) {
    Status status = prepare(call);
    if (status_is_ok(&status) && (atomic_load(&call->flags) & INFER_CANCELLED))
        status = status_error(STATUS_CANCELLED, "the client is gone");
    else if (status_is_ok(&status)) {
        status = scheduler_submit(call->context->scheduler, &call->request);
        if (status_is_ok(&status)) {
            unsigned before = atomic_fetch_or(&call->flags, INFER_QUEUED);
            if ((before & INFER_CANCELLED) && !(before & INFER_DONE))
                cancel_queued(call);
            return;
        }
        if (call->protocol->describe)
            status = call->protocol->describe(&status, call->wire);
    }
    end(call, &status, NULL);
}

static void submit_on_worker(void *user) {
    InferCall *call = user;
    ServerContext *context = call->context;
    submit(call);
    scheduler_kick(context->scheduler, false);
    call->transport->unref(call);
}

static bool is_slow(const InferCall *call) {
    return call->must_open || (call->protocol->decode_cost_ns &&
                               call->protocol->decode_cost_ns(&call->message) > DECODE_IN_PLACE_NS);
}

bool infer_start(InferCall *call) {
    if (!is_slow(call)) {
        submit(call);
        return true;
    }
    call->transport->ref(call); /* the task's */
    if (pool_try_task(call->context->pool, submit_on_worker, call))
        return false;
    Status busy = status_error(STATUS_RESOURCE_EXHAUSTED,
                               "too many requests wait to be decoded; retry later");
    end(call, &busy, NULL);
    call->transport->unref(call);
    return false;
}
