/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Health: Check answers at once, List gives all names, Watch sends the state and then every change
 * of it. A name is the empty one, a service of ours, or a model; models cannot hide services. While
 * the server drains, everything is NOT_SERVING, so that balancers turn away before connections are
 * closed; but for one name, which is SERVING as long as anything answers: a liveness probe must
 * neither kill a server that drains nor one whose models are not there yet.
 *
 * A watcher remembers what it has sent (CallStream.last_sent) and is woken on every change in the
 * repository: it compares and stays silent when nothing changed for its name, so changes in quick
 * succession may be seen as one. Thread: rpc; Watch is woken on any.
 */

#include "server/rpc/health.h"

#include "runtime/base/size.h"
#include "server/rpc/stream.h"
#include "server/wire/span_reader.h"
#include "server/wire/wire_writer.h"

#include <string.h>

enum {
    REQUEST_SERVICE = 1,
    RESPONSE_STATUS = 1,
    LIST_ENTRY = 1,
    ENTRY_KEY = 1,
    ENTRY_VALUE = 2,
    NAME_MAX_BYTES = 1024
};
enum { NOTHING_SENT = 0 };

static const char LIVENESS[] = "inferd.Liveness";

/* Names without a package are TensorFlow Serving's. */
static const char *const SERVICES[] = {
    "",
    "inference.GRPCInferenceService",
    "tensorflow.serving.PredictionService",
    "tensorflow.serving.ModelService",
    "PredictionService",
    "ModelService",
    LIVENESS,
};

static StringView text_view(const char *text) {
    return (StringView){ .data = text, .length = strlen(text) };
}

static bool is_named(StringView name, const char *text) {
    return strlen(text) == name.length && !memcmp(text, name.data, name.length);
}

static bool is_service(StringView name) {
    for (size_t i = 0; i < ARRAY_LENGTH(SERVICES); i++)
        if (is_named(name, SERVICES[i]))
            return true;
    return false;
}

static bool is_model(ServerContext *server, StringView name) {
    AUTO(arena_free) Arena *arena = NULL;
    Status status = arena_new(4096, 1 << 20, &arena);
    if (!status_is_ok(&status))
        return true; /* NOT_SERVING is the smaller lie */
    VersionStatus *versions;
    size_t count;
    status = repo_model_status(server->repo, name, arena, &versions, &count);
    return status.code != STATUS_NOT_FOUND;
}

static HealthState serving_if(const ServerContext *server, bool ready) {
    return ready && !atomic_load(&server->draining) ? HEALTH_SERVING : HEALTH_NOT_SERVING;
}

HealthState health_state(ServerContext *server, StringView service) {
    if (is_named(service, LIVENESS))
        return HEALTH_SERVING;
    if (is_service(service))
        return serving_if(server, repo_is_ready(server->repo));
    if (repo_model_is_ready(server->repo, service))
        return serving_if(server, true);
    return is_model(server, service) ? HEALTH_NOT_SERVING : HEALTH_SERVICE_UNKNOWN;
}

static Status read_service(const Spans *request, Arena *arena, StringView *ret_service) {
    SpanReader reader = span_reader_of(request);
    WireField field;
    WireResult result;
    *ret_service = (StringView){ .data = "" };
    while ((result = span_reader_next(&reader, &field)) == WIRE_FIELD) {
        if (field.number != REQUEST_SERVICE || field.type != WIRE_BYTES)
            continue;
        size_t length = field.bytes.left;
        if (length > NAME_MAX_BYTES)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "service: a name of %zu bytes is above the limit of %d", length,
                                NAME_MAX_BYTES);
        char *text = arena_alloc(arena, length);
        if (!text)
            return arena_exhausted(arena);
        if (!span_reader_copy(&field.bytes, length, text))
            return status_error(STATUS_INVALID_ARGUMENT, "malformed request");
        *ret_service = (StringView){ .data = text, .length = length };
    }
    if (result == WIRE_MALFORMED)
        return status_error(STATUS_INVALID_ARGUMENT, "malformed request");
    return status_ok();
}

Status health_check(ServerContext *server, const Spans *request, Arena *arena, WireReply *reply) {
    StringView service;
    TRY(read_service(request, arena, &service));
    HealthState state = health_state(server, service);
    if (state == HEALTH_SERVICE_UNKNOWN)
        return status_error(STATUS_NOT_FOUND, "unknown service '%.*s'",
                            (int)MIN_OF(service.length, (size_t)200), service.data);
    unsigned char bytes[16];
    unsigned char *end = put_number(bytes, RESPONSE_STATUS, state);
    return wire_reply_add(reply, bytes, (size_t)(end - bytes), NULL);
}

/* --- List --- */

static Status add_entry(ServerContext *server, StringView name, WireReply *reply) {
    unsigned char value[16];
    size_t value_bytes =
        (size_t)(put_number(value, RESPONSE_STATUS, health_state(server, name)) - value);
    size_t bytes = head_bytes(ENTRY_KEY, name.length) + name.length +
                   head_bytes(ENTRY_VALUE, value_bytes) + value_bytes;
    unsigned char *at = wire_reply_reserve(reply, head_bytes(LIST_ENTRY, bytes) + bytes);
    if (!at)
        return arena_exhausted(reply->arena);
    at = put_head(put_head(at, LIST_ENTRY, bytes), ENTRY_KEY, name.length);
    memcpy(at, name.data, name.length);
    at = put_head(at + name.length, ENTRY_VALUE, value_bytes);
    memcpy(at, value, value_bytes);
    return status_ok();
}

Status health_list(ServerContext *server, const Spans *request, Arena *arena, WireReply *reply) {
    (void)request;
    for (size_t i = 0; i < ARRAY_LENGTH(SERVICES); i++)
        TRY(add_entry(server, text_view(SERVICES[i]), reply));
    const char **names;
    size_t count;
    TRY(repo_model_names(server->repo, arena, &names, &count));
    for (size_t i = 0; i < count; i++)
        if (!is_service(text_view(names[i])))
            TRY(add_entry(server, text_view(names[i]), reply));
    return status_ok();
}

/* --- Watch --- */

static void watch_message(Call *call, const Spans *message) {
    RpcServer *server = call->server;
    StringView service;
    Status status =
        message ? read_service(message, call->arena, &service)
                : status_error(STATUS_INVALID_ARGUMENT, "the call ended without a request message");
    if (!status_is_ok(&status)) {
        stream_finish(call, &status);
        return;
    }
    mutex_lock(&server->stream_mutex);
    call->stream.name = service;
    call->stream.has_name = true;
    mutex_unlock(&server->stream_mutex);
    stream_wake(call); /* no further message is asked for */
}

static void watch_wake(Call *call) {
    RpcServer *server = call->server;
    mutex_lock(&server->stream_mutex);
    bool has_name = call->stream.has_name;
    StringView name = call->stream.name;
    mutex_unlock(&server->stream_mutex);
    HealthState state = has_name ? health_state(server->context, name) : NOTHING_SENT;
    if (!has_name || (int)state == call->stream.last_sent) {
        stream_rest(call);
        return;
    }
    call->stream.last_sent = (int)state;
    unsigned char bytes[16];
    unsigned char *end = put_number(bytes, RESPONSE_STATUS, state);
    WirePiece piece = { .data = bytes, .bytes = (size_t)(end - bytes) };
    WireReply reply = { .pieces = &piece, .count = 1, .bytes = piece.bytes };
    stream_write(call, &reply);
}

const StreamMethod HEALTH_WATCH = { .message = watch_message, .wake = watch_wake };
