/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One tag an operation; each that is under way counts as outstanding, so client_poll waits for it.
 * A read is always posted while the inbox has room: flow control then never holds up both sides at
 * once until so many answers wait. The status is asked for at the start and comes last. Thread: the
 * client's.
 */

#include "clients/c/stream.h"

#include "clients/c/client_internal.h"
#include "clients/c/predict_protocol.h"
#include "clients/c/wire_split.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include "inference/grpc_service.pb-c.h"

#include <assert.h>
#include <grpc/byte_buffer.h>
#include <grpc/slice.h>

const char *const CLIENT_STREAM_METHOD = "/inference.GRPCInferenceService/ModelStreamInfer";

typedef struct Operation {
    ClientTag tag;
    ClientStream *stream;
    bool is_busy, ok;
} Operation;

struct ClientStream {
    Client *client;
    grpc_call *call;
    Operation start, head, write, read, end;
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *arrived; /* by the read under way */
    grpc_byte_buffer *inbox[STREAM_INBOX_MAX];
    size_t first, count;
    bool no_more; /* a read found the end */
    grpc_status_code code;
    grpc_slice details;
};

static Operation *operation_of(ClientTag *tag, bool ok) {
    Operation *operation = LIST_ITEM(tag, Operation, tag);
    operation->is_busy = false;
    operation->ok = ok;
    operation->stream->client->outstanding--;
    return operation;
}

static void note_done(ClientTag *tag, bool ok) {
    (void)operation_of(tag, ok);
}

static void begin(ClientStream *stream, Operation *operation, const grpc_op *ops, size_t count) {
    operation->is_busy = true;
    stream->client->outstanding++;
    grpc_call_error error = grpc_call_start_batch(stream->call, ops, count, &operation->tag, NULL);
    assert(error == GRPC_CALL_OK);
}

static void post_read(ClientStream *stream) {
    if (stream->no_more || stream->read.is_busy || stream->count == STREAM_INBOX_MAX)
        return;
    stream->arrived = NULL;
    begin(stream, &stream->read,
          &(grpc_op){ .op = GRPC_OP_RECV_MESSAGE,
                      .data.recv_message.recv_message = &stream->arrived },
          1);
}

static void note_read(ClientTag *tag, bool ok) {
    ClientStream *stream = operation_of(tag, ok)->stream;
    if (!stream->arrived) {
        stream->no_more = true;
        return;
    }
    stream->inbox[(stream->first + stream->count++) % STREAM_INBOX_MAX] = TAKE(stream->arrived);
    post_read(stream);
}

static void wait_for(const ClientStream *stream, const Operation *operation) {
    while (operation->is_busy)
        client_poll(stream->client, TIME_NEVER);
}

Status client_stream_new(Client *client, const char *method, uint64_t timeout_ns,
                         ClientStream **ret_stream) {
    ClientStream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    stream->client = client;
    stream->details = grpc_empty_slice();
    Operation *operations[] = { &stream->start, &stream->head, &stream->write, &stream->read,
                                &stream->end };
    for (size_t i = 0; i < ARRAY_LENGTH(operations); i++)
        *operations[i] = (Operation){ .tag.run = note_done, .stream = stream };
    stream->read.tag.run = note_read;
    grpc_metadata_array_init(&stream->initial);
    grpc_metadata_array_init(&stream->trailing);
    uint64_t deadline_ns = time_after(clock_now_ns(clock_monotonic()), timeout_ns);
    stream->call = grpc_channel_create_call(
        client->channels[client->next_channel++ % client->channel_count], NULL,
        GRPC_PROPAGATE_DEFAULTS, client->queue, grpc_slice_from_static_string(method), NULL,
        client_timespec(deadline_ns), NULL);
    grpc_metadata header;
    grpc_op start = { .op = GRPC_OP_SEND_INITIAL_METADATA };
    start.data.send_initial_metadata.count = client_metadata(client, &header);
    start.data.send_initial_metadata.metadata = &header;
    grpc_op end = { .op = GRPC_OP_RECV_STATUS_ON_CLIENT };
    end.data.recv_status_on_client.trailing_metadata = &stream->trailing;
    end.data.recv_status_on_client.status = &stream->code;
    end.data.recv_status_on_client.status_details = &stream->details;
    grpc_op head = { .op = GRPC_OP_RECV_INITIAL_METADATA };
    head.data.recv_initial_metadata.recv_initial_metadata = &stream->initial;
    begin(stream, &stream->end, &end, 1);
    begin(stream, &stream->start, &start, 1);
    begin(stream, &stream->head, &head, 1);
    post_read(stream);
    *ret_stream = stream;
    return status_ok();
}

void client_stream_free(ClientStream *stream) {
    if (!stream)
        return;
    const Operation *operations[] = { &stream->start, &stream->head, &stream->write, &stream->read,
                                      &stream->end };
    grpc_call_cancel(stream->call, NULL); /* nothing, if it is over */
    for (size_t i = 0; i < ARRAY_LENGTH(operations); i++)
        wait_for(stream, operations[i]);
    for (; stream->count > 0; stream->count--)
        grpc_byte_buffer_destroy(
            stream->inbox[(stream->first + stream->count - 1) % STREAM_INBOX_MAX]);
    grpc_call_unref(stream->call);
    grpc_slice_unref(stream->details);
    grpc_metadata_array_destroy(&stream->initial);
    grpc_metadata_array_destroy(&stream->trailing);
    free(stream);
}

/* Why nothing can be sent: the stream is over. */
static Status closed(ClientStream *stream) {
    grpc_call_cancel(stream->call, NULL);
    wait_for(stream, &stream->end);
    Status status = client_status(stream->code, stream->details);
    return status_is_ok(&status)
               ? status_error(STATUS_FAILED_PRECONDITION, "the server ended the stream")
               : status;
}

static Status write_op(ClientStream *stream, const grpc_op *op) {
    wait_for(stream, &stream->start);
    begin(stream, &stream->write, op, 1);
    wait_for(stream, &stream->write);
    return stream->write.ok ? status_ok() : closed(stream);
}

Status client_stream_send(ClientStream *stream, ClientMessage *message) {
    grpc_byte_buffer *shell = grpc_byte_buffer_copy(message->buffer);
    Status sent = write_op(
        stream, &(grpc_op){ .op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = shell });
    grpc_byte_buffer_destroy(shell);
    return sent;
}

Status client_stream_finish(ClientStream *stream) {
    return write_op(stream, &(grpc_op){ .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT });
}

Status client_stream_receive(ClientStream *stream, ClientReply *ret_reply) {
    *ret_reply = (ClientReply){ 0 };
    post_read(stream);
    while (stream->count == 0 && stream->read.is_busy)
        client_poll(stream->client, TIME_NEVER);
    if (stream->count == 0) {
        wait_for(stream, &stream->end);
        return client_status(stream->code, stream->details);
    }
    client_reply_take(stream->inbox[stream->first], ret_reply);
    stream->first = (stream->first + 1) % STREAM_INBOX_MAX;
    stream->count--;
    if (!ret_reply->data)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    return status_ok();
}

Status client_stream_decode(ClientReply *reply, Arena *arena, ClientPrediction *ret_prediction) {
    enum { INFER_RESPONSE = 2 };
    ClientBytes *responses = NULL, head = { 0 };
    size_t count = 0;
    Inference__ModelStreamInferResponse *message = NULL;
    ClientPrediction prediction = { 0 };
    TRY(wire_split((ClientBytes){ .data = reply->data, .bytes = reply->bytes }, INFER_RESPONSE,
                   arena, &responses, &count, &head));
    TRY(message_unpack(&inference__model_stream_infer_response__descriptor, head,
                       CLIENT_STREAM_METHOD, arena, &message));
    if (*message->error_message)
        return status_error(STATUS_UNKNOWN, "%s", message->error_message);
    if (count == 0)
        return status_error(STATUS_INTERNAL,
                            "the stream's answer holds neither tensors nor an error");
    TRY(client_predict_view(CLIENT_INFERENCE, responses[count - 1], arena, &prediction));
    prediction.reply = *reply;
    *reply = (ClientReply){ 0 };
    *ret_prediction = prediction;
    return status_ok();
}
