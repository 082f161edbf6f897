/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * HTTP as the transport of an inference (server/infer.h). The reply's bytes are made where the
 * inference ends, on a worker: JSON text and long tensors go into the evbuffer by reference, which
 * holds the output block until they have left. Thread: http to start and when the client is gone;
 * whoever works on the call for the rest.
 */

#include "server/rest/rest.h"

#include "runtime/base/size.h"

static RestInfer *rest_of(InferCall *call) {
    return LIST_ITEM(call, RestInfer, call);
}

/* --- the reply --- */

static void free_text(const void *data, size_t bytes, void *user) {
    (void)data, (void)bytes;
    free(user);
}

static void release_block(const void *data, size_t bytes, void *user) {
    (void)data, (void)bytes;
    output_block_unref(user);
}

static bool add_piece(struct evbuffer *body, const WirePiece *piece) {
    if (!piece->block)
        return evbuffer_add(body, piece->data, piece->bytes) == 0;
    output_block_ref(piece->block);
    if (evbuffer_add_reference(body, piece->data, piece->bytes, release_block, piece->block) == 0)
        return true;
    output_block_unref(piece->block);
    return false;
}

static bool fill_body(struct evbuffer *body, RestOutput *output, const WireReply *reply) {
    JsonWriter *json = &output->json;
    if (json->failed)
        return false;
    if (json->length > 0 &&
        evbuffer_add_reference(body, json->data, json->length, free_text, json->data))
        return false;
    if (json->length > 0)
        *json = (JsonWriter){ 0 };
    for (size_t i = 0; i < reply->count; i++)
        if (!add_piece(body, &reply->pieces[i]))
            return false;
    return true;
}

static void reply_good(RestInfer *rest, const WireReply *reply) {
    size_t json_bytes = rest->output->has_binary ? rest->output->json.length : 0;
    struct evbuffer *body = evbuffer_new();
    if (!body || !fill_body(body, rest->output, reply)) {
        if (body)
            evbuffer_free(body);
        http_exchange_fail(rest->exchange, 503, "out of memory");
        return;
    }
    http_exchange_reply(rest->exchange,
                        (HttpReply){ .code = 200,
                                     .content_type = json_bytes ? "application/octet-stream" : NULL,
                                     .body = body,
                                     .json_bytes = json_bytes });
}

/* A decoupled model that gave more or fewer responses than the one that was wanted. */
static Status count_error(const InferCall *call, const Status *status) {
    const ModelVersion *version = call->request.lease.version;
    bool counted = call->takes_one && version && version->config.decoupled &&
                   status->code == STATUS_UNIMPLEMENTED;
    return counted ? status_error(STATUS_INTERNAL,
                                  "generate expects model to produce exactly 1 response, use "
                                  "generate stream for model that generates various number of "
                                  "responses")
                   : *status;
}

static void finish(InferCall *call, const Status *status, const WireReply *reply) {
    RestInfer *rest = rest_of(call);
    HttpExchange *exchange = rest->exchange;
    Status answer = count_error(call, status);
    if (status_is_ok(&answer))
        reply_good(rest, reply);
    else
        rest_fail(exchange, &answer, rest->protocol);
    json_writer_deinit(&rest->output->json);
    request_release_outputs(&call->request);
    lease_release(&call->request.lease);
    http_exchange_unref(exchange); /* the call's own */
}

static uint64_t peer(InferCall *call) {
    return http_exchange_peer(rest_of(call)->exchange);
}

static void ref(InferCall *call) {
    http_exchange_ref(rest_of(call)->exchange);
}

static void unref(InferCall *call) {
    http_exchange_unref(rest_of(call)->exchange);
}

/* --- the request --- */

/* The body as the message, once it is plain. */
static Status set_message(RestInfer *rest) {
    HttpExchange *exchange = rest->exchange;
    Span *span = arena_alloc(exchange->arena, sizeof *span);
    if (!span)
        return arena_exhausted(exchange->arena);
    rest->body = (StringView){ .data = exchange->body ? exchange->body : "",
                               .length = exchange->body_bytes };
    *span = (Span){ rest->body.data, rest->body.length };
    rest->call.message = (Spans){ .items = span, .count = 1, .bytes = span->bytes };
    return status_ok();
}

static Status open_body(InferCall *call) {
    RestInfer *rest = rest_of(call);
    TRY(rest_inflate(rest->exchange));
    return set_message(rest);
}

static Status charge_arena(InferCall *call, size_t arena_bytes) {
    HttpExchange *exchange = rest_of(call)->exchange;
    return http_exchange_grow(exchange, arena_bytes);
}

static const InferTransport TRANSPORT = {
    .entry = ENTRY_REST,
    .open = open_body,
    .charge = charge_arena,
    .no_responses = "HTTP end point doesn't support models with decoupled transaction policy",
    .finish = finish,
    .ref = ref,
    .unref = unref,
    .peer = peer,
};

/* --- replies that are events --- */

/* A client that has not read so much is not waited for. */
enum { EVENTS_BYTES_MAX = 64 << 20 };

/* One event of what encode has written. */
static struct evbuffer *make_event(RestInfer *rest) {
    JsonWriter *json = &rest->output->json;
    struct evbuffer *event = json->failed ? NULL : evbuffer_new();
    bool good = event && evbuffer_add(event, "data: ", 6) == 0 &&
                evbuffer_add(event, json->data, json->length) == 0 &&
                evbuffer_add(event, "\n\n", 2) == 0;
    json->length = 0;
    if (event && !good)
        evbuffer_free(event);
    return good ? event : NULL;
}

static void begin_events(RestInfer *rest) {
    rest->events_begun = true;
    http_exchange_reply(rest->exchange,
                        (HttpReply){ .code = 200,
                                     .content_type = "text/event-stream; charset=utf-8",
                                     .is_open = true });
}

/* The events end, if not well with one that says why. */
static void end_events(RestInfer *rest, const char *mistake) {
    struct evbuffer *event = NULL;
    if (mistake) {
        JsonWriter *json = &rest->output->json;
        json->length = 0;
        json_put(json, "{\"error\":");
        json_put_string(json, mistake, strlen(mistake));
        json_put(json, "}");
        event = make_event(rest);
    }
    rest->events_ended = true;
    (void)http_exchange_continue(rest->exchange, event, true);
}

/* The code is that of the first response; a failure behind it is an event. */
static void fail_events(RestInfer *rest, const Status *status) {
    if (rest->events_begun) {
        end_events(rest, status->message);
        return;
    }
    rest->events_ended = true;
    rest_fail(rest->exchange, status, rest->protocol);
}

static void respond(InferCall *call, const Status *status, const WireReply *reply) {
    (void)reply;
    RestInfer *rest = rest_of(call);
    if (rest->events_ended)
        return;
    if (!status_is_ok(status)) {
        fail_events(rest, status);
        return;
    }
    struct evbuffer *event = make_event(rest);
    if (!rest->events_begun)
        begin_events(rest);
    if (!event)
        end_events(rest, "out of memory");
    else if (http_exchange_continue(rest->exchange, event, false) > EVENTS_BYTES_MAX)
        end_events(rest, "the client does not read its responses");
}

static void finish_events(InferCall *call, const Status *status, const WireReply *reply) {
    RestInfer *rest = rest_of(call);
    if (!rest->events_ended && !status_is_ok(status)) {
        fail_events(rest, status);
    } else if (!rest->events_ended) {
        if (!call->request.on_response)
            respond(call, status, reply);
        if (!rest->events_begun)
            begin_events(rest); /* and there were none */
        if (!rest->events_ended)
            end_events(rest, NULL);
    }
    json_writer_deinit(&rest->output->json);
    request_release_outputs(&call->request);
    lease_release(&call->request.lease);
    http_exchange_unref(rest->exchange); /* the call's own */
}

static const InferTransport EVENTS_TRANSPORT = {
    .entry = ENTRY_REST,
    .open = open_body,
    .charge = charge_arena,
    .respond = respond,
    .finish = finish_events,
    .ref = ref,
    .unref = unref,
    .peer = peer,
};

static void on_gone(HttpExchange *exchange) {
    RestInfer *rest = exchange->user;
    infer_cancel(&rest->call);
}

static Status make_call(HttpExchange *exchange, RestProtocol protocol, RestInfer **ret_rest) {
    RestInfer *rest = arena_calloc(exchange->arena, 1, sizeof *rest);
    if (rest)
        rest->output = arena_calloc(exchange->arena, 1, sizeof *rest->output);
    if (!rest || !rest->output)
        return arena_exhausted(exchange->arena);
    rest->exchange = exchange;
    rest->protocol = protocol;
    rest->wire.model = exchange->match.model;
    rest->wire.id = rest->wire.signature = (StringView){ .data = "" };
    TRY(rest_version(exchange, &rest->wire.version));
    TRY(set_message(rest));
    *ret_rest = rest;
    return status_ok();
}

typedef struct Start {
    const InferProtocol *rest;
    RestProtocol protocol;
    const InferTransport *transport;
    bool takes_one;
} Start;

static void start(HttpExchange *exchange, const Start *start) {
    RestProtocol protocol = start->protocol;
    RestInfer *rest;
    Status status = make_call(exchange, protocol, &rest);
    if (!status_is_ok(&status)) {
        rest_fail(exchange, &status, protocol);
        return;
    }
    InferCall *call = &rest->call;
    call->caller = &exchange->caller;
    call->context = http_exchange_context(exchange);
    call->transport = start->transport;
    call->takes_one = start->takes_one;
    call->protocol = start->rest;
    call->arena = exchange->arena;
    call->wire = &rest->wire;
    call->arrived_ns = exchange->arrived_ns;
    call->deadline_ns = http_exchange_deadline_ns(exchange);
    call->must_open = exchange->is_compressed;
    call->foreseen = exchange->foreseen;
    exchange->foreseen = 0;
    exchange->user = rest;
    exchange->on_gone = on_gone;
    http_exchange_ref(exchange); /* the call's own, which finish gives back */
    if (infer_start(call))
        http_exchange_submitted(exchange);
}

void rest_infer_start(HttpExchange *exchange, const InferProtocol *rest, RestProtocol protocol) {
    start(exchange, &(Start){ rest, protocol, &TRANSPORT, false });
}

void rest_infer_start_one(HttpExchange *exchange, const InferProtocol *rest,
                          RestProtocol protocol) {
    start(exchange, &(Start){ rest, protocol, &TRANSPORT, true });
}

void rest_infer_start_events(HttpExchange *exchange, const InferProtocol *rest,
                             RestProtocol protocol) {
    start(exchange, &(Start){ rest, protocol, &EVENTS_TRANSPORT, false });
}

Status rest_json_error(const JsonReader *reader, const Arena *arena, const char *prefix) {
    if (reader->memory)
        return arena_exhausted(arena);
    const char *what = reader->mistake                ? reader->mistake
                       : reader->begin == reader->end ? "The document is empty."
                                                      : "Invalid value.";
    return status_error(STATUS_INVALID_ARGUMENT, "%s%s at offset: %zu", prefix, what,
                        (size_t)(reader->at - reader->begin));
}
