/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ModelConfig: what a version's config says, with what was derived and all defaults, as the message
 * that the loader completed. Thread: rpc, http; nothing blocks. Source: reference
 * open_inference_triton.md 3.3.
 */

#include "server/rpc/inference_request.h"
#include "server/rpc/method_table.h"
#include "server/wire/wire_pack.h"
#include "server/wire/wire_version.h"

#include "inference/grpc_service.pb-c.h"

Status inference_model_config(ServerContext *server, const Spans *request, Arena *arena,
                              WireReply *reply) {
    InferenceNameVersion wanted = { 0 };
    TRY(inference_name_version_decode(server, request, arena, &wanted));
    AUTO(lease_release) Lease lease = { 0 };
    Status found = repo_acquire(server->repo, wanted.name, &wanted.version, &lease);
    if (!status_is_ok(&found))
        return wire_version_error(&found, wanted.name, &wanted.version);
    Inference__ModelConfigResponse response = INFERENCE__MODEL_CONFIG_RESPONSE__INIT;
    /* protobuf-c's pointers are not const; packing does not write. */
    response.config = (Inference__ModelConfig *)(uintptr_t)lease.version->config.message;
    return wire_pack(&response.base, reply);
}
