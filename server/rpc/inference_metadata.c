/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The Open Inference Protocol's questions about the server and its models: live, ready, metadata.
 * Thread: rpc; nothing blocks. Only extensions that work are advertised. Source: reference
 * open_inference_triton.md 1.2, 1.5, 1.6.
 */

#include "runtime/base/size.h"
#include "server/rpc/inference_request.h"
#include "server/rpc/method_table.h"
#include "server/wire/inference_tensor.h"
#include "server/wire/wire_pack.h"
#include "server/wire/wire_version.h"

#include "inference/grpc_service.pb-c.h"

#include <stdio.h>

typedef Inference__ModelMetadataResponse__TensorMetadata TensorMetadata;

Status inference_server_live(ServerContext *server, const Spans *request, Arena *arena,
                             WireReply *reply) {
    (void)server, (void)request, (void)arena;
    Inference__ServerLiveResponse response = INFERENCE__SERVER_LIVE_RESPONSE__INIT;
    response.live = true;
    return wire_pack(&response.base, reply);
}

Status inference_server_ready(ServerContext *server, const Spans *request, Arena *arena,
                              WireReply *reply) {
    (void)request, (void)arena;
    Inference__ServerReadyResponse response = INFERENCE__SERVER_READY_RESPONSE__INIT;
    response.ready =
        !server->draining && (!server->strict_readiness || repo_is_ready(server->repo));
    return wire_pack(&response.base, reply);
}

Status inference_model_ready(ServerContext *server, const Spans *request, Arena *arena,
                             WireReply *reply) {
    InferenceNameVersion wanted = { 0 };
    TRY(inference_name_version_decode(server, request, arena, &wanted));
    AUTO(lease_release) Lease lease = { 0 };
    Status found = repo_acquire(server->repo, wanted.name, &wanted.version, &lease);
    if (found.code == STATUS_NOT_FOUND)
        return wire_version_error(&found, wanted.name, &wanted.version);
    Inference__ModelReadyResponse response = INFERENCE__MODEL_READY_RESPONSE__INIT;
    response.ready = status_is_ok(&found) && !server->draining;
    return wire_pack(&response.base, reply);
}

/* In the order in which Triton lists them; only what is built. */
static const char *const EXTENSIONS[] = {
    "classification",
    "sequence",
    "model_repository",
    "model_repository(unload_dependents)",
    "schedule_policy",
    "model_configuration",
    "system_shared_memory",
    "binary_tensor_data",
    "parameters",
    "statistics",
    "trace",
    "logging",
};

Status inference_server_metadata(ServerContext *server, const Spans *request, Arena *arena,
                                 WireReply *reply) {
    (void)request, (void)arena;
    char *extensions[ARRAY_LENGTH(EXTENSIONS)];
    for (size_t i = 0; i < ARRAY_LENGTH(EXTENSIONS); i++)
        extensions[i] = message_text(EXTENSIONS[i]);
    Inference__ServerMetadataResponse response = INFERENCE__SERVER_METADATA_RESPONSE__INIT;
    response.name = message_text(server->name);
    response.version = message_text(server->version);
    response.n_extensions = ARRAY_LENGTH(EXTENSIONS);
    response.extensions = extensions;
    return wire_pack(&response.base, reply);
}

static Status make_tensors(const SignatureTensor *tensors, size_t count, Arena *arena,
                           TensorMetadata ***ret_list) {
    MESSAGE_LIST(TensorMetadata, list, count, arena);
    for (size_t i = 0; i < count; i++) {
        MESSAGE_NEW(TensorMetadata, metadata,
                    INFERENCE__MODEL_METADATA_RESPONSE__TENSOR_METADATA__INIT, arena);
        const char *datatype = inference_dtype_name(tensors[i].dtype);
        size_t rank = (size_t)MAX_OF(tensors[i].shape.rank, 0);
        metadata->name = message_text(tensors[i].name);
        metadata->datatype = message_text(datatype ? datatype : dtype_name(tensors[i].dtype));
        metadata->n_shape = rank;
        metadata->shape = arena_calloc(arena, rank, sizeof *metadata->shape);
        if (!metadata->shape)
            return arena_exhausted(arena);
        memcpy(metadata->shape, tensors[i].shape.dims, rank * sizeof *metadata->shape);
        list[i] = metadata;
    }
    *ret_list = list;
    return status_ok();
}

/* The asked version, or all that are available. */
static Status list_versions(ServerContext *server, const InferenceNameVersion *wanted, Arena *arena,
                            Inference__ModelMetadataResponse *response) {
    VersionStatus *versions = NULL;
    size_t count = 0;
    TRY(repo_model_status(server->repo, wanted->name, arena, &versions, &count));
    response->versions = arena_calloc(arena, count, sizeof *response->versions);
    if (!response->versions)
        return arena_exhausted(arena);
    for (size_t i = count; i-- > 0;) {
        bool asked = !wanted->version.has_number || wanted->version.number == versions[i].number;
        if (!asked || versions[i].state != VERSION_AVAILABLE)
            continue;
        char text[24];
        int length = snprintf(text, sizeof text, "%lld", (long long)versions[i].number);
        char *copy = arena_strndup(arena, text, (size_t)length);
        if (!copy)
            return arena_exhausted(arena);
        response->versions[response->n_versions++] = copy;
    }
    return status_ok();
}

Status inference_model_metadata(ServerContext *server, const Spans *request, Arena *arena,
                                WireReply *reply) {
    InferenceNameVersion wanted = { 0 };
    TRY(inference_name_version_decode(server, request, arena, &wanted));
    AUTO(lease_release) Lease lease = { 0 };
    Status found = repo_acquire(server->repo, wanted.name, &wanted.version, &lease);
    if (!status_is_ok(&found))
        return wire_version_error(&found, wanted.name, &wanted.version);
    const Signature *signature = &lease.version->signature;
    Inference__ModelMetadataResponse response = INFERENCE__MODEL_METADATA_RESPONSE__INIT;
    response.name = message_text(lease.version->name);
    response.platform =
        message_text("onnxruntime_onnx"); /* what Triton's clients expect of an ONNX model */
    TRY(list_versions(server, &wanted, arena, &response));
    TRY(make_tensors(signature->inputs, signature->input_count, arena, &response.inputs));
    TRY(make_tensors(signature->outputs, signature->output_count, arena, &response.outputs));
    response.n_inputs = signature->input_count;
    response.n_outputs = signature->output_count;
    return wire_pack(&response.base, reply);
}
