/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The public face of the client: options, errors, questions. It only translates: what a call does
 * is client.h's, so inferctl and the library's users meet the same code. A struct that a caller of
 * an older header made is shorter than ours; what it lacks keeps its default. Thread: the client's.
 */

#include "clients/c/library.h"

#include "clients/c/ready.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

InferdCode library_error(const Status *status, InferdError *error) {
    if (error) {
        error->code = (InferdCode)status->code;
        snprintf(error->message, sizeof error->message, "%s", status->message);
    }
    return (InferdCode)status->code;
}

const char *inferd_code_name(InferdCode code) {
    return status_code_name((StatusCode)code);
}

uint64_t library_ns(double seconds) {
    if (!(seconds > 0) || seconds > 1e9)
        return TIME_NEVER;
    return (uint64_t)(seconds * (double)NS_PER_S);
}

static Status client_open(const InferdClientOptions *given, InferdClient **ret_client) {
    InferdClientOptions options = INFERD_CLIENT_OPTIONS_INIT;
    if (given->struct_bytes < offsetof(InferdClientOptions, protocol) ||
        given->struct_bytes > sizeof options)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "InferdClientOptions has %zu bytes here, %zu were given: start from "
                            "INFERD_CLIENT_OPTIONS_INIT of a header not newer than the library",
                            sizeof options, given->struct_bytes);
    memcpy(&options, given, given->struct_bytes);
    if (!options.target ||
        (options.protocol != INFERD_INFERENCE && options.protocol != INFERD_TENSORFLOW))
        return status_error(STATUS_INVALID_ARGUMENT, "a target and a protocol are needed");
    AUTO(free) InferdClient *client = calloc(1, sizeof *client);
    if (!client)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    client->protocol = options.protocol == INFERD_TENSORFLOW ? CLIENT_TENSORFLOW : CLIENT_INFERENCE;
    client->timeout_s = options.timeout_s;
    TRY(client_new(&(ClientOptions){ .target = options.target,
                                     .connections = options.connections,
                                     .max_message_bytes = options.max_message_bytes,
                                     .tls = options.tls,
                                     .ca_file = options.ca_file,
                                     .cert_file = options.cert_file,
                                     .key_file = options.key_file,
                                     .token_file = options.token_file,
                                     .round_robin = options.round_robin,
                                     .wait_for_ready = options.wait_for_ready,
                                     .attempts = options.attempts,
                                     .hedges = options.hedges,
                                     .hedge_delay_ns = library_ns(options.hedge_delay_s) },
                   &client->client));
    *ret_client = TAKE(client);
    return status_ok();
}

InferdCode inferd_client_new(const InferdClientOptions *options, InferdClient **ret_client,
                             InferdError *error) {
    Status opened = client_open(options, ret_client);
    return library_error(&opened, error);
}

void inferd_client_free(InferdClient *client) {
    if (!client)
        return;
    client_free(client->client);
    free(client);
}

size_t inferd_client_poll(InferdClient *client, double timeout_s) {
    uint64_t now_ns = clock_now_ns(clock_monotonic());
    uint64_t wait_ns = timeout_s > 0 ? library_ns(timeout_s) : 0;
    return client_poll(client->client, time_after(now_ns, wait_ns));
}

size_t inferd_client_outstanding(const InferdClient *client) {
    return client_outstanding(client->client);
}

/* --- types --- */

const char *inferd_type_name(InferdType type) {
    const ClientType *found = client_type_by_onnx_number((int32_t)type);
    return found ? found->name : NULL;
}

size_t inferd_type_bytes(InferdType type) {
    const ClientType *found = client_type_by_onnx_number((int32_t)type);
    return found ? found->bytes : 0;
}

const char *inferd_tensor_string(const InferdTensor *tensor, size_t *offset, size_t *ret_length) {
    uint32_t length;
    if (*offset > tensor->bytes || tensor->bytes - *offset < sizeof length)
        return NULL;
    const char *at = (const char *)tensor->data + *offset;
    memcpy(&length, at, sizeof length);
    if (length > tensor->bytes - *offset - sizeof length)
        return NULL;
    *offset += sizeof length + length;
    *ret_length = length;
    return at + sizeof length;
}

/* --- questions --- */

static Status ask_ready(InferdClient *client, const ClientModelName *name, bool *ret_ready) {
    AUTO(arena_free) Arena *arena = NULL;
    TRY(arena_new(LIBRARY_ARENA_BYTES, LIBRARY_BUDGET_BYTES, &arena));
    ClientAsk ask = { .client = client->client,
                      .protocol = client->protocol,
                      .timeout_ns = library_ns(client->timeout_s),
                      .arena = arena };
    return name->name ? client_model_ready(&ask, name, ret_ready)
                      : client_server_ready(&ask, ret_ready);
}

InferdCode inferd_ready(InferdClient *client, const char *model, int64_t version, bool *ret_ready,
                        InferdError *error) {
    *ret_ready = false;
    Status asked =
        ask_ready(client, &(ClientModelName){ .name = model, .version = version }, ret_ready);
    return library_error(&asked, error);
}

typedef struct Model {
    InferdModel shown; /* first: what the caller holds */
    Arena *arena;
} Model;

static Status ports(const ClientPort *from, size_t count, Arena *arena,
                    const InferdPort **ret_ports) {
    InferdPort *to = arena_calloc(arena, count, sizeof *to);
    if (!to)
        return arena_exhausted(arena);
    for (size_t i = 0; i < count; i++)
        to[i] = (InferdPort){ .name = from[i].name,
                              .type = (InferdType)from[i].type->onnx_number,
                              .rank = from[i].rank,
                              .dims = from[i].dims };
    *ret_ports = to;
    return status_ok();
}

static Status ask_metadata(InferdClient *client, const ClientModelName *name,
                           InferdModel **ret_model) {
    AUTO(arena_free) Arena *arena = NULL;
    ClientModel told = { 0 };
    TRY(arena_new(LIBRARY_ARENA_BYTES, LIBRARY_BUDGET_BYTES, &arena));
    TRY(client_model(&(ClientAsk){ .client = client->client,
                                   .protocol = client->protocol,
                                   .timeout_ns = library_ns(client->timeout_s),
                                   .arena = arena },
                     name, &told));
    Model *model = arena_calloc(arena, 1, sizeof *model);
    if (!model)
        return arena_exhausted(arena);
    const char *kept = arena_strndup(arena, told.name, strlen(told.name));
    if (!kept)
        return arena_exhausted(arena);
    model->shown = (InferdModel){ .name = kept,
                                  .platform = told.platform,
                                  .version = told.version,
                                  .input_count = told.input_count,
                                  .output_count = told.output_count };
    TRY(ports(told.inputs, told.input_count, arena, &model->shown.inputs));
    TRY(ports(told.outputs, told.output_count, arena, &model->shown.outputs));
    model->arena = TAKE(arena);
    *ret_model = &model->shown;
    return status_ok();
}

InferdCode inferd_metadata(InferdClient *client, const char *model, int64_t version,
                           InferdModel **ret_model, InferdError *error) {
    Status asked =
        ask_metadata(client, &(ClientModelName){ .name = model, .version = version }, ret_model);
    return library_error(&asked, error);
}

void inferd_model_free(InferdModel *model) {
    if (model)
        arena_free(((Model *)model)->arena); /* it lies in there itself */
}
