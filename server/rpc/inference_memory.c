/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Shared memory of GRPCInferenceService: regions registered, listed and given up. There is no CUDA
 * here to share memory of, which registering says; no region of that kind is ever there. Thread:
 * rpc, http; nothing blocks. Source: reference open_inference_triton.md 1.2, 1.5.
 */

#include "server/rpc/method_table.h"
#include "server/shared_memory.h"
#include "server/wire/wire_pack.h"
#include "server/wire/wire_tensor.h"

#include "inference/grpc_service.pb-c.h"

enum { REQUEST_NAME = 1, REQUEST_KEY = 2, REQUEST_OFFSET = 3, REQUEST_BYTES = 4 };

typedef Inference__SystemSharedMemoryStatusResponse__RegionStatus RegionStatus;
typedef Inference__SystemSharedMemoryStatusResponse__RegionsEntry RegionsEntry;

static Status read_request(ServerContext *server, const Spans *message, Arena *arena,
                           SharedRegionInfo *ret_info) {
    TRY(server_check_control(server, message));
    SpanReader reader = span_reader_of(message);
    WireField field;
    WireResult result;
    *ret_info = (SharedRegionInfo){ .name = { .data = "" }, .key = { .data = "" } };
    while ((result = span_reader_next(&reader, &field)) == WIRE_FIELD) {
        if (field.number == REQUEST_NAME && field.type == WIRE_BYTES)
            TRY(wire_text(field.bytes, arena, "name", &ret_info->name));
        if (field.number == REQUEST_KEY && field.type == WIRE_BYTES)
            TRY(wire_text(field.bytes, arena, "key", &ret_info->key));
        if (field.number == REQUEST_OFFSET && field.type == WIRE_VARINT)
            ret_info->offset = field.scalar;
        if (field.number == REQUEST_BYTES && field.type == WIRE_VARINT)
            ret_info->bytes = field.scalar;
    }
    return result == WIRE_END ? status_ok() : wire_malformed("request");
}

Status inference_shared_memory_register(ServerContext *server, const Spans *request, Arena *arena,
                                        WireReply *reply) {
    (void)reply;
    SharedRegionInfo info;
    TRY(shared_memory_check(server->shared_memory));
    TRY(read_request(server, request, arena, &info));
    return shared_memory_register(server->shared_memory, &info);
}

Status inference_shared_memory_unregister(ServerContext *server, const Spans *request, Arena *arena,
                                          WireReply *reply) {
    (void)reply;
    SharedRegionInfo info;
    TRY(shared_memory_check(server->shared_memory));
    TRY(read_request(server, request, arena, &info));
    shared_memory_unregister(server->shared_memory, info.name);
    return status_ok();
}

Status inference_shared_memory_status(ServerContext *server, const Spans *request, Arena *arena,
                                      WireReply *reply) {
    SharedRegionInfo wanted, *regions;
    size_t count;
    TRY(shared_memory_check(server->shared_memory));
    TRY(read_request(server, request, arena, &wanted));
    TRY(shared_memory_list(server->shared_memory, wanted.name, arena, &regions, &count));
    Inference__SystemSharedMemoryStatusResponse response =
        INFERENCE__SYSTEM_SHARED_MEMORY_STATUS_RESPONSE__INIT;
    MESSAGE_LIST(RegionsEntry, entries, count, arena);
    for (size_t i = 0; i < count; i++) {
        MESSAGE_NEW(RegionsEntry, entry,
                    INFERENCE__SYSTEM_SHARED_MEMORY_STATUS_RESPONSE__REGIONS_ENTRY__INIT, arena);
        MESSAGE_NEW(RegionStatus, status,
                    INFERENCE__SYSTEM_SHARED_MEMORY_STATUS_RESPONSE__REGION_STATUS__INIT, arena);
        entry->key = status->name = message_text(regions[i].name.data);
        status->key = message_text(regions[i].key.data);
        status->offset = regions[i].offset;
        status->byte_size = regions[i].bytes;
        entry->value = status;
        entries[i] = entry;
    }
    response.n_regions = count;
    response.regions = entries;
    return wire_pack(&response.base, reply);
}

Status inference_cuda_memory_register(ServerContext *server, const Spans *request, Arena *arena,
                                      WireReply *reply) {
    (void)request, (void)arena, (void)reply;
    TRY(shared_memory_check(server->shared_memory));
    return status_error(STATUS_UNIMPLEMENTED,
                        "failed to register CUDA shared memory region: this server has no GPU "
                        "memory to share; use system shared memory");
}

Status inference_cuda_memory_unregister(ServerContext *server, const Spans *request, Arena *arena,
                                        WireReply *reply) {
    (void)reply;
    SharedRegionInfo info;
    TRY(shared_memory_check(server->shared_memory));
    return read_request(server, request, arena, &info);
}

Status inference_cuda_memory_status(ServerContext *server, const Spans *request, Arena *arena,
                                    WireReply *reply) {
    (void)reply;
    SharedRegionInfo wanted;
    TRY(shared_memory_check(server->shared_memory));
    TRY(read_request(server, request, arena, &wanted));
    if (wanted.name.length == 0)
        return status_ok();
    return status_error(STATUS_NOT_FOUND, "Unable to find cuda shared memory region: '%.*s'",
                        TEXT_ARGS(text_cut(wanted.name, 100)));
}
