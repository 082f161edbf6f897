/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One row per method. A unary method is a function from request bytes to reply bytes; an inference
 * is an InferProtocol; a stream has its own small state machine. Admission looks at the row before
 * the body is read.
 */

#include "server/control.h"
#include "server/wire/wire_request.h"

typedef enum MethodKind {
    METHOD_UNARY,  /* answered in place on the rpc thread: metadata, status, readiness */
    METHOD_INFER,  /* decoded in place, then queued */
    METHOD_LATER,  /* begun in place, answered when it is done: loads */
    METHOD_STREAM, /* health Watch, reflection */
} MethodKind;

typedef enum MethodClass {
    CLASS_PROBE,   /* never refused: health, live, ready */
    CLASS_CONTROL, /* metadata, status, reflection: small, bounded */
    CLASS_MANAGE,  /* as long as an inference, and counted like one */
    CLASS_INFER,   /* counted against live-call and byte limits */
} MethodClass;

/* Thread: rpc. request is lent for the call. */
typedef Status (*UnaryServe)(ServerContext *server, const Spans *request, Arena *arena,
                             WireReply *reply);

typedef struct StreamMethod StreamMethod; /* server/rpc/stream.h */

typedef struct MethodRow {
    const char *path; /* "/tensorflow.serving.PredictionService/Predict" */
    MethodKind kind;
    MethodClass class;
    UnaryServe serve;
    ControlBegin begin;
    const InferProtocol *infer;
    const StreamMethod *stream;
} MethodRow;

extern const MethodRow METHOD_TABLE[];
extern const size_t METHOD_COUNT;

/* Unary methods; files under server/rpc named for the service. */
Status tensorflow_get_model_metadata(ServerContext *server, const Spans *request, Arena *arena,
                                     WireReply *reply);
Status tensorflow_get_model_status(ServerContext *server, const Spans *request, Arena *arena,
                                   WireReply *reply);
Status inference_server_live(ServerContext *server, const Spans *request, Arena *arena,
                             WireReply *reply);
Status inference_server_ready(ServerContext *server, const Spans *request, Arena *arena,
                              WireReply *reply);
Status inference_model_ready(ServerContext *server, const Spans *request, Arena *arena,
                             WireReply *reply);
Status inference_server_metadata(ServerContext *server, const Spans *request, Arena *arena,
                                 WireReply *reply);
Status inference_model_metadata(ServerContext *server, const Spans *request, Arena *arena,
                                WireReply *reply);
Status inference_repository_index(ServerContext *server, const Spans *request, Arena *arena,
                                  WireReply *reply);
Status inference_model_statistics(ServerContext *server, const Spans *request, Arena *arena,
                                  WireReply *reply);
Status inference_model_config(ServerContext *server, const Spans *request, Arena *arena,
                              WireReply *reply);
Status inference_shared_memory_register(ServerContext *server, const Spans *request, Arena *arena,
                                        WireReply *reply);
Status inference_shared_memory_unregister(ServerContext *server, const Spans *request, Arena *arena,
                                          WireReply *reply);
Status inference_shared_memory_status(ServerContext *server, const Spans *request, Arena *arena,
                                      WireReply *reply);
Status inference_cuda_memory_register(ServerContext *server, const Spans *request, Arena *arena,
                                      WireReply *reply);
Status inference_cuda_memory_unregister(ServerContext *server, const Spans *request, Arena *arena,
                                        WireReply *reply);
Status inference_cuda_memory_status(ServerContext *server, const Spans *request, Arena *arena,
                                    WireReply *reply);
Status inference_trace_setting(ServerContext *server, const Spans *request, Arena *arena,
                               WireReply *reply);
Status inference_log_settings(ServerContext *server, const Spans *request, Arena *arena,
                              WireReply *reply);
Status health_check(ServerContext *server, const Spans *request, Arena *arena, WireReply *reply);
