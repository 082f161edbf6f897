/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Stations 2 to 4 and 8 of an inference (STYLE.md 2): decode, acquire, bind, submit; then encode
 * and reply. What would hold the rpc thread up (inflation, typed tensors of many elements) is
 * decoded on a worker.
 *
 * Two threads may meet here: on_done comes on a worker while the rpc thread hears that the client
 * is gone. The bits of infer_flags settle who acts: scheduler_cancel is called by exactly one
 * (whoever set the second of CANCELLED and QUEUED), and as long as he is inside it (CANCELLING)
 * on_done only leaves its status behind, so that the request and its lease stay until he is back;
 * then he finishes the call.
 */

#include "runtime/base/size.h"
#include "server/rpc/call.h"

/* Above this a decode is a task of its own: it would delay every other call. */
enum { DECODE_IN_PLACE_NS = 50000 };

/* --- the reply --- */

static void reply_done(Call *call, const Status *status) {
    const InferProtocol *protocol = call->method->row->infer;
    WireReply reply;
    wire_reply_init(&reply, call->arena);
    Status answer = *status;
    if (status_is_ok(status))
        answer = protocol->encode(&call->infer, &call->infer_request, &reply);
    call_finish(call, &answer, &reply);
}

/* Thread: worker, rpc (inline batches, cancellation), timer (deadlines) */
static void on_done(InferRequest *request, const Status *status) {
    Call *call = request->user;
    call->done_status = *status; /* before the bit: a canceller may read it from then on */
    unsigned before = atomic_fetch_or(&call->infer_flags, INFER_DONE);
    if (before & INFER_CANCELLING)
        return;
    reply_done(call, status);
}

/* --- cancellation --- */

/* The caller holds a reference. */
static void cancel_queued(Call *call) {
    unsigned before = atomic_fetch_or(&call->infer_flags, INFER_CANCELLING);
    if (before & INFER_DONE)
        return;
    scheduler_cancel(call->server->context->scheduler, &call->infer_request);
    before = atomic_fetch_and(&call->infer_flags, ~(unsigned)INFER_CANCELLING);
    if (before & INFER_DONE)
        reply_done(call, &call->done_status);
}

void infer_cancel(Call *call) {
    unsigned before = atomic_fetch_or(&call->infer_flags, INFER_CANCELLED);
    if ((before & INFER_QUEUED) && !(before & INFER_DONE))
        cancel_queued(call);
}

/* --- decode to submit --- */

static Status inflate_message(Call *call) {
    RpcServer *server = call->server;
    if (call->message->data.raw.compression == GRPC_COMPRESS_NONE)
        return status_ok();
    Span *span = arena_alloc(call->arena, sizeof *span);
    if (!span)
        return arena_exhausted(call->arena);
    size_t bytes;
    TRY(slices_inflate(&call->request, server->limits.max_message_bytes, &call->inflated, &bytes));
    *span = (Span){ call->inflated, bytes };
    call->request = (Spans){ .items = span, .count = 1, .bytes = bytes };
    return admission_body(&server->limits, call_charge(call, call->reserved_bytes + bytes), bytes);
}

static uint64_t request_deadline_ns(const Call *call, const QueuePolicy *policy) {
    uint64_t deadline_ns = call->deadline_ns;
    uint64_t timeout_ns = call->infer.timeout_ns;
    if (policy->default_timeout_ns && !(timeout_ns && policy->allow_timeout_override))
        deadline_ns = MIN_OF(deadline_ns, time_after(call->arrived_ns, policy->default_timeout_ns));
    if (timeout_ns)
        deadline_ns = MIN_OF(deadline_ns, time_after(call->arrived_ns, timeout_ns));
    return deadline_ns;
}

/* Until there are identities, every caller is the same tenant. */
enum { TENANT_ANYBODY = 0 };

static Status acquire(Call *call) {
    const InferProtocol *protocol = call->method->row->infer;
    WireInfer *infer = &call->infer;
    Status status = repo_acquire(call->server->context->repo, infer->model, &infer->version,
                                 &call->infer_request.lease);
    if (status_is_ok(&status) || !protocol->describe)
        return status;
    return protocol->describe(&status, infer);
}

static Status prepare(Call *call) {
    const InferProtocol *protocol = call->method->row->infer;
    InferRequest *request = &call->infer_request;
    TRY(inflate_message(call));
    TRY(protocol->decode(&call->request, call->server->context->header_limit_bytes, call->arena,
                         &call->infer));
    TRY(acquire(call));
    TRY(protocol->bind(&call->infer, call->arena, request));
    request->deadline_ns = request_deadline_ns(call, &request->lease.version->queue_policy);
    request->priority = call->infer.priority;
    request->tenant = TENANT_ANYBODY;
    request->times.arrived_ns = call->arrived_ns;
    request->on_done = on_done;
    request->user = call;
    return status_ok();
}

/* The caller holds a reference besides the call's own, which a submitted request takes along. */
static void submit(Call *call) {
    const InferProtocol *protocol = call->method->row->infer;
    Status status = prepare(call);
    if (status_is_ok(&status) && (atomic_load(&call->infer_flags) & INFER_CANCELLED))
        status = status_error(STATUS_CANCELLED, "the client is gone");
    else if (status_is_ok(&status)) {
        status = scheduler_submit(call->server->context->scheduler, &call->infer_request);
        if (status_is_ok(&status)) {
            unsigned before = atomic_fetch_or(&call->infer_flags, INFER_QUEUED);
            if ((before & INFER_CANCELLED) && !(before & INFER_DONE))
                cancel_queued(call);
            return;
        }
        if (protocol->describe)
            status = protocol->describe(&status, &call->infer);
    }
    call_finish(call, &status, NULL);
}

static void submit_on_worker(void *user) {
    Call *call = user;
    RpcServer *server = call->server;
    submit(call);
    scheduler_kick(server->context->scheduler, false);
    call_unref(call);
}

static bool is_slow(const Call *call) {
    const InferProtocol *protocol = call->method->row->infer;
    if (call->message->data.raw.compression != GRPC_COMPRESS_NONE)
        return true;
    return protocol->decode_cost_ns &&
           protocol->decode_cost_ns(&call->request) > DECODE_IN_PLACE_NS;
}

void infer_start(Call *call) {
    RpcServer *server = call->server;
    if (!is_slow(call)) {
        submit(call);
        server->submitted = true;
        return;
    }
    call_ref(call); /* the task's */
    if (pool_try_task(server->context->pool, submit_on_worker, call))
        return;
    Status busy = status_error(STATUS_RESOURCE_EXHAUSTED,
                               "too many requests wait to be decoded; retry later");
    call_finish(call, &busy, NULL);
    call_unref(call);
}
