/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A model's config.pbtxt, checked and filled with defaults. Everything in it is optional; what the
 * model itself says is merged in by runtime/model/signature. Unknown fields are errors, known ones
 * that we do not honour yet are listed in `ignored` so that the server can say so once.
 */

#include "runtime/base/arena.h"
#include "runtime/base/status.h"
#include "runtime/tensor/shape.h"

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
    const char *label_filename; /* outputs; NULL */
} ConfigTensor;

enum { PREFERRED_ROWS_MAX = 16 };

/* How requests for one version are queued and joined; see runtime/schedule. Also from TensorFlow
 * Serving's batching file. */
typedef struct QueuePolicy {
    bool batching;                             /* join requests along axis 0 */
    size_t max_rows;                           /* of a batch; 1 when not batching */
    uint64_t delay_ns;                         /* how long the oldest request waits for company */
    size_t preferred_rows[PREFERRED_ROWS_MAX]; /* increasing */
    size_t preferred_count;
    size_t max_queue_requests;   /* 0: the server's default */
    size_t max_queue_bytes;      /* 0: the server's default */
    uint64_t default_timeout_ns; /* 0: none */
    bool allow_timeout_override;
    bool preserve_ordering;
} QueuePolicy;

typedef struct ModelConfig {
    const char *name; /* "" when the file does not say */
    bool has_max_batch_size;
    size_t max_batch_size; /* 0: axis 0 is not a batch */
    VersionPolicy version_policy;
    bool has_version_policy;
    const ConfigTensor *inputs, *outputs;
    size_t input_count, output_count;
    bool has_dynamic_batching;
    QueuePolicy queue;
    const char *model_filename; /* "model.onnx" */
    /* "auto", "cpu", "cuda:0": parameters { key: "device" } or instance_group */
    const char *device;
    bool deterministic; /* parameters { key: "deterministic" value { string_value: "true" } } */
    const char *const *ignored; /* field paths that were set and have no effect, for one log line */
    size_t ignored_count;
} ModelConfig;

/* All defaults; strings are static. */
ModelConfig model_config_default(void);

/**
 * @directory_name  the model's folder; a differing `name` is an error
 * @arena  holds all of ret_config
 *
 * Errors: INVALID_ARGUMENT "config.pbtxt:<line>:<column>: ..."
 */
Status model_config_parse(const char *text, size_t length, const char *directory_name, Arena *arena,
                          ModelConfig *ret_config);
