/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Everything this server can be asked. A row's class decides how admission treats it, its kind who
 * answers: see method_table.h. Reflection lists the services in this order.
 */

#include "server/rpc/method_table.h"

#include "runtime/base/size.h"
#include "server/rpc/health.h"
#include "server/rpc/stream.h"

#define UNARY(path_, class_, serve_)                                                               \
    { .path = (path_), .kind = METHOD_UNARY, .class = (class_), .serve = (serve_) }
#define INFER(path_, protocol_)                                                                    \
    { .path = (path_), .kind = METHOD_INFER, .class = CLASS_INFER, .infer = (protocol_) }
#define LATER(path_, begin_)                                                                       \
    { .path = (path_), .kind = METHOD_LATER, .class = CLASS_MANAGE, .begin = (begin_) }
#define STREAM(path_, class_, stream_)                                                             \
    { .path = (path_), .kind = METHOD_STREAM, .class = (class_), .stream = (stream_) }

const MethodRow METHOD_TABLE[] = {
    INFER("/tensorflow.serving.PredictionService/Predict", &TENSORFLOW_PREDICT),
    INFER("/tensorflow.serving.PredictionService/Classify", &TENSORFLOW_CLASSIFY),
    INFER("/tensorflow.serving.PredictionService/Regress", &TENSORFLOW_REGRESS),
    INFER("/tensorflow.serving.PredictionService/MultiInference", &TENSORFLOW_MULTI_INFERENCE),
    UNARY("/tensorflow.serving.PredictionService/GetModelMetadata", CLASS_CONTROL,
          tensorflow_get_model_metadata),
    UNARY("/tensorflow.serving.ModelService/GetModelStatus", CLASS_CONTROL,
          tensorflow_get_model_status),
    LATER("/tensorflow.serving.ModelService/HandleReloadConfigRequest", tensorflow_reload_config),
    UNARY("/inference.GRPCInferenceService/ServerLive", CLASS_PROBE, inference_server_live),
    UNARY("/inference.GRPCInferenceService/ServerReady", CLASS_PROBE, inference_server_ready),
    UNARY("/inference.GRPCInferenceService/ModelReady", CLASS_PROBE, inference_model_ready),
    UNARY("/inference.GRPCInferenceService/ServerMetadata", CLASS_CONTROL,
          inference_server_metadata),
    UNARY("/inference.GRPCInferenceService/ModelMetadata", CLASS_CONTROL, inference_model_metadata),
    INFER("/inference.GRPCInferenceService/ModelInfer", &INFERENCE_INFER),
    STREAM("/inference.GRPCInferenceService/ModelStreamInfer", CLASS_INFER, &INFERENCE_STREAM),
    UNARY("/inference.GRPCInferenceService/ModelStatistics", CLASS_CONTROL,
          inference_model_statistics),
    UNARY("/inference.GRPCInferenceService/RepositoryIndex", CLASS_CONTROL,
          inference_repository_index),
    UNARY("/inference.GRPCInferenceService/ModelConfig", CLASS_CONTROL, inference_model_config),
    LATER("/inference.GRPCInferenceService/RepositoryModelLoad", inference_repository_load),
    LATER("/inference.GRPCInferenceService/RepositoryModelUnload", inference_repository_unload),
    UNARY("/inference.GRPCInferenceService/SystemSharedMemoryStatus", CLASS_CONTROL,
          inference_shared_memory_status),
    UNARY("/inference.GRPCInferenceService/SystemSharedMemoryRegister", CLASS_CONTROL,
          inference_shared_memory_register),
    UNARY("/inference.GRPCInferenceService/SystemSharedMemoryUnregister", CLASS_CONTROL,
          inference_shared_memory_unregister),
    UNARY("/inference.GRPCInferenceService/CudaSharedMemoryStatus", CLASS_CONTROL,
          inference_cuda_memory_status),
    UNARY("/inference.GRPCInferenceService/CudaSharedMemoryRegister", CLASS_CONTROL,
          inference_cuda_memory_register),
    UNARY("/inference.GRPCInferenceService/CudaSharedMemoryUnregister", CLASS_CONTROL,
          inference_cuda_memory_unregister),
    UNARY("/inference.GRPCInferenceService/TraceSetting", CLASS_CONTROL, inference_trace_setting),
    UNARY("/inference.GRPCInferenceService/LogSettings", CLASS_CONTROL, inference_log_settings),
    UNARY("/grpc.health.v1.Health/Check", CLASS_PROBE, health_check),
    UNARY("/grpc.health.v1.Health/List", CLASS_CONTROL, health_list),
    STREAM("/grpc.health.v1.Health/Watch", CLASS_PROBE, &HEALTH_WATCH),
    STREAM("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", CLASS_CONTROL, &REFLECTION),
    STREAM("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", CLASS_CONTROL,
           &REFLECTION),
};

const size_t METHOD_COUNT = ARRAY_LENGTH(METHOD_TABLE);
