/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A Call as the transport of an inference (server/infer.h): how its message is inflated, how it
 * ends. Thread: rpc to start and to cancel; whoever works on the call for the rest.
 */

#include "runtime/base/list.h"
#include "runtime/base/size.h"
#include "server/rpc/call.h"

static Call *call_of(InferCall *infer) {
    return LIST_ITEM(infer, Call, infer);
}

static Status inflate_message(InferCall *infer) {
    Call *call = call_of(infer);
    RpcServer *server = call->server;
    Span *span = arena_alloc(call->arena, sizeof *span);
    if (!span)
        return arena_exhausted(call->arena);
    size_t bytes;
    size_t limit = admission_inflate_limit(&server->limits, call->request.bytes);
    TRY(slices_inflate(&call->request, limit, &call->inflated, &bytes));
    *span = (Span){ call->inflated, bytes };
    infer->message = (Spans){ .items = span, .count = 1, .bytes = bytes };
    return admission_body(&server->limits, call_charge(call, call->reserved_bytes + bytes), bytes);
}

/* The first few KiB are what every call has. */
static Status charge_arena(InferCall *infer, size_t arena_bytes) {
    enum { FREE_BYTES = 8192 };
    Call *call = call_of(infer);
    if (arena_bytes <= FREE_BYTES)
        return status_ok();
    size_t together = call_charge(call, call->reserved_bytes + arena_bytes);
    return admission_body(&call->server->limits, together, call->request.bytes);
}

static void let_go(InferCall *infer) {
    Call *call = call_of(infer);
    if (!call->message)
        return;
    size_t held = slices_charge(call->message) + (call->inflated ? infer->message.bytes : 0);
    call_release_message(call);
    call_charge(call, call->reserved_bytes - MIN_OF(held, call->reserved_bytes));
}

static void finish(InferCall *infer, const Status *status, const WireReply *reply) {
    call_finish(call_of(infer), status, reply);
}

static uint64_t peer(InferCall *infer) {
    return call_peer(call_of(infer));
}

static void ref(InferCall *infer) {
    call_ref(call_of(infer));
}

static void unref(InferCall *infer) {
    call_unref(call_of(infer));
}

static const InferTransport TRANSPORT = {
    .entry = ENTRY_GRPC,
    .open = inflate_message,
    .charge = charge_arena,
    .let_go = let_go,
    .no_responses = "ModelInfer RPC doesn't support models with decoupled transaction policy",
    .finish = finish,
    .ref = ref,
    .unref = unref,
    .peer = peer,
};

void call_infer_start(Call *call) {
    RpcServer *server = call->server;
    InferCall *infer = &call->infer;
    infer->context = server->context;
    infer->transport = &TRANSPORT;
    infer->protocol = call->method->row->infer;
    infer->arena = call->arena;
    infer->wire = &call->wire;
    infer->caller = &call->caller;
    infer->arrived_ns = call->arrived_ns;
    infer->deadline_ns = call->deadline_ns;
    infer->must_open = call->message->data.raw.compression != GRPC_COMPRESS_NONE;
    infer->message = call->request;
    if (infer_start(infer))
        server->submitted = true;
}

void call_infer_cancel(Call *call) {
    infer_cancel(&call->infer);
}
