/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One batch of six operations a call, one tag, one completion queue. Call records are pooled, and
 * methods are registered once per channel, so that a busy client allocates nothing of its own per
 * call. Thread: the one that polls.
 */

#include "clients/c/client.h"

#include "clients/c/client_channel.h"
#include "runtime/base/clock.h"
#include "runtime/base/list.h"
#include "runtime/base/size.h"

#include <assert.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <stdio.h>
#include <string.h>

enum { METHODS_MAX = 32 };

struct ClientMessage {
    grpc_byte_buffer *buffer;
};

typedef struct Call {
    ListNode node; /* in Client.idle or Client.busy */
    grpc_call *call;
    ClientDone done;
    void *user;
    bool want_reply;
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *reply;
    grpc_status_code code;
    grpc_slice details;
} Call;

typedef struct Method {
    const char *path;
    void **handles; /* one a channel */
} Method;

struct Client {
    size_t channel_count, next_channel, outstanding, method_count;
    grpc_channel **channels;
    char *authorization; /* header; NULL */
    grpc_completion_queue *queue;
    Method methods[METHODS_MAX];
    ListNode idle, busy;
};

Status client_new(const ClientOptions *options, Client **ret_client) {
    AUTO(client_free) Client *client = calloc(1, sizeof *client);
    if (!client)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    grpc_init();
    list_init(&client->idle);
    list_init(&client->busy);
    client->queue = grpc_completion_queue_create_for_next(NULL);
    size_t count = MAX_OF(options->connections, (size_t)1);
    client->channels = calloc(count, sizeof(grpc_channel *));
    if (!client->channels)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    TRY(client_authorization(options, &client->authorization));
    for (; client->channel_count < count; client->channel_count++)
        TRY(client_channel_new(options, &client->channels[client->channel_count]));
    *ret_client = TAKE(client);
    return status_ok();
}

static void free_call(Call *call) {
    grpc_metadata_array_destroy(&call->initial);
    grpc_metadata_array_destroy(&call->trailing);
    free(call);
}

void client_free(Client *client) {
    if (!client)
        return;
    LIST_FOR_EACH (node, &client->busy) {
        grpc_call_cancel(LIST_ITEM(node, Call, node)->call, NULL);
    }
    while (client->outstanding > 0)
        client_poll(client, TIME_NEVER);
    for (ListNode *node; (node = list_pop_front(&client->idle));)
        free_call(LIST_ITEM(node, Call, node));
    for (size_t i = 0; i < client->channel_count; i++)
        grpc_channel_destroy(client->channels[i]);
    for (size_t i = 0; i < client->method_count; i++)
        free(client->methods[i].handles);
    free(client->channels);
    free(client->authorization);
    grpc_completion_queue_shutdown(client->queue);
    while (
        grpc_completion_queue_next(client->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type !=
        GRPC_QUEUE_SHUTDOWN)
        continue;
    grpc_completion_queue_destroy(client->queue);
    free(client);
    grpc_shutdown();
}

Status client_message_new(const void *bytes, size_t length, ClientMessage **ret_message) {
    ClientMessage *message = malloc(sizeof *message);
    if (!message)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    grpc_slice slice = grpc_slice_from_copied_buffer(bytes, length);
    message->buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    *ret_message = message;
    return status_ok();
}

void client_message_free(ClientMessage *message) {
    if (!message)
        return;
    grpc_byte_buffer_destroy(message->buffer);
    free(message);
}

void client_reply_deinit(ClientReply *reply) {
    free(reply->data);
    *reply = (ClientReply){ 0 };
}

/* The method's handles, registered with every channel when it is first used. */
static void **find_method(Client *client, const char *path) {
    for (size_t i = 0; i < client->method_count; i++)
        if (strcmp(client->methods[i].path, path) == 0)
            return client->methods[i].handles;
    void **handles =
        client->method_count < METHODS_MAX ? calloc(client->channel_count, sizeof *handles) : NULL;
    if (!handles)
        return NULL;
    for (size_t i = 0; i < client->channel_count; i++)
        handles[i] = grpc_channel_register_call(client->channels[i], path, NULL, NULL);
    client->methods[client->method_count++] = (Method){ .path = path, .handles = handles };
    return handles;
}

static Call *take_call(Client *client) {
    ListNode *node = list_pop_front(&client->idle);
    if (node)
        return LIST_ITEM(node, Call, node);
    Call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    list_init(&call->node);
    grpc_metadata_array_init(&call->initial);
    grpc_metadata_array_init(&call->trailing);
    return call;
}

static gpr_timespec deadline_of(uint64_t timeout_ns) {
    if (timeout_ns > INT64_MAX)
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                        gpr_time_from_nanos((int64_t)timeout_ns, GPR_TIMESPAN));
}

/* The core takes the slices out of the buffer it is given, so each call gets a shell of its own
 * over the same bytes. */
static void start_batch(const Client *client, Call *call, ClientMessage *message) {
    grpc_byte_buffer *shell = grpc_byte_buffer_copy(message->buffer);
    grpc_metadata header = { .key = grpc_slice_from_static_string("authorization") };
    if (client->authorization)
        header.value = grpc_slice_from_static_string(client->authorization);
    grpc_op ops[6] = {
        { .op = GRPC_OP_SEND_INITIAL_METADATA,
          .data.send_initial_metadata = { .count = client->authorization ? 1 : 0,
                                          .metadata = &header } },
        { .op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = shell },
        { .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT },
        { .op = GRPC_OP_RECV_INITIAL_METADATA,
          .data.recv_initial_metadata.recv_initial_metadata = &call->initial },
        { .op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &call->reply },
        { .op = GRPC_OP_RECV_STATUS_ON_CLIENT,
          .data.recv_status_on_client = { .trailing_metadata = &call->trailing,
                                          .status = &call->code,
                                          .status_details = &call->details } },
    };
    grpc_call_error error = grpc_call_start_batch(call->call, ops, ARRAY_LENGTH(ops), call, NULL);
    assert(error == GRPC_CALL_OK);
    grpc_byte_buffer_destroy(shell);
}

Status client_start(Client *client, const ClientCall *spec) {
    void **handles = find_method(client, spec->method);
    Call *call = handles ? take_call(client) : NULL;
    if (!call)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    size_t channel = client->next_channel++ % client->channel_count;
    call->done = spec->done;
    call->user = spec->user;
    call->want_reply = spec->want_reply;
    call->reply = NULL;
    call->details = grpc_empty_slice();
    call->call = grpc_channel_create_registered_call(
        client->channels[channel], NULL, GRPC_PROPAGATE_DEFAULTS, client->queue, handles[channel],
        deadline_of(spec->timeout_ns), NULL);
    start_batch(client, call, spec->message);
    list_push_back(&client->busy, &call->node);
    client->outstanding++;
    return status_ok();
}

/* Joins the reply's slices; data stays NULL when memory is out. */
static void join_reply(grpc_byte_buffer *buffer, ClientReply *reply) {
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, buffer))
        return;
    reply->data = malloc(MAX_OF(grpc_byte_buffer_length(buffer), (size_t)1));
    grpc_slice *slice;
    while (reply->data && grpc_byte_buffer_reader_peek(&reader, &slice)) {
        memcpy((char *)reply->data + reply->bytes, GRPC_SLICE_START_PTR(*slice),
               GRPC_SLICE_LENGTH(*slice));
        reply->bytes += GRPC_SLICE_LENGTH(*slice);
    }
    grpc_byte_buffer_reader_destroy(&reader);
}

static void finish_call(Client *client, Call *call) {
    AUTO(client_reply_deinit) ClientReply reply = { 0 };
    Status status = status_ok();
    size_t reply_bytes = 0;
    if (call->code != GRPC_STATUS_OK)
        status = status_error((StatusCode)call->code, "%.*s", (int)GRPC_SLICE_LENGTH(call->details),
                              (const char *)GRPC_SLICE_START_PTR(call->details));
    else if (call->reply)
        reply_bytes = grpc_byte_buffer_length(call->reply);
    if (call->want_reply && call->reply && status_is_ok(&status))
        join_reply(call->reply, &reply);

    if (call->reply)
        grpc_byte_buffer_destroy(call->reply);
    grpc_slice_unref(call->details);
    grpc_call_unref(call->call);
    grpc_metadata_array_destroy(&call->initial);
    grpc_metadata_array_destroy(&call->trailing);
    grpc_metadata_array_init(&call->initial);
    grpc_metadata_array_init(&call->trailing);
    list_remove(&call->node);
    list_push_front(&client->idle, &call->node);
    client->outstanding--;
    call->done(call->user, &status, reply_bytes, &reply);
}

static gpr_timespec absolute(uint64_t deadline_ns) {
    if (deadline_ns > INT64_MAX)
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    return gpr_time_add(gpr_time_0(GPR_CLOCK_MONOTONIC),
                        gpr_time_from_nanos((int64_t)deadline_ns, GPR_TIMESPAN));
}

size_t client_poll(Client *client, uint64_t deadline_ns) {
    size_t ended = 0;
    gpr_timespec deadline = absolute(deadline_ns);
    while (client->outstanding > 0) {
        grpc_event event = grpc_completion_queue_next(client->queue, deadline, NULL);
        if (event.type != GRPC_OP_COMPLETE)
            break;
        finish_call(client, event.tag);
        ended++;
        deadline = gpr_inf_past(GPR_CLOCK_MONOTONIC); /* then only what has ended already */
    }
    return ended;
}

size_t client_outstanding(const Client *client) {
    return client->outstanding;
}

typedef struct Waiting {
    bool done;
    Status status;
    ClientReply reply;
} Waiting;

static void note_end(void *user, const Status *status, size_t reply_bytes, ClientReply *reply) {
    Waiting *waiting = user;
    (void)reply_bytes;
    waiting->done = true;
    waiting->status = *status;
    waiting->reply = *reply;
    *reply = (ClientReply){ 0 };
}

Status client_unary(Client *client, const char *method, const void *request, size_t request_bytes,
                    uint64_t timeout_ns, ClientReply *ret_reply) {
    AUTO(client_message_free) ClientMessage *message = NULL;
    TRY(client_message_new(request, request_bytes, &message));
    Waiting waiting = { .done = false };
    TRY(client_start(client, &(ClientCall){ .method = method,
                                            .message = message,
                                            .timeout_ns = timeout_ns,
                                            .want_reply = true,
                                            .done = note_end,
                                            .user = &waiting }));
    while (!waiting.done)
        client_poll(client, TIME_NEVER);
    TRY(waiting.status);
    *ret_reply = waiting.reply;
    return status_ok();
}
