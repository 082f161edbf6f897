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

void call_record(Call *call, const Status *status) {
    static LogLimit limit;
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
    call_record(call, &sent);
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
