/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Stations 2 to 4 and 8 of an inference (STYLE.md 2): decode, acquire, bind, submit; then encode
 * and reply. What would hold the network's thread up (inflation, typed tensors of many elements,
 * long JSON) is decoded on a worker, and what is long and may be in the response cache is looked up
 * there.
 *
 * Two threads may meet here: on_done comes on a worker while the network's thread hears that the
 * client is gone. The bits of flags settle who acts: scheduler_cancel is called by exactly one
 * (whoever set the second of CANCELLED and QUEUED), and as long as he is inside it (CANCELLING)
 * on_done only leaves its status behind, so that the request and its lease stay until he is back;
 * then he finishes the call.
 */

#include "server/infer.h"

#include "runtime/base/size.h"
#include "server/settings.h"
#include "server/shared_memory.h"
#include "server/wire/inference_tensor.h"

/* Above this a decode is a task of its own: it would delay every other call. */
enum { DECODE_IN_PLACE_NS = 50000 };

/* --- the reply --- */

static void let_in(InferCall *call) {
    overload_arrived(&call->context->overload, call->foreseen);
    call->foreseen = 0;
}

/* Counted before it is sent: who has the answer finds it in the statistics. */
static void end(InferCall *call, const Status *status, const WireReply *reply) {
    let_in(call); /* where it was not offered */
    for (; call->region_count > 0; call->region_count--)
        shared_region_release(call->regions[call->region_count - 1]);
    settings_trace_request(call->context->settings, &call->request, call->wire->id, status);
    metrics_record(call->context->metrics, call->protocol->api, call->transport->entry,
                   call->arrived_ns, &call->request, status);
    call->transport->finish(call, status, reply);
}

static void reply_done(InferCall *call, const Status *status) {
    WireReply reply;
    wire_reply_init(&reply, call->arena);
    Status answer = *status;
    if (status_is_ok(status) && !call->request.on_response)
        answer = call->protocol->encode(call->wire, &call->request, &reply);
    end(call, &answer, &reply);
}

/* One of several. */
static void on_response(InferRequest *request) {
    InferCall *call = request->user;
    WireReply reply;
    if (call->reply_arena)
        arena_reset(call->reply_arena);
    wire_reply_init(&reply, call->reply_arena ? call->reply_arena : call->arena);
    Status status = call->protocol->encode(call->wire, request, &reply);
    call->transport->respond(call, &status, &reply);
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

/* --- shared memory --- */

static Status hold_region(InferCall *call, WireShared *shared) {
    SharedRegion *region;
    TRY(shared_memory_acquire(call->context->shared_memory, shared->region, shared->offset,
                              shared->bytes, &region, &shared->data));
    call->regions[call->region_count++] = region;
    return status_ok();
}

/* What is looked at before it is copied must not change in between: the client still has it. */
static Status read_shared(InferCall *call, WireTensor *tensor) {
    Span span = { tensor->shared.data, (size_t)tensor->shared.bytes };
    if (tensor->dtype == DTYPE_STRING || tensor->dtype == DTYPE_BOOL) {
        void *copy = arena_alloc(call->arena, span.bytes);
        if (!copy)
            return arena_exhausted(call->arena);
        memcpy(copy, span.data, span.bytes);
        span.data = copy;
    }
    Spans spans;
    TRY(wire_payload_of((void *)(uintptr_t)span.data, span.bytes, call->arena, &spans));
    return inference_raw_decode(span_reader_of(&spans), call->wire->model, call->arena, tensor);
}

static Status attach_shared(InferCall *call) {
    WireInfer *wire = call->wire;
    size_t wanted = 0;
    for (size_t i = 0; i < wire->input_count; i++)
        wanted += wire->inputs[i].shared.region.length > 0;
    for (size_t i = 0; wire->options && i < wire->output_count; i++)
        wanted += wire->options[i].shared.region.length > 0;
    if (wanted == 0)
        return status_ok();
    call->regions = arena_calloc(call->arena, wanted, sizeof *call->regions);
    if (!call->regions)
        return arena_exhausted(call->arena);
    for (size_t i = 0; i < wire->input_count; i++) {
        if (wire->inputs[i].shared.region.length == 0)
            continue;
        TRY(hold_region(call, &wire->inputs[i].shared));
        TRY(read_shared(call, &wire->inputs[i]));
    }
    for (size_t i = 0; wire->options && i < wire->output_count; i++)
        if (wire->options[i].shared.region.length > 0)
            TRY(hold_region(call, &wire->options[i].shared));
    return status_ok();
}

/* --- the request --- */

/* Whether the model answers as often as this caller can take. */
static Status check_decoupled(InferCall *call) {
    InferRequest *request = &call->request;
    if (!request->lease.version->config.decoupled)
        return status_ok();
    if (call->transport->respond) {
        request->on_response = on_response;
        return status_ok();
    }
    if (call->takes_one || call->protocol->api != API_INFER)
        return status_ok();
    return status_error(STATUS_UNIMPLEMENTED, "%s", call->transport->no_responses);
}

/* Whether what the model is given has been copied out of the message. */
static bool is_copied(const InferCall *call) {
    const InferRequest *request = &call->request;
    size_t count = request->lease.version->signature.input_count;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < request->inputs[i].payload.count; k++)
            if (!arena_holds(call->arena, request->inputs[i].payload.items[k].data))
                return false;
    return count > 0;
}

static void on_gathered(InferRequest *request) {
    InferCall *call = request->user;
    call->transport->let_go(call);
}

/* What decoding took counts as long as the call; what it no longer needs does not. */
static Status settle_memory(InferCall *call) {
    if (call->transport->charge)
        TRY(call->transport->charge(call, arena_used_bytes(call->arena)));
    if (!call->transport->let_go)
        return status_ok();
    if (is_copied(call))
        call->transport->let_go(call);
    else
        call->request.on_gathered = on_gathered;
    return status_ok();
}

/* Its client may write to it while we read. */
static bool has_shared_input(const WireInfer *wire) {
    for (size_t i = 0; i < wire->input_count; i++)
        if (wire->inputs[i].shared.region.length > 0)
            return true;
    return false;
}

static Status prepare(InferCall *call) {
    const InferProtocol *protocol = call->protocol;
    InferRequest *request = &call->request;
    request->times.arrived_ns = call->arrived_ns; /* also of one that fails here */
    if (call->must_open)
        TRY(call->transport->open(call));
    TRY(protocol->decode(&call->message, call->context->header_limit_bytes, call->arena,
                         call->wire));
    TRY(access_decide(call->context->access, call->caller, ACTION_INFER, call->wire->model));
    TRY(attach_shared(call));
    TRY(acquire(call));
    TRY(check_decoupled(call));
    TRY(protocol->bind(call->wire, call->arena, request));
    TRY(settle_memory(call));
    request->deadline_ns = request_deadline_ns(call, &request->lease.version->queue_policy);
    request->priority = call->wire->priority;
    request->timeout_ns = call->wire->timeout_ns;
    request->sequence_id = call->wire->sequence_id;
    request->sequence_start = call->wire->sequence_start;
    request->sequence_end = call->wire->sequence_end;
    request->is_volatile = has_shared_input(call->wire);
    request->tenant = TENANT_ANYBODY;
    request->on_done = on_done;
    request->user = call;
    return status_ok();
}

/* While a model is overloaded, calls like those that it refuses are refused on their headers. */
static void note_offer(InferCall *call, const void *model, const Status *status) {
    Overload *overload = &call->context->overload;
    const InferRequest *request = &call->request;
    bool was_late = status->retry_ms && request->forecast_done_ns > request->deadline_ns;
    if (!call->transport->peer || !request->forecast_done_ns)
        return;
    if (was_late || overload_is_on(overload, request->times.queued_ns))
        overload_note(overload, call->transport->peer(call), model, request, was_late,
                      request->times.queued_ns);
}

/* The caller holds a reference besides the call's own, which a submitted request takes along. */
static void submit_prepared(InferCall *call, Status status) {
    if (status_is_ok(&status) && (atomic_load(&call->flags) & INFER_CANCELLED))
        status = status_error(STATUS_CANCELLED, "the client is gone");
    else if (status_is_ok(&status)) {
        let_in(call); /* from now on it is in the queue, or not at all */
        const void *model = call->request.lease.version; /* an OK may be the end of the lease */
        status = scheduler_submit(call->context->scheduler, &call->request);
        note_offer(call, model, &status);
        if (status_is_ok(&status)) {
            unsigned before = atomic_fetch_or(&call->flags, INFER_QUEUED);
            if ((before & INFER_CANCELLED) && !(before & INFER_DONE))
                cancel_queued(call);
            return;
        }
        unsigned retry_ms = status.retry_ms;
        if (call->protocol->describe)
            status = call->protocol->describe(&status, call->wire);
        status.retry_ms = retry_ms;
    }
    end(call, &status, NULL);
}

static void go_on_on_worker(InferCall *call, Status status) {
    ServerContext *context = call->context;
    submit_prepared(call, status);
    scheduler_kick(context->scheduler);
    call->transport->unref(call);
}

/* Tasks of workers. */
static void start_on_worker(void *user) {
    InferCall *call = user;
    go_on_on_worker(call, prepare(call));
}

static void submit_on_worker(void *user) {
    go_on_on_worker(user, status_ok());
}

static void hand_over(InferCall *call, void (*task)(void *user)) {
    call->transport->ref(call); /* the task's */
    if (pool_try_task(call->context->pool, task, call))
        return;
    Status busy = status_error(STATUS_RESOURCE_EXHAUSTED,
                               "too many requests wait to be decoded; retry later");
    end(call, &busy, NULL);
    call->transport->unref(call);
}

static bool is_slow(const InferCall *call) {
    return call->must_open || (call->protocol->decode_cost_ns &&
                               call->protocol->decode_cost_ns(&call->message) > DECODE_IN_PLACE_NS);
}

bool infer_start(InferCall *call) {
    if (is_slow(call)) {
        hand_over(call, start_on_worker);
        return false;
    }
    Status status = prepare(call);
    if (status_is_ok(&status) && scheduler_submit_is_slow(&call->request)) {
        hand_over(call, submit_on_worker);
        return false;
    }
    submit_prepared(call, status);
    return true;
}
