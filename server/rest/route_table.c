/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Everything that can be asked over HTTP. Source: reference tensorflow_serving.md 2,
 * open_inference_triton.md 2.1; both listings and the two probes at the end are ours.
 */

#include "runtime/base/size.h"
#include "server/rest/rest.h"

#include "inference/grpc_service.pb-c.h"
#include "tensorflow_serving/apis/get_model_metadata.pb-c.h"
#include "tensorflow_serving/apis/get_model_status.pb-c.h"

static const RestControl STATUS = { .serve = tensorflow_get_model_status,
                                    .answer =
                                        &tensorflow__serving__get_model_status_response__descriptor,
                                    .protocol = REST_TENSORFLOW,
                                    .all_fields = true };
static const RestControl METADATA = {
    .serve = tensorflow_get_model_metadata,
    .answer = &tensorflow__serving__get_model_metadata_response__descriptor,
    .protocol = REST_TENSORFLOW,
    .tensorflow_metadata = true,
    .all_fields = true
};
static const RestControl SERVER_METADATA = { .serve = inference_server_metadata,
                                             .answer =
                                                 &inference__server_metadata_response__descriptor,
                                             .protocol = REST_INFERENCE,
                                             .all_fields = true };
static const RestControl MODEL_METADATA = { .serve = inference_model_metadata,
                                            .answer =
                                                &inference__model_metadata_response__descriptor,
                                            .protocol = REST_INFERENCE,
                                            .all_fields = true };
static const RestControl STATISTICS = { .serve = inference_model_statistics,
                                        .answer = &inference__model_statistics_response__descriptor,
                                        .protocol = REST_INFERENCE,
                                        .all_fields = true };
static const RestControl INDEX = { .serve = inference_repository_index,
                                   .answer = &inference__repository_index_response__descriptor,
                                   .protocol = REST_INFERENCE,
                                   .only = "models" };

static const RestControl CONFIG = { .serve = inference_model_config,
                                    .answer = &inference__model_config_response__descriptor,
                                    .protocol = REST_INFERENCE,
                                    .all_fields = true,
                                    .only = "config" };

#define REGION(name_, serve_, answer_, shape_, is_empty_)                                          \
    static const RestControl name_ = { .serve = (serve_),                                          \
                                       .answer = (answer_),                                        \
                                       .protocol = REST_INFERENCE,                                 \
                                       .all_fields = true,                                         \
                                       .write = rest_write_region,                                 \
                                       .shape = (shape_),                                          \
                                       .is_empty = (is_empty_) }
REGION(REGIONS, inference_shared_memory_status,
       &inference__system_shared_memory_status_response__descriptor, rest_shape_regions, false);
REGION(REGION_REGISTER, inference_shared_memory_register, NULL, NULL, true);
REGION(REGION_UNREGISTER, inference_shared_memory_unregister, NULL, NULL, true);
REGION(CUDA_REGIONS, inference_cuda_memory_status,
       &inference__cuda_shared_memory_status_response__descriptor, rest_shape_regions, false);
REGION(CUDA_REGISTER, inference_cuda_memory_register, NULL, NULL, true);
REGION(CUDA_UNREGISTER, inference_cuda_memory_unregister, NULL, NULL, true);

static const RestControl LOGGING = { .serve = inference_log_settings,
                                     .answer = &inference__log_settings_response__descriptor,
                                     .protocol = REST_INFERENCE,
                                     .all_fields = true,
                                     .write = rest_write_log,
                                     .shape = rest_shape_settings };
static const RestControl TRACES = { .serve = inference_trace_setting,
                                    .answer = &inference__trace_setting_response__descriptor,
                                    .protocol = REST_INFERENCE,
                                    .all_fields = true,
                                    .write = rest_write_trace,
                                    .shape = rest_shape_settings };

#define PROBE(pattern_, serve_)                                                                    \
    { .method = "GET", .pattern = (pattern_), .class = ROUTE_PROBE, .serve = (serve_) }
/* A probe that says in its body what its code says, as KServe's clients want it. */
#define TOLD(pattern_, serve_, key_)                                                               \
    {                                                                                              \
        .method = "GET", .pattern = (pattern_), .class = ROUTE_PROBE, .serve = (serve_),           \
        .argument = (key_)                                                                         \
    }
#define CONTROL(method_, pattern_, control_)                                                       \
    {                                                                                              \
        .method = (method_), .pattern = (pattern_), .class = ROUTE_CONTROL, .serve = rest_control, \
        .argument = (control_)                                                                     \
    }
/* The console's page; argument: the file, if the path does not name it. */
#define PAGE(pattern_, file_)                                                                      \
    {                                                                                              \
        .method = "GET", .pattern = (pattern_), .class = ROUTE_CONTROL, .serve = rest_console,     \
        .argument = (file_)                                                                        \
    }
#define ABOUT(pattern_, serve_)                                                                    \
    { .method = "GET", .pattern = (pattern_), .class = ROUTE_CONTROL, .serve = (serve_) }
#define LISTING(pattern_)                                                                          \
    {                                                                                              \
        .method = "GET", .pattern = (pattern_), .class = ROUTE_CONTROL, .serve = rest_models,      \
        .argument = (pattern_)                                                                     \
    }
#define INFER(pattern_, serve_)                                                                    \
    { .method = "POST", .pattern = (pattern_), .class = ROUTE_INFER, .serve = (serve_) }

const RouteRow ROUTES[] = {
    INFER("/v1/models/*:predict", rest_tensorflow_predict),
    INFER("/v1/models/*/versions/#:predict", rest_tensorflow_predict),
    INFER("/v1/models/*/labels/@:predict", rest_tensorflow_predict),
    INFER("/v1/models/*:classify", rest_tensorflow_classify),
    INFER("/v1/models/*/versions/#:classify", rest_tensorflow_classify),
    INFER("/v1/models/*/labels/@:classify", rest_tensorflow_classify),
    INFER("/v1/models/*:regress", rest_tensorflow_regress),
    INFER("/v1/models/*/versions/#:regress", rest_tensorflow_regress),
    INFER("/v1/models/*/labels/@:regress", rest_tensorflow_regress),
    LISTING("/v1/models"),
    CONTROL("GET", "/v1/models/*", &STATUS),
    CONTROL("GET", "/v1/models/*/versions/#", &STATUS),
    CONTROL("GET", "/v1/models/*/labels/@", &STATUS),
    CONTROL("GET", "/v1/models/*/metadata", &METADATA),
    CONTROL("GET", "/v1/models/*/versions/#/metadata", &METADATA),
    CONTROL("GET", "/v1/models/*/labels/@/metadata", &METADATA),

    INFER("/v2/models/*/infer", rest_inference_infer),
    INFER("/v2/models/*/versions/#/infer", rest_inference_infer),
    INFER("/v2/models/*/generate", rest_generate),
    INFER("/v2/models/*/versions/#/generate", rest_generate),
    INFER("/v2/models/*/generate_stream", rest_generate_stream),
    INFER("/v2/models/*/versions/#/generate_stream", rest_generate_stream),
    TOLD("/v2/health/live", rest_live, "live"),
    TOLD("/v2/health/ready", rest_ready, "ready"),
    TOLD("/v2/models/*/ready", rest_model_ready, "ready"),
    TOLD("/v2/models/*/versions/#/ready", rest_model_ready, "ready"),
    CONTROL("GET", "/v2", &SERVER_METADATA),
    CONTROL("GET", "/v2/", &SERVER_METADATA),
    LISTING("/v2/models"),
    CONTROL("GET", "/v2/models/stats", &STATISTICS),
    CONTROL("GET", "/v2/models/*", &MODEL_METADATA),
    CONTROL("GET", "/v2/models/*/versions/#", &MODEL_METADATA),
    CONTROL("GET", "/v2/models/*/stats", &STATISTICS),
    CONTROL("GET", "/v2/models/*/versions/#/stats", &STATISTICS),
    CONTROL("GET", "/v2/logging", &LOGGING),
    CONTROL("POST", "/v2/logging", &LOGGING),
    CONTROL("GET", "/v2/trace/setting", &TRACES),
    CONTROL("POST", "/v2/trace/setting", &TRACES),
    CONTROL("GET", "/v2/models/*/trace/setting", &TRACES),
    CONTROL("POST", "/v2/models/*/trace/setting", &TRACES),
    CONTROL("GET", "/v2/systemsharedmemory/status", &REGIONS),
    CONTROL("GET", "/v2/systemsharedmemory/region/*/status", &REGIONS),
    CONTROL("POST", "/v2/systemsharedmemory/region/*/register", &REGION_REGISTER),
    CONTROL("POST", "/v2/systemsharedmemory/region/*/unregister", &REGION_UNREGISTER),
    CONTROL("POST", "/v2/systemsharedmemory/unregister", &REGION_UNREGISTER),
    CONTROL("GET", "/v2/cudasharedmemory/status", &CUDA_REGIONS),
    CONTROL("GET", "/v2/cudasharedmemory/region/*/status", &CUDA_REGIONS),
    CONTROL("POST", "/v2/cudasharedmemory/region/*/register", &CUDA_REGISTER),
    CONTROL("POST", "/v2/cudasharedmemory/region/*/unregister", &CUDA_UNREGISTER),
    CONTROL("POST", "/v2/cudasharedmemory/unregister", &CUDA_UNREGISTER),
    CONTROL("GET", "/v2/models/*/config", &CONFIG),
    CONTROL("GET", "/v2/models/*/versions/#/config", &CONFIG),
    CONTROL("POST", "/v2/repository/index", &INDEX),
    INFER("/v2/repository/models/*/load", rest_load),
    INFER("/v2/repository/*/index", rest_named_repository),
    INFER("/v2/repository/*/models/*/load", rest_named_repository),
    INFER("/v2/repository/*/models/*/unload", rest_named_repository),
    INFER("/v2/repository/models/*/unload", rest_unload),

    PAGE("/", "index.html"),
    PAGE("/console/*", NULL),
    ABOUT("/console/models/*", rest_console_model),
    ABOUT("/console/models/*/graph", rest_graph),
    ABOUT("/console/models/*/versions/#/graph", rest_graph),

    PROBE("/metrics", rest_metrics),
    PROBE("/livez", rest_live),
    PROBE("/readyz", rest_ready),
};

const RouteRow METRICS_ROUTE = PROBE("/metrics", rest_metrics);

const size_t ROUTE_COUNT = ARRAY_LENGTH(ROUTES);
