/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How a call ends: the status, with a hint when to try again where there is one, and the reply.
 * call_finish is the one way out of unary calls and inferences; streams send their status
 * themselves (stream.c) and come here to be counted. Thread: whoever works on the call.
 */

#include "runtime/base/log.h"
#include "server/rpc/call.h"

#include <stdio.h>

grpc_op call_status_op(const Status *status, CallTrailer *trailer) {
    grpc_op op = { .op = GRPC_OP_SEND_STATUS_FROM_SERVER };
    trailer->details = grpc_empty_slice();
    trailer->pushback = (grpc_metadata){ .key = grpc_empty_slice(), .value = grpc_empty_slice() };
    op.data.send_status_from_server.status = (grpc_status_code)status->code;
    if (!status_is_ok(status)) {
        trailer->details = grpc_slice_from_copied_string(status->message);
        op.data.send_status_from_server.status_details = &trailer->details;
    }
    if (status->retry_ms) { /* gRFC A6: clients that retry do it then, and not sooner */
        char text[16];
        int length = snprintf(text, sizeof text, "%u", status->retry_ms);
        trailer->pushback.key = grpc_slice_from_static_string("grpc-retry-pushback-ms");
        trailer->pushback.value = grpc_slice_from_copied_buffer(text, (size_t)length);
        op.data.send_status_from_server.trailing_metadata_count = 1;
        op.data.send_status_from_server.trailing_metadata = &trailer->pushback;
    }
    return op;
}

void call_trailer_deinit(CallTrailer *trailer) {
    grpc_slice_unref(trailer->details);
    grpc_slice_unref(trailer->pushback.value);
}

/* As far as it is known: the message is still there. */
static StringView model_of(const Call *call, char *name, size_t bytes) {
    StringView model = { "", 0 };
    const MethodRow *row = call->method->row;
    if (row && row->kind == METHOD_INFER)
        return call->wire.model;
    if (!row || row->kind == METHOD_STREAM || !call->message || !call->method->action)
        return model;
    Status status = action_model(call->method->action, &call->request, name, bytes, &model);
    return status_is_ok(&status) ? model : (StringView){ "", 0 };
}

static StringView header(const Call *call, const char *name) {
    for (size_t i = 0; i < call->metadata.count; i++) {
        const grpc_metadata *entry = &call->metadata.metadata[i];
        if (!grpc_slice_str_cmp(entry->key, name))
            return (StringView){ (const char *)GRPC_SLICE_START_PTR(entry->value),
                                 GRPC_SLICE_LENGTH(entry->value) };
    }
    return (StringView){ "", 0 };
}

static void audit(const Call *call, const Status *status, size_t reply_bytes) {
    enum { NAME_BYTES = 1024 };
    char name[NAME_BYTES];
    bool sampled;
    const MethodState *method = call->method;
    Action action = method->action ? method->action->action : ACTION_UNKNOWN;
    if (!audit_wants(&call->server->context->audit, action, &sampled))
        return;
    AuditEntry entry = { .transport = "grpc",
                         .method = method->row ? method->row->path : NULL,
                         .action = action,
                         .caller = &call->caller,
                         .model = model_of(call, name, sizeof name),
                         .code = status->code,
                         .arrived_ns = call->arrived_ns,
                         .request_bytes = call->message ? call->request.bytes : 0,
                         .reply_bytes = reply_bytes,
                         .traceparent = header(call, "traceparent") };
    audit_write(&entry, sampled);
}

void call_record(Call *call, const Status *status, size_t reply_bytes) {
    static LogLimit limit;
    audit(call, status, reply_bytes);
    metrics_record_call(call->server->context->metrics, status->code);
    if (status->code == STATUS_INTERNAL)
        log_event_limited(&limit, LOG_ERROR, "call_failed", "method=%s reason=%s",
                          call->method->row ? call->method->row->path : "unknown",
                          LOG_TEXT(status->message));
}

void call_finish(Call *call, const Status *status, const WireReply *reply) {
    grpc_byte_buffer *message = NULL;
    Status sent = *status;
    if (status_is_ok(status))
        sent = slices_encode(reply, &message);
    call_record(call, &sent, message ? reply->bytes : 0);
    request_release_outputs(&call->infer.request);
    lease_release(&call->infer.request.lease);
    call_release_message(call);
    call_charge(call, message ? reply->bytes : 0);

    grpc_op ops[3] = { { .op = GRPC_OP_SEND_INITIAL_METADATA } };
    size_t count = 1;
    if (message) {
        ops[count] = (grpc_op){ .op = GRPC_OP_SEND_MESSAGE };
        ops[count++].data.send_message.send_message = message;
    }
    CallTrailer trailer;
    ops[count++] = call_status_op(&sent, &trailer);
    /* From here on the call may end at any moment. */
    call_start(call, ops, count, &call->finished);
    if (sent.retry_ms)
        metrics_record_refusal(call->server->context->metrics, call->arrived_ns);
    call_unref(call);
    call_trailer_deinit(&trailer);
    if (message)
        grpc_byte_buffer_destroy(message); /* the shell; the core has taken the slices */
}
