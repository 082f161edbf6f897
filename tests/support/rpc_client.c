/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* See rpc_client.h. Each call has a completion queue of its own, which makes waiting for one
 * operation simple. */

#include "tests/support/rpc_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/rpc/core_compat.h"

enum { WAIT_SECONDS = 30 };

struct RpcClient {
    grpc_channel *channel;
};

struct RpcCall {
    grpc_call *call;
    grpc_completion_queue *queue;
    grpc_metadata_array initial, trailing;
    grpc_status_code code;
    grpc_slice details;
    grpc_byte_buffer *message;
    bool status_done, start_done;
};

enum { TAG_START = 1, TAG_SEND, TAG_STATUS, TAG_READ };

static void die(const char *what) {
    fprintf(stderr, "rpc_client: %s\n", what);
    abort();
}

RpcClient *rpc_client_new(int port) {
    char target[64];
    snprintf(target, sizeof target, "127.0.0.1:%d", port);
    grpc_arg args[] = {
        { .type = GRPC_ARG_INTEGER,
          .key = (char *)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH,
          .value.integer = -1 },
        { .type = GRPC_ARG_INTEGER,
          .key = (char *)GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
          .value.integer = 1 },
        { .type = GRPC_ARG_INTEGER, .key = (char *)GRPC_ARG_ENABLE_HTTP_PROXY, .value.integer = 0 },
    };
    grpc_channel_args list = { sizeof args / sizeof args[0], args };
    grpc_channel_credentials *credentials = grpc_insecure_credentials_create();
    RpcClient *client = calloc(1, sizeof *client);
    client->channel = grpc_channel_create(target, credentials, &list);
    grpc_channel_credentials_release(credentials);
    return client;
}

void rpc_client_free(RpcClient *client) {
    grpc_channel_destroy(client->channel);
    free(client);
}

static void start(RpcCall *call, const grpc_op *ops, size_t count, intptr_t tag) {
    grpc_call_error error = grpc_call_start_batch(call->call, ops, count, (void *)tag, NULL);
    if (error != GRPC_CALL_OK)
        die(grpc_call_error_to_string(error));
}

/* Waits for that tag; a status or the first batch that comes meanwhile is remembered. */
static void wait_for(RpcCall *call, intptr_t tag) {
    while (!(tag == TAG_STATUS && call->status_done) && !(tag == TAG_START && call->start_done)) {
        gpr_timespec limit = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                          gpr_time_from_seconds(WAIT_SECONDS, GPR_TIMESPAN));
        grpc_event event = grpc_completion_queue_next(call->queue, limit, NULL);
        if (event.type != GRPC_OP_COMPLETE)
            die("no answer in time");
        if ((intptr_t)event.tag == TAG_STATUS)
            call->status_done = true;
        if ((intptr_t)event.tag == TAG_START)
            call->start_done = true;
        if ((intptr_t)event.tag == tag)
            return;
    }
}

static grpc_byte_buffer *buffer_of(const void *body, size_t length) {
    grpc_slice slice = grpc_slice_from_copied_buffer(body, length);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

RpcCall *rpc_call_start(RpcClient *client, const RpcAsk *ask) {
    RpcCall *call = calloc(1, sizeof *call);
    call->queue = grpc_completion_queue_create_for_next(NULL);
    grpc_metadata_array_init(&call->initial);
    grpc_metadata_array_init(&call->trailing);
    int timeout_ms = ask->timeout_ms ? ask->timeout_ms : 20000;
    gpr_timespec deadline =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(timeout_ms, GPR_TIMESPAN));
    call->call =
        grpc_channel_create_call(client->channel, NULL, GRPC_PROPAGATE_DEFAULTS, call->queue,
                                 grpc_slice_from_static_string(ask->path), NULL, deadline, NULL);
    grpc_metadata encoding = {
        .key = grpc_slice_from_static_string("grpc-internal-encoding-request"),
        .value = grpc_slice_from_static_string(ask->encoding ? ask->encoding : "")
    };
    grpc_op ops[3] = { { .op = GRPC_OP_SEND_INITIAL_METADATA } };
    size_t count = 1;
    if (ask->encoding) {
        ops[0].data.send_initial_metadata.count = 1;
        ops[0].data.send_initial_metadata.metadata = &encoding;
    }
    grpc_byte_buffer *body = NULL;
    if (!ask->no_message && ask->body) {
        body = buffer_of(ask->body, ask->length);
        ops[count] = (grpc_op){ .op = GRPC_OP_SEND_MESSAGE };
        ops[count++].data.send_message.send_message = body;
    }
    if (!ask->keep_open)
        ops[count++] = (grpc_op){ .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT };
    start(call, ops, count, TAG_START);
    grpc_op status = { .op = GRPC_OP_RECV_STATUS_ON_CLIENT };
    status.data.recv_status_on_client.trailing_metadata = &call->trailing;
    status.data.recv_status_on_client.status = &call->code;
    status.data.recv_status_on_client.status_details = &call->details;
    start(call, &status, 1, TAG_STATUS);
    grpc_op initial = { .op = GRPC_OP_RECV_INITIAL_METADATA };
    initial.data.recv_initial_metadata.recv_initial_metadata = &call->initial;
    start(call, &initial, 1, 0);
    if (body)
        grpc_byte_buffer_destroy(body);
    return call;
}

void rpc_call_cancel(RpcCall *call) {
    grpc_call_cancel(call->call, NULL);
}

void rpc_call_send(RpcCall *call, const void *body, size_t length) {
    wait_for(call, TAG_START);
    grpc_byte_buffer *buffer = buffer_of(body, length);
    grpc_op op = { .op = GRPC_OP_SEND_MESSAGE };
    op.data.send_message.send_message = buffer;
    start(call, &op, 1, TAG_SEND);
    wait_for(call, TAG_SEND);
    grpc_byte_buffer_destroy(buffer);
}

void rpc_call_half_close(RpcCall *call) {
    wait_for(call, TAG_START);
    grpc_op op = { .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT };
    start(call, &op, 1, TAG_SEND);
}

static void take_message(grpc_byte_buffer *message, RpcAnswer *answer) {
    grpc_slice_buffer *slices = &message->data.raw.slice_buffer;
    answer->length = slices->length;
    answer->bytes = malloc(slices->length + 1);
    size_t used = 0;
    for (size_t i = 0; i < slices->count; i++) {
        memcpy(answer->bytes + used, GRPC_SLICE_START_PTR(slices->slices[i]),
               GRPC_SLICE_LENGTH(slices->slices[i]));
        used += GRPC_SLICE_LENGTH(slices->slices[i]);
    }
}

bool rpc_call_read(RpcCall *call, RpcAnswer *ret_answer) {
    *ret_answer = (RpcAnswer){ 0 };
    grpc_op op = { .op = GRPC_OP_RECV_MESSAGE };
    op.data.recv_message.recv_message = &call->message;
    start(call, &op, 1, TAG_READ);
    wait_for(call, TAG_READ);
    if (!call->message)
        return false;
    take_message(call->message, ret_answer);
    grpc_byte_buffer_destroy(call->message);
    call->message = NULL;
    return true;
}

void rpc_call_finish(RpcCall *call, RpcAnswer *ret_answer) {
    RpcAnswer answer;
    rpc_call_read(call, &answer);
    wait_for(call, TAG_STATUS);
    answer.code = (int)call->code;
    size_t length = GRPC_SLICE_LENGTH(call->details);
    snprintf(answer.details, sizeof answer.details, "%.*s", (int)length,
             (const char *)GRPC_SLICE_START_PTR(call->details));
    grpc_slice_unref(call->details);
    grpc_metadata_array_destroy(&call->initial);
    grpc_metadata_array_destroy(&call->trailing);
    grpc_call_unref(call->call);
    grpc_completion_queue_shutdown(call->queue);
    gpr_timespec limit = gpr_inf_future(GPR_CLOCK_MONOTONIC);
    while (grpc_completion_queue_next(call->queue, limit, NULL).type != GRPC_QUEUE_SHUTDOWN)
        ;
    grpc_completion_queue_destroy(call->queue);
    free(call);
    *ret_answer = answer;
}

void rpc_answer_free(RpcAnswer *answer) {
    free(answer->bytes);
    *answer = (RpcAnswer){ 0 };
}

void rpc_client_ask(RpcClient *client, const RpcAsk *ask, RpcAnswer *ret_answer) {
    rpc_call_finish(rpc_call_start(client, ask), ret_answer);
}
