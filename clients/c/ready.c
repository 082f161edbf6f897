/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Small questions of either protocol. Answers live in the asker's arena. Thread: the caller's. */

#include "clients/c/ready.h"

#include "clients/c/message.h"
#include "grpc/health/v1/health.pb-c.h"
#include "inference/grpc_service.pb-c.h"

#include <string.h>

Status client_server_ready(const ClientAsk *ask, bool *ret_ready) {
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    Grpc__Health__V1__HealthCheckResponse *response = NULL;
    TRY(message_call(
        &(MessageCall){ .client = ask->client,
                        .method = "/grpc.health.v1.Health/Check",
                        .request = &request.base,
                        .reply_type = &grpc__health__v1__health_check_response__descriptor,
                        .timeout_ns = ask->timeout_ns,
                        .arena = ask->arena },
        &response));
    *ret_ready =
        response->status == GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
    return status_ok();
}

static Status inference_ready(const ClientAsk *ask, const ClientModelName *name, bool *ret_ready) {
    Inference__ModelReadyRequest request = INFERENCE__MODEL_READY_REQUEST__INIT;
    Inference__ModelReadyResponse *response = NULL;
    char version[MESSAGE_VERSION_BYTES];
    request.name = message_text(name->name);
    request.version = message_version(name->version, version);
    TRY(message_call(&(MessageCall){ .client = ask->client,
                                     .method = "/inference.GRPCInferenceService/ModelReady",
                                     .request = &request.base,
                                     .reply_type = &inference__model_ready_response__descriptor,
                                     .timeout_ns = ask->timeout_ns,
                                     .arena = ask->arena },
                     &response));
    *ret_ready = response->ready;
    return status_ok();
}

static Status tensorflow_ready(const ClientAsk *ask, const ClientModelName *name, bool *ret_ready) {
    ClientVersion *versions = NULL;
    size_t count = 0;
    TRY(client_versions(ask, name, &versions, &count));
    for (size_t i = 0; i < count; i++)
        *ret_ready = *ret_ready || strcmp(versions[i].state, "AVAILABLE") == 0;
    return status_ok();
}

Status client_model_ready(const ClientAsk *ask, const ClientModelName *name, bool *ret_ready) {
    *ret_ready = false;
    Status asked = ask->protocol == CLIENT_TENSORFLOW ? tensorflow_ready(ask, name, ret_ready)
                                                      : inference_ready(ask, name, ret_ready);
    return asked.code == STATUS_NOT_FOUND ? status_ok() : asked;
}

Status client_server(const ClientAsk *ask, ClientServer *ret_server) {
    Inference__ServerMetadataRequest request = INFERENCE__SERVER_METADATA_REQUEST__INIT;
    Inference__ServerMetadataResponse *response = NULL;
    TRY(message_call(&(MessageCall){ .client = ask->client,
                                     .method = "/inference.GRPCInferenceService/ServerMetadata",
                                     .request = &request.base,
                                     .reply_type = &inference__server_metadata_response__descriptor,
                                     .timeout_ns = ask->timeout_ns,
                                     .arena = ask->arena },
                     &response));
    *ret_server = (ClientServer){ .name = response->name, .version = response->version };
    return status_ok();
}
