/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A call's life on the rpc thread: a slot is posted, an RPC arrives in it, is admitted or refused
 * on its headers, its one message is read and handed to the method. Everything that can be refused
 * is refused before the message is read.
 *
 * Two operations run beside each other all the time: `closed` (RECV_CLOSE, started on arrival,
 * comes back last of all or when the client is gone) and the one that makes progress. Sends need
 * one sender at a time: for unary calls that is whoever calls call_finish, once; for streams see
 * stream.c. The core is never called with a lock held.
 */

#include "server/rpc/call.h"

#include "runtime/base/log.h"
#include "runtime/base/size.h"
#include "server/rpc/stream.h"

#include <assert.h>
#include <string.h>

enum { ARENA_FIRST_BYTES = 8192 };

void call_start(Call *call, const grpc_op *ops, size_t count, RpcTag *tag) {
    call_ref(call);
    grpc_call_error error = grpc_call_start_batch(call->call, ops, count, tag, NULL);
    if (error == GRPC_CALL_OK)
        return;
    log_event(LOG_ERROR, "core_misuse", "operation=%d error=%s", (int)ops[0].op,
              grpc_call_error_to_string(error));
    abort();
}

void call_receive(Call *call) {
    grpc_op op = { .op = GRPC_OP_RECV_MESSAGE };
    op.data.recv_message.recv_message = &call->message;
    call_start(call, &op, 1, &call->received);
}

size_t call_charge(Call *call, size_t bytes) {
    size_t before = atomic_fetch_add(&call->server->reserved_bytes, bytes - call->reserved_bytes);
    size_t together = before + bytes - call->reserved_bytes;
    call->reserved_bytes = bytes;
    return together;
}

void call_release_message(Call *call) {
    if (call->message)
        grpc_byte_buffer_destroy(call->message);
    call->message = NULL;
    free(call->inflated);
    call->inflated = NULL;
}

/* --- arrival --- */

static AdmissionClass admission_class(const MethodRow *row) {
    static const AdmissionClass classes[] = {
        [CLASS_PROBE] = ADMIT_PROBE,
        [CLASS_CONTROL] = ADMIT_CONTROL,
        [CLASS_MANAGE] = ADMIT_INFER,
        [CLASS_INFER] = ADMIT_INFER,
    };
    if (!row)
        return ADMIT_CONTROL;
    return row->kind == METHOD_STREAM ? ADMIT_STREAM : classes[row->class];
}

/* A client may announce its length; few do. 0: it did not. */
static size_t announced_bytes(const Call *call) {
    for (size_t i = 0; i < call->metadata.count; i++) {
        const grpc_metadata *entry = &call->metadata.metadata[i];
        size_t length = GRPC_SLICE_LENGTH(entry->value);
        if (grpc_slice_str_cmp(entry->key, "content-length") || !length || length > 12)
            continue;
        char text[16] = { 0 };
        memcpy(text, GRPC_SLICE_START_PTR(entry->value), length);
        return (size_t)strtoull(text, NULL, 10);
    }
    return 0;
}

static Status admit(Call *call) {
    RpcServer *server = call->server;
    size_t announced = announced_bytes(call);
    AdmissionView view = {
        .class = admission_class(call->method->row),
        .stopping = atomic_load_explicit(&server->stopping, memory_order_relaxed) ||
                    (atomic_load_explicit(&server->retiring, memory_order_relaxed) &&
                     call->method->row && call->method->row->kind == METHOD_STREAM),
        .live_calls = atomic_load_explicit(&server->live_calls, memory_order_relaxed) - 1,
        .memory_full = memory_guard_is_full(&server->context->memory),
        .reserved_bytes = atomic_load_explicit(&server->reserved_bytes, memory_order_relaxed),
        .estimate_bytes = announced ? announced : call->method->typical_bytes,
        .deadline_passed = call->deadline_ns <= call->arrived_ns,
    };
    size_t reserve;
    TRY(admission_decide(&server->limits, &view, &reserve));
    if (reserve)
        call_charge(call, reserve);
    return status_ok();
}

uint64_t call_peer(const Call *call) {
    char *name = grpc_call_get_peer(call->call);
    uint64_t peer = name && !strncmp(name, "ip", 2) ? overload_peer(name, strlen(name)) : 0;
    gpr_free(name);
    return peer;
}

static Status foresee(Call *call) {
    Overload *overload = &call->server->context->overload;
    bool is_infer = call->method->row && call->method->row->kind == METHOD_INFER;
    if (!is_infer || call->deadline_ns == TIME_NEVER || !overload_is_on(overload, call->arrived_ns))
        return status_ok();
    return overload_decide(overload, call_peer(call), call->deadline_ns, call->arrived_ns,
                           &call->infer.foreseen);
}

static StringView slice_text(const grpc_slice *slice) {
    return (StringView){ .data = (const char *)GRPC_SLICE_START_PTR(*slice),
                         .length = GRPC_SLICE_LENGTH(*slice) };
}

static Action action_of(const Call *call) {
    return call->method->action ? call->method->action->action : ACTION_UNKNOWN;
}

/* Who asks, and what can be told of whether he may before the body is read. */
static Status identify(Call *call) {
    Access *access = call->server->context->access;
    StringView authorization = { "", 0 };
    char certificate[TLS_NAME_BYTES] = "";
    if (!access)
        return status_ok();
    caller_init(access, ACCESS_GRPC, &call->caller);
    for (size_t i = 0; i < call->metadata.count; i++) {
        const grpc_metadata *entry = &call->metadata.metadata[i];
        call->caller.opened |=
            access_opened(access, ACCESS_GRPC, slice_text(&entry->key), slice_text(&entry->value));
        if (!grpc_slice_str_cmp(entry->key, "authorization"))
            authorization = slice_text(&entry->value);
    }
    if (access_wants_certificate(access))
        credentials_peer_name(call->call, certificate);
    TRY(access_identify(access, authorization, certificate, call->arena, &call->caller));
    return access_decide_early(access, &call->caller, action_of(call));
}

/* The request of a control method is there: now its model is known as well. */
static Status decide(const Call *call) {
    enum { NAME_BYTES = 1024 };
    char name[NAME_BYTES];
    StringView model;
    Access *access = call->server->context->access;
    if (!access || !call->method->action)
        return status_ok(); /* decided on arrival */
    TRY(action_model(call->method->action, &call->request, name, sizeof name, &model));
    return access_decide(access, &call->caller, action_of(call), model);
}

static Status unknown_method(const Call *call) {
    size_t length = MIN_OF(GRPC_SLICE_LENGTH(call->details.method), (size_t)200);
    return status_error(STATUS_UNIMPLEMENTED,
                        "this server has no method '%.*s'; reflection lists what it has",
                        (int)length, (const char *)GRPC_SLICE_START_PTR(call->details.method));
}

/* The core's clock may have another origin than ours, so only the difference is taken over. */
static uint64_t deadline_ns(gpr_timespec deadline, uint64_t now_ns) {
    gpr_timespec monotonic = gpr_convert_clock_type(deadline, GPR_CLOCK_MONOTONIC);
    if (gpr_time_cmp(monotonic, gpr_inf_future(GPR_CLOCK_MONOTONIC)) >= 0)
        return TIME_NEVER;
    gpr_timespec left = gpr_time_sub(monotonic, gpr_now(GPR_CLOCK_MONOTONIC));
    if (left.tv_sec < 0)
        return now_ns;
    if ((uint64_t)left.tv_sec >= TIME_NEVER / NS_PER_S / 2)
        return TIME_NEVER;
    return time_after(now_ns, (uint64_t)left.tv_sec * NS_PER_S + (uint64_t)left.tv_nsec);
}

static void watch_close(Call *call) {
    grpc_op op = { .op = GRPC_OP_RECV_CLOSE_ON_SERVER };
    op.data.recv_close_on_server.cancelled = &call->cancelled;
    call_start(call, &op, 1, &call->closed);
}

static void on_arrived(void *user, bool ok) {
    Call *call = user;
    if (!ok) { /* the server stops: the slot was never used */
        call->call = NULL;
        call_unref(call);
        return;
    }
    RpcServer *server = call->server;
    atomic_fetch_add_explicit(&server->live_calls, 1, memory_order_relaxed);
    call_post(call->method);
    call->arrived_ns = clock_now_ns(clock_monotonic());
    call->deadline_ns = deadline_ns(
        call->method->row ? call->core_deadline : call->details.deadline, call->arrived_ns);
    watch_close(call);
    const MethodRow *row = call->method->row;
    Status status = admit(call);
    if (status_is_ok(&status))
        status = identify(call);
    if (status_is_ok(&status))
        status = row ? foresee(call) : unknown_method(call);
    if (!status_is_ok(&status)) {
        call->stream.closing = true; /* it never opened: its end has nothing left to send */
        call_finish(call, &status, NULL);
    } else if (row->kind == METHOD_STREAM)
        stream_open(call);
    else
        call_receive(call);
}

static void on_closed(void *user, bool ok) {
    (void)ok;
    Call *call = user;
    const MethodRow *row = call->method->row;
    if (row && row->kind == METHOD_STREAM)
        stream_closed(call);
    else if (row && row->kind == METHOD_INFER && call->cancelled)
        call_infer_cancel(call);
    call_unref(call);
}

/* --- the message --- */

/* What this method's requests usually cost: rises at once, falls by an eighth. */
static void learn_bytes(MethodState *method, size_t bytes) {
    method->typical_bytes = MAX_OF(bytes, method->typical_bytes - method->typical_bytes / 8);
}

static Status take_message(Call *call) {
    RpcServer *server = call->server;
    size_t charge = slices_charge(call->message);
    size_t bytes = grpc_byte_buffer_length(call->message);
    learn_bytes(call->method, charge);
    if (call->method->row->class >= CLASS_MANAGE)
        TRY(admission_body(&server->limits, call_charge(call, charge), bytes));
    else if (bytes > server->context->header_limit_bytes)
        return status_error(STATUS_RESOURCE_EXHAUSTED,
                            "a request of %zu bytes to this method is above the limit of %zu",
                            bytes, server->context->header_limit_bytes);
    if (call->method->row->stream && call->method->row->stream->takes_messages)
        return status_ok();
    return slices_view(call->message, call->arena, &call->request);
}

/* Control requests are small: inflated in place, but not beyond what a header may have. */
static Status inflate_in_place(Call *call) {
    if (call->message->data.raw.compression == GRPC_COMPRESS_NONE)
        return status_ok();
    Span *span = arena_alloc(call->arena, sizeof *span);
    if (!span)
        return arena_exhausted(call->arena);
    size_t bytes;
    TRY(slices_inflate(&call->request, call->server->context->header_limit_bytes, &call->inflated,
                       &bytes));
    *span = (Span){ call->inflated, bytes };
    call->request = (Spans){ .items = span, .count = 1, .bytes = bytes };
    return status_ok();
}

static void serve_unary(Call *call) {
    WireReply reply;
    wire_reply_init(&reply, call->arena);
    Status status = inflate_in_place(call);
    if (status_is_ok(&status))
        status = decide(call);
    if (status_is_ok(&status))
        status =
            call->method->row->serve(call->server->context, &call->request, call->arena, &reply);
    call_finish(call, &status, &reply);
}

static void finish_control(ControlCall *control, const Status *status, const WireReply *reply) {
    Call *call = LIST_ITEM(control, Call, control);
    WireReply empty;
    wire_reply_init(&empty, call->arena);
    call_finish(call, status, reply ? reply : &empty);
}

static void serve_later(Call *call) {
    Status status = inflate_in_place(call);
    call->control = (ControlCall){ .context = call->server->context,
                                   .arena = call->arena,
                                   .message = call->request,
                                   .deadline_ns = call->deadline_ns,
                                   .finish = finish_control };
    if (status_is_ok(&status))
        status = decide(call);
    if (status_is_ok(&status))
        call->method->row->begin(&call->control);
    else
        call_finish(call, &status, NULL);
}

static void serve_stream(Call *call) {
    bool as_it_is = call->method->row->stream->takes_messages;
    Status status = as_it_is ? status_ok() : inflate_in_place(call);
    if (status_is_ok(&status))
        stream_message(call, &call->request);
    else
        stream_finish(call, &status);
}

static void on_received(void *user, bool ok) {
    Call *call = user;
    MethodKind kind = call->method->row->kind;
    bool has_message = ok && call->message;
    Status status = status_ok();
    if (has_message)
        status = take_message(call);
    else if (kind != METHOD_STREAM)
        status = status_error(STATUS_INVALID_ARGUMENT, "the call ended without a request message");

    if (kind == METHOD_STREAM && !has_message)
        stream_message(call, NULL);
    else if (kind == METHOD_STREAM && !status_is_ok(&status))
        stream_finish(call, &status);
    else if (!status_is_ok(&status))
        call_finish(call, &status, NULL);
    else if (kind == METHOD_STREAM)
        serve_stream(call);
    else if (kind == METHOD_UNARY)
        serve_unary(call);
    else if (kind == METHOD_LATER)
        serve_later(call);
    else
        call_infer_start(call);
    call_unref(call); /* the operation's; those above held their own */
}

static void on_finished(void *user, bool ok) {
    (void)ok;
    call_unref(user);
}

/* --- slots and the list of Calls --- */

static void on_written(void *user, bool ok) {
    Call *call = user;
    stream_written(call, ok);
    call_unref(call);
}

static Status call_new(RpcServer *server, Call **ret_call) {
    AUTO(free) Call *call = calloc(1, sizeof *call);
    if (!call)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    TRY(arena_new(ARENA_FIRST_BYTES,
                  MAX_OF(server->context->request_arena_bytes, (size_t)ARENA_FIRST_BYTES),
                  &call->arena));
    call->server = server;
    call->arrived = (RpcTag){ on_arrived, call };
    call->closed = (RpcTag){ on_closed, call };
    call->received = (RpcTag){ on_received, call };
    call->written = (RpcTag){ on_written, call };
    call->finished = (RpcTag){ on_finished, call };
    grpc_metadata_array_init(&call->metadata);
    list_init(&call->node);
    list_init(&call->stream.node);
    *ret_call = TAKE(call);
    return status_ok();
}

void call_free(Call *call) {
    grpc_metadata_array_destroy(&call->metadata);
    arena_free(call->arena);
    free(call);
}

/* NULL: there is none, the caller makes one. */
static Call *take_idle(RpcServer *server) {
    LOCKED(&server->idle_mutex);
    server->calls_out++;
    ListNode *node = list_pop_front(&server->idle_calls);
    if (!node)
        return NULL;
    server->idle_count--;
    return LIST_ITEM(node, Call, node);
}

void call_post(MethodState *method) {
    static LogLimit limit;
    RpcServer *server = method->server;
    if (atomic_load(&server->stopping))
        return;
    Call *call = take_idle(server);
    if (!call) {
        Status status = call_new(server, &call);
        if (!status_is_ok(&status)) {
            log_event_limited(&limit, LOG_ERROR, "slot_lost", "reason=%s",
                              LOG_TEXT(status.message));
            LOCKED(&server->idle_mutex);
            server->calls_out--;
            return;
        }
    }
    call->method = method;
    atomic_store_explicit(&call->references, 1, memory_order_relaxed);
    if (!method->row)
        grpc_call_details_init(&call->details);
    grpc_call_error error =
        method->row
            ? grpc_server_request_registered_call(server->server, method->registered, &call->call,
                                                  &call->core_deadline, &call->metadata, NULL,
                                                  server->queue, server->queue, &call->arrived)
            : grpc_server_request_call(server->server, &call->call, &call->details, &call->metadata,
                                       server->queue, server->queue, &call->arrived);
    assert(error == GRPC_CALL_OK);
    (void)error;
}

Call *call_ref(Call *call) {
    atomic_fetch_add_explicit(&call->references, 1, memory_order_relaxed);
    return call;
}

static void clear_call(Call *call) {
    RpcServer *server = call->server;
    overload_arrived(&server->context->overload, call->infer.foreseen);
    call->infer.foreseen = 0;
    if (call->call) {
        call_charge(call, 0);
        grpc_call_unref(call->call);
        atomic_fetch_sub_explicit(&server->live_calls, 1, memory_order_relaxed);
    }
    if (!call->method->row)
        grpc_call_details_destroy(&call->details);
    call_release_message(call);
    if (call->method->row && call->method->row->stream && call->method->row->stream->release)
        call->method->row->stream->release(call);
    caller_deinit(&call->caller);
    call->call = NULL;
    call->metadata.count = 0; /* the core has its entries back; the array is used again */
    call->cancelled = 0;
    atomic_store_explicit(&call->infer.flags, 0, memory_order_relaxed);
    call->infer.request = (InferRequest){ 0 };
    call->wire = (WireInfer){ 0 };
    call->stream = (CallStream){ 0 };
    list_init(&call->stream.node);
    arena_reset(call->arena);
}

void call_unref(Call *call) {
    enum { IDLE_CALLS_MAX = 512 };
    if (atomic_fetch_sub_explicit(&call->references, 1, memory_order_acq_rel) != 1)
        return;
    RpcServer *server = call->server;
    clear_call(call);
    mutex_lock(&server->idle_mutex);
    bool keep = server->idle_count < IDLE_CALLS_MAX;
    if (keep) {
        list_push_front(&server->idle_calls, &call->node);
        server->idle_count++;
    }
    /* Under the lock to the end: whoever waits for the last call frees the server right after. */
    if (--server->calls_out == 0)
        cond_signal(&server->all_idle);
    mutex_unlock(&server->idle_mutex);
    if (!keep)
        call_free(call);
}
