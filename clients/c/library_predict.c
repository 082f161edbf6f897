/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Predictions of the public library, waiting or not, and streams of them. A result is its arena and
 * the reply that its tensors are views into. Thread: the client's.
 */

#include "clients/c/library.h"

#include "clients/c/stream.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <assert.h>
#include <string.h>

struct InferdResult {
    Arena *arena;
    ClientPrediction prediction;
    InferdTensor *tensors;
};

/* --- translation --- */

static Status input_of(const InferdTensor *from, ClientTensor *to) {
    if (!from->name || from->rank > CLIENT_RANK_MAX)
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s' has rank %zu, at most %d is sent",
                            from->name ? from->name : "", from->rank, CLIENT_RANK_MAX);
    *to = (ClientTensor){ .name = from->name,
                          .type = client_type_by_onnx_number((int32_t)from->type),
                          .rank = from->rank,
                          .data = from->data,
                          .bytes = from->bytes,
                          .release = from->release,
                          .release_user = from->release_user };
    if (!to->type)
        return status_error(STATUS_INVALID_ARGUMENT, "input '%s': %d is no type", from->name,
                            (int)from->type);
    if (from->rank > 0)
        memcpy(to->dims, from->dims, from->rank * sizeof *to->dims);
    return status_ok();
}

Status library_request(ClientProtocol protocol, const InferdRequest *request, Arena *arena,
                       ClientPredict *ret_predict) {
    if (request->struct_bytes != sizeof *request || !request->model)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "a request starts from INFERD_REQUEST_INIT and names a model");
    ClientTensor *inputs = arena_calloc(arena, request->input_count, sizeof *inputs);
    if (!inputs)
        return arena_exhausted(arena);
    for (size_t i = 0; i < request->input_count; i++)
        TRY(input_of(&request->inputs[i], &inputs[i]));
    *ret_predict = (ClientPredict){ .protocol = protocol,
                                    .model = { request->model, request->version },
                                    .inputs = inputs,
                                    .input_count = request->input_count,
                                    .outputs = request->outputs,
                                    .output_count = request->output_count };
    return status_ok();
}

Status library_result(ClientPrediction *prediction, Arena **arena, InferdResult **ret_result) {
    InferdResult *result = arena_calloc(*arena, 1, sizeof *result);
    InferdTensor *tensors = arena_calloc(*arena, prediction->output_count, sizeof *tensors);
    if (!result || !tensors)
        return arena_exhausted(*arena);
    for (size_t i = 0; i < prediction->output_count; i++) {
        const ClientTensor *from = &prediction->outputs[i];
        tensors[i] = (InferdTensor){ .name = from->name,
                                     .type = (InferdType)from->type->onnx_number,
                                     .rank = from->rank,
                                     .dims = from->dims,
                                     .data = from->data,
                                     .bytes = from->bytes };
    }
    *result = (InferdResult){ .arena = *arena, .prediction = *prediction, .tensors = tensors };
    *prediction = (ClientPrediction){ 0 };
    *arena = NULL;
    *ret_result = result;
    return status_ok();
}

void inferd_result_free(InferdResult *result) {
    if (!result)
        return;
    Arena *arena = result->arena; /* the result lies in there itself */
    client_prediction_deinit(&result->prediction);
    arena_free(arena);
}

const char *inferd_result_model(const InferdResult *result) {
    return result->prediction.model_name;
}

int64_t inferd_result_version(const InferdResult *result) {
    return result->prediction.version;
}

size_t inferd_result_count(const InferdResult *result) {
    return result->prediction.output_count;
}

const InferdTensor *inferd_result_tensor(const InferdResult *result, size_t index) {
    return index < result->prediction.output_count ? &result->tensors[index] : NULL;
}

const InferdTensor *inferd_result_find(const InferdResult *result, const char *name) {
    for (size_t i = 0; i < result->prediction.output_count; i++)
        if (strcmp(result->tensors[i].name, name) == 0)
            return &result->tensors[i];
    return NULL;
}

/* --- calls --- */

static Status message_of(ClientProtocol protocol, const InferdRequest *request,
                         ClientMessage **ret_message) {
    AUTO(arena_free) Arena *arena = NULL;
    ClientPredict predict;
    TRY(arena_new(LIBRARY_ARENA_BYTES, LIBRARY_BUDGET_BYTES, &arena));
    TRY(library_request(protocol, request, arena, &predict));
    return client_predict_message(&predict, arena, ret_message);
}

static Status result_of(ClientProtocol protocol, ClientReply *reply, InferdResult **ret_result) {
    AUTO(arena_free) Arena *arena = NULL;
    AUTO(client_prediction_deinit) ClientPrediction prediction = { 0 };
    TRY(arena_new(LIBRARY_ARENA_BYTES, LIBRARY_BUDGET_BYTES, &arena));
    TRY(client_predict_decode(protocol, reply, arena, &prediction));
    return library_result(&prediction, &arena, ret_result);
}

typedef struct Started {
    ClientProtocol protocol;
    InferdDone done;
    void *user;
} Started;

static void call_ended(void *user, const Status *status, size_t reply_bytes, ClientReply *reply) {
    Started started = *(Started *)user;
    InferdResult *result = NULL;
    InferdError error;
    Status ended = *status;
    (void)reply_bytes;
    free(user);
    if (status_is_ok(&ended))
        ended = result_of(started.protocol, reply, &result);
    library_error(&ended, &error);
    started.done(started.user, result, &error);
}

static Status predict_start(InferdClient *client, const InferdRequest *request,
                            const Started *started) {
    AUTO(client_message_free) ClientMessage *message = NULL;
    AUTO(free) Started *kept = malloc(sizeof *kept);
    if (!kept)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    *kept = *started;
    TRY(message_of(client->protocol, request, &message));
    double timeout_s = request->timeout_s > 0 ? request->timeout_s : client->timeout_s;
    TRY(client_start(client->client,
                     &(ClientCall){ .method = client_predict_method(client->protocol),
                                    .message = message,
                                    .timeout_ns = library_ns(timeout_s),
                                    .want_reply = true,
                                    .may_hedge = true,
                                    .done = call_ended,
                                    .user = kept }));
    (void)TAKE(kept);
    return status_ok();
}

InferdCode inferd_predict_start(InferdClient *client, const InferdRequest *request, InferdDone done,
                                void *user, InferdError *error) {
    Status sent = predict_start(
        client, request, &(Started){ .protocol = client->protocol, .done = done, .user = user });
    return library_error(&sent, error);
}

typedef struct Waiting {
    bool is_done;
    InferdResult *result;
    InferdError error;
} Waiting;

static void note_end(void *user, InferdResult *result, const InferdError *error) {
    Waiting *waiting = user;
    *waiting = (Waiting){ .is_done = true, .result = result, .error = *error };
}

InferdCode inferd_predict(InferdClient *client, const InferdRequest *request,
                          InferdResult **ret_result, InferdError *error) {
    Waiting waiting = { .is_done = false };
    InferdCode code = inferd_predict_start(client, request, note_end, &waiting, error);
    if (code != INFERD_OK)
        return code;
    while (!waiting.is_done)
        client_poll(client->client, TIME_NEVER);
    if (error)
        *error = waiting.error;
    if (waiting.result)
        *ret_result = waiting.result;
    return waiting.error.code;
}

/* --- streams --- */

InferdCode inferd_stream_new(InferdClient *client, double timeout_s, InferdStream **ret_stream,
                             InferdError *error) {
    Status opened =
        client->protocol == CLIENT_INFERENCE
            ? client_stream_new(client->client, CLIENT_STREAM_METHOD, library_ns(timeout_s),
                                (ClientStream **)ret_stream)
            : status_error(STATUS_UNIMPLEMENTED, "TensorFlow Serving's protocol has no streams");
    return library_error(&opened, error);
}

void inferd_stream_free(InferdStream *stream) {
    client_stream_free((ClientStream *)stream);
}

static Status stream_send(ClientStream *stream, const InferdRequest *request) {
    AUTO(client_message_free) ClientMessage *message = NULL;
    TRY(message_of(CLIENT_INFERENCE, request, &message));
    return client_stream_send(stream, message);
}

InferdCode inferd_stream_send(InferdStream *stream, const InferdRequest *request,
                              InferdError *error) {
    Status sent = stream_send((ClientStream *)stream, request);
    return library_error(&sent, error);
}

InferdCode inferd_stream_finish(InferdStream *stream, InferdError *error) {
    Status sent = client_stream_finish((ClientStream *)stream);
    return library_error(&sent, error);
}

static Status stream_receive(ClientStream *stream, InferdResult **ret_result, bool *ret_is_open) {
    AUTO(client_reply_deinit) ClientReply reply = { 0 };
    AUTO(client_prediction_deinit) ClientPrediction prediction = { 0 };
    AUTO(arena_free) Arena *arena = NULL;
    TRY(client_stream_receive(stream, &reply));
    if (!reply.data)
        return status_ok();
    *ret_is_open = true;
    TRY(arena_new(LIBRARY_ARENA_BYTES, LIBRARY_BUDGET_BYTES, &arena));
    TRY(client_stream_decode(&reply, arena, &prediction));
    return library_result(&prediction, &arena, ret_result);
}

InferdCode inferd_stream_receive(InferdStream *stream, InferdResult **ret_result, bool *ret_is_open,
                                 InferdError *error) {
    *ret_result = NULL;
    *ret_is_open = false;
    Status received = stream_receive((ClientStream *)stream, ret_result, ret_is_open);
    return library_error(&received, error);
}
