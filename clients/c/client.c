/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One batch of six operations a call, one tag, one completion queue. Call records are pooled, and
 * methods are registered once per channel, so that a busy client allocates nothing of its own per
 * call. Thread: the one that polls.
 */

#include "clients/c/client.h"

#include "clients/c/client_channel.h"
#include "clients/c/client_internal.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <assert.h>
#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <stdio.h>
#include <string.h>

struct Call {
    ClientTag tag;
    ListNode node; /* in Client.idle or Client.busy */
    Client *client;
    grpc_call *call;
    CallEnded ended;
    ClientDone done; /* of who needs no pushback; else NULL */
    void *user;
    bool want_reply;
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *reply;
    grpc_status_code code;
    grpc_slice details;
};

Status client_new(const ClientOptions *options, Client **ret_client) {
    AUTO(client_free) Client *client = calloc(1, sizeof *client);
    if (!client)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    grpc_init();
    list_init(&client->idle);
    list_init(&client->busy);
    list_init(&client->hedges);
    client->wait_for_ready = options->wait_for_ready;
    client->hedge =
        (HedgePolicy){ .attempts = MIN_OF(options->hedges, (uint32_t)HEDGE_ATTEMPTS_MAX),
                       .delay_ns = options->hedge_delay_ns };
    client->budget.tenths = HEDGE_BUDGET_TENTHS;
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
    hedge_stop_all(client);
    LIST_FOR_EACH (node, &client->busy) {
        call_cancel(LIST_ITEM(node, Call, node));
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

static void finish_call(ClientTag *tag, bool ok);

static Call *take_call(Client *client) {
    ListNode *node = list_pop_front(&client->idle);
    if (node)
        return LIST_ITEM(node, Call, node);
    Call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->tag.run = finish_call;
    call->client = client;
    list_init(&call->node);
    grpc_metadata_array_init(&call->initial);
    grpc_metadata_array_init(&call->trailing);
    return call;
}

gpr_timespec client_timespec(uint64_t deadline_ns) {
    if (deadline_ns > INT64_MAX)
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    int64_t left_ns = (int64_t)deadline_ns - (int64_t)clock_now_ns(clock_monotonic());
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(left_ns, GPR_TIMESPAN));
}

size_t client_metadata(const Client *client, grpc_metadata *ret_metadata) {
    if (!client->authorization)
        return 0;
    *ret_metadata =
        (grpc_metadata){ .key = grpc_slice_from_static_string("authorization"),
                         .value = grpc_slice_from_static_string(client->authorization) };
    return 1;
}

/* The core takes the slices out of the buffer it is given, so each call gets a shell of its own
 * over the same bytes. */
static void start_batch(const Client *client, Call *call, grpc_byte_buffer *message) {
    grpc_byte_buffer *shell = grpc_byte_buffer_copy(message);
    grpc_metadata header;
    grpc_op ops[6] = {
        { .op = GRPC_OP_SEND_INITIAL_METADATA,
          .flags = client->wait_for_ready ? GRPC_INITIAL_METADATA_WAIT_FOR_READY |
                                                GRPC_INITIAL_METADATA_WAIT_FOR_READY_EXPLICITLY_SET
                                          : 0,
          .data.send_initial_metadata = { .count = client_metadata(client, &header),
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
    grpc_call_error error =
        grpc_call_start_batch(call->call, ops, ARRAY_LENGTH(ops), &call->tag, NULL);
    assert(error == GRPC_CALL_OK);
    grpc_byte_buffer_destroy(shell);
}

Status call_start(Client *client, const CallSpec *spec, Call **ret_call) {
    void **handles = find_method(client, spec->method);
    Call *call = handles ? take_call(client) : NULL;
    if (!call)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    size_t channel = client->next_channel++ % client->channel_count;
    call->ended = spec->ended;
    call->user = spec->user;
    call->want_reply = spec->want_reply;
    call->reply = NULL;
    call->details = grpc_empty_slice();
    call->call = grpc_channel_create_registered_call(
        client->channels[channel], NULL, GRPC_PROPAGATE_DEFAULTS, client->queue, handles[channel],
        client_timespec(spec->deadline_ns), NULL);
    *ret_call = call;
    list_push_back(&client->busy, &call->node);
    client->outstanding++;
    start_batch(client, call, spec->message);
    return status_ok();
}

void call_cancel(Call *call) {
    grpc_call_cancel(call->call, NULL);
}

Status client_start(Client *client, const ClientCall *spec) {
    Call *call;
    if (client->hedge.attempts > 1 && spec->may_hedge)
        return hedge_start(client, spec);
    uint64_t now_ns = clock_now_ns(clock_monotonic());
    TRY(call_start(client,
                   &(CallSpec){ .method = spec->method,
                                .message = spec->message->buffer,
                                .deadline_ns = time_after(now_ns, spec->timeout_ns),
                                .want_reply = spec->want_reply,
                                .user = spec->user },
                   &call));
    call->done = spec->done;
    return status_ok();
}

Status client_status(grpc_status_code code, grpc_slice details) {
    if (code == GRPC_STATUS_OK)
        return status_ok();
    return status_error((StatusCode)code, "%.*s", (int)GRPC_SLICE_LENGTH(details),
                        (const char *)GRPC_SLICE_START_PTR(details));
}

static Pushback find_pushback(const grpc_metadata_array *trailing) {
    static const char KEY[] = "grpc-retry-pushback-ms";
    for (size_t i = 0; i < trailing->count; i++)
        if (grpc_slice_str_cmp(trailing->metadata[i].key, KEY) == 0)
            return pushback_read((const char *)GRPC_SLICE_START_PTR(trailing->metadata[i].value),
                                 GRPC_SLICE_LENGTH(trailing->metadata[i].value));
    return (Pushback){ .kind = PUSHBACK_NONE };
}

/* Everything of the core's is given back, and the record is idle, before the caller hears of it: it
 * may start the next call from there. */
static void finish_call(ClientTag *tag, bool ok) {
    (void)ok; /* a batch with RECV_STATUS always is */
    Call *call = LIST_ITEM(tag, Call, tag);
    AUTO(client_reply_deinit) ClientReply reply = { 0 };
    Status status = client_status(call->code, call->details);
    Pushback pushback = find_pushback(&call->trailing);
    size_t reply_bytes =
        call->reply && status_is_ok(&status) ? grpc_byte_buffer_length(call->reply) : 0;
    if (call->want_reply && call->reply && status_is_ok(&status))
        client_reply_take(TAKE(call->reply), &reply);
    if (call->reply)
        grpc_byte_buffer_destroy(call->reply);
    grpc_slice_unref(call->details);
    grpc_call_unref(call->call);
    grpc_metadata_array_destroy(&call->initial);
    grpc_metadata_array_destroy(&call->trailing);
    grpc_metadata_array_init(&call->initial);
    grpc_metadata_array_init(&call->trailing);
    list_remove(&call->node);
    list_push_front(&call->client->idle, &call->node);
    call->client->outstanding--;
    ClientDone done = TAKE(call->done);
    if (done)
        done(call->user, &status, reply_bytes, &reply);
    else
        call->ended(call->user, &status, pushback, reply_bytes, &reply);
}

size_t client_poll(Client *client, uint64_t deadline_ns) {
    size_t ended = 0;
    while (client->outstanding > 0) {
        uint64_t now_ns = list_is_empty(&client->hedges) ? 0 : clock_now_ns(clock_monotonic());
        uint64_t due_ns = hedge_run_due(client, now_ns);
        uint64_t wake_ns = MIN_OF(due_ns, deadline_ns);
        grpc_event event = grpc_completion_queue_next(
            client->queue, ended ? gpr_inf_past(GPR_CLOCK_MONOTONIC) : client_timespec(wake_ns),
            NULL);
        if (event.type == GRPC_OP_COMPLETE) {
            ClientTag *tag = event.tag;
            tag->run(tag, event.success != 0);
            ended++; /* then only what has ended already */
        } else if (ended || wake_ns == deadline_ns) {
            break;
        }
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

Status client_call(Client *client, const ClientCall *call, ClientReply *ret_reply) {
    Waiting waiting = { .done = false };
    ClientCall waited = *call;
    waited.want_reply = true;
    waited.done = note_end;
    waited.user = &waiting;
    TRY(client_start(client, &waited));
    while (!waiting.done)
        client_poll(client, TIME_NEVER);
    TRY(waiting.status);
    *ret_reply = waiting.reply;
    return status_ok();
}

Status client_unary(Client *client, const char *method, const void *request, size_t request_bytes,
                    uint64_t timeout_ns, ClientReply *ret_reply) {
    AUTO(client_message_free) ClientMessage *message = NULL;
    TRY(client_message_new(request, request_bytes, &message));
    return client_call(
        client, &(ClientCall){ .method = method, .message = message, .timeout_ns = timeout_ns },
        ret_reply);
}
