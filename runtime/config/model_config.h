/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A model's config.pbtxt, checked and filled with defaults. Everything in it is optional; what the
 * model itself says is merged in by runtime/model/signature. Unknown fields are errors, known ones
 * that have no meaning here are listed in `ignored` so that the server can say so once.
 */

#include "runtime/base/arena.h"
#include "runtime/base/status.h"
#include "runtime/config/ensemble_config.h"
#include "runtime/config/queue_policy.h"
#include "runtime/config/sequence_config.h"
#include "runtime/tensor/shape.h"

struct Inference__ModelConfig; /* inference/model_config.pb-c.h */

typedef enum VersionPolicyKind {
    VERSIONS_LATEST,
    VERSIONS_ALL,
    VERSIONS_SPECIFIC
} VersionPolicyKind;

typedef struct VersionPolicy {
    VersionPolicyKind kind;
    uint32_t latest_count;   /* LATEST; at least 1 */
    const int64_t *specific; /* SPECIFIC */
    size_t specific_count;
} VersionPolicy;

typedef struct ConfigTensor {
    const char *name;
    DType dtype;
    Shape dims; /* without the batch dim when max_batch_size > 0; DIM_UNKNOWN for -1 */
    bool has_reshape;
    Shape reshape;
    bool optional;
    const struct Tensor *otherwise; /* set by the model: what stands for it when it is left out */
    bool ragged;                /* inputs: rows of any length lie end to end, without a batch dim */
    const char *label_filename; /* outputs; NULL */
} ConfigTensor;

/* What runs the model. */
typedef enum ModelKind {
    MODEL_ONNX,
    MODEL_ENSEMBLE, /* other models of the repository */
    MODEL_IDENTITY, /* outputs are the inputs: for tests of everything around a model */
} ModelKind;

/* Parameters of backend "identity": execute_delay_ms, fail_every, response_count. */
typedef struct IdentityConfig {
    uint64_t delay_ns;     /* a batch takes that long */
    uint64_t fail_every;   /* every n-th batch fails; 0: none */
    uint32_t responses;    /* decoupled: how many a request gets; 1 */
    bool responses_follow; /* the first element of the first input says how many instead */
} IdentityConfig;

/* A tensor computed from the shapes of a batch's ragged inputs. */
typedef enum BatchInputKind { /* numbers of BatchInput.Kind */
                              BATCH_INPUT_ELEMENT_COUNT,
                              BATCH_INPUT_ACCUMULATED_ELEMENT_COUNT,
                              BATCH_INPUT_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO,
                              BATCH_INPUT_MAX_ELEMENT_COUNT_AS_SHAPE,
                              BATCH_INPUT_ITEM_SHAPE,
                              BATCH_INPUT_ITEM_SHAPE_FLATTEN,
} BatchInputKind;

typedef struct BatchInput {
    BatchInputKind kind;
    const char *target; /* input of the model */
    DType dtype;        /* I32 or F32 */
    const char *source; /* ragged input */
} BatchInput;

/* What one run needs of things that are counted (rate_limiter.resources). */
typedef struct ResourceNeed {
    const char *name;
    uint32_t count;
    bool global;
} ResourceNeed;

/* All instance groups together: weights are shared, so a group is only how much may run at once. */
typedef struct InstanceConfig {
    size_t count; /* batches at once, all groups together; 0: not said */
    bool limits;  /* the count holds, rather than "as many as there are cores" */
    const ResourceNeed *needs;
    size_t need_count;
    uint32_t priority; /* among models that want the same resources: n runs 1/n as often; 0: 1 */
} InstanceConfig;

typedef enum WarmupData { WARMUP_ZERO, WARMUP_RANDOM, WARMUP_FILE } WarmupData;

typedef struct WarmupInput {
    const char *name;
    DType dtype;
    Shape dims;
    WarmupData data;
    const char *file; /* FILE: in warmup/ */
} WarmupInput;

typedef struct WarmupSample {
    const char *name;
    size_t rows; /* 0: the model is not batched */
    const WarmupInput *inputs;
    size_t input_count;
    size_t repeat; /* at least 1 */
} WarmupSample;

typedef struct ConfigPair {
    const char *key, *value;
} ConfigPair;

typedef struct ModelConfig {
    const char *name; /* "" when the file does not say */
    ModelKind kind;
    bool has_max_batch_size;
    size_t max_batch_size; /* 0: axis 0 is not a batch */
    VersionPolicy version_policy;
    bool has_version_policy;
    const ConfigTensor *inputs, *outputs;
    size_t input_count, output_count;
    const BatchInput *batch_inputs;
    size_t batch_input_count;
    const ConfigPair *scatter_outputs; /* batch_output: output, and the ragged input it is cut by */
    size_t scatter_output_count;
    bool has_dynamic_batching;
    QueuePolicy queue;
    const SequenceConfig *sequence; /* NULL */
    const EnsembleConfig *ensemble; /* NULL */
    IdentityConfig identity;
    InstanceConfig instances;
    bool decoupled; /* a request may have any number of responses */
    bool cached;    /* response_cache */
    const WarmupSample *warmups;
    size_t warmup_count;
    const ConfigPair *metric_tags;
    size_t metric_tag_count;
    const ConfigPair *checksums; /* checksum agent: file beneath the model's directory, MD5 */
    size_t checksum_count;
    const char *model_filename; /* "model.onnx" */
    /* "auto", "cpu", "cuda:0": parameters { key: "device" } or instance_group */
    const char *device;
    bool deterministic; /* parameters { key: "deterministic" value { string_value: "true" } } */
    bool bf16;          /* parameters { key: "precision" value { string_value: "bf16" } } */
    const char *const *ignored; /* field paths that were set and have no effect, for one log line */
    size_t ignored_count;
    /* The file as it was read; after model_config_complete what the ModelConfig RPC tells. */
    const struct Inference__ModelConfig *message;
} ModelConfig;

/* All defaults; strings are static. message is NULL. */
ModelConfig model_config_default(void);

/**
 * @directory_name  the model's folder; a differing `name` is an error
 * @arena  holds all of ret_config
 *
 * Errors: INVALID_ARGUMENT "config.pbtxt:<line>:<column>: ..."
 */
Status model_config_parse(const char *text, size_t length, const char *directory_name, Arena *arena,
                          ModelConfig *ret_config);
/**
 * The same from a message that came otherwise (an override in a load request).
 *
 * @message  kept, and changed by model_config_complete; lives as long as arena
 *
 * Errors: INVALID_ARGUMENT "config: <path>: ..."
 */
Status model_config_check(struct Inference__ModelConfig *message, const char *directory_name,
                          Arena *arena, ModelConfig *ret_config);

/* What the model says where its config does not. */
typedef struct ModelFacts {
    const ConfigTensor *inputs, *outputs; /* as clients see them, without the batch dim */
    size_t input_count, output_count;
    bool batching; /* requests are joined */
} ModelFacts;

/**
 * Fills config->message with what was derived and with all defaults, as Triton shows them.
 *
 * Errors: RESOURCE_EXHAUSTED
 * Source: reference open_inference_triton.md 3.3
 */
Status model_config_complete(ModelConfig *config, const ModelFacts *facts, Arena *arena);
