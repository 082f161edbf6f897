/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Files that say which models to serve and how: TensorFlow Serving's models.config
 * (ModelServerConfig), batching file (BatchingParameters) and monitoring file (MonitoringConfig),
 * read by the same text format parser and checked here.
 */

#include "runtime/config/model_config.h"

typedef struct VersionLabel {
    const char *label;
    int64_t number;
} VersionLabel;

typedef struct ServedModel {
    const char *name;
    const char *base_path;
    bool has_version_policy; /* false: config.pbtxt decides, else the latest */
    VersionPolicy version_policy;
    const VersionLabel *version_labels; /* several labels may name one version */
    size_t version_label_count;
} ServedModel;

#define METRICS_PATH_DEFAULT "/monitoring/prometheus/metrics"
/* MonitoringConfig: where metrics are told, besides /metrics; NULL: nowhere. */
Status monitoring_config_parse(const char *text, size_t length, Arena *arena,
                               const char **ret_path);

/* Errors: INVALID_ARGUMENT "<line>:<column>: ..." (relative base_path, duplicate name, unknown
 * platform, ...). */
Status served_models_parse(const char *text, size_t length, Arena *arena,
                           const ServedModel **ret_models, size_t *ret_count);
/* The same from a message, which lives as long as arena. */
struct Tensorflow__Serving__ModelServerConfig;
Status served_models_check(struct Tensorflow__Serving__ModelServerConfig *message, Arena *arena,
                           const ServedModel **ret_models, size_t *ret_count);
Status batching_parameters_parse(const char *text, size_t length, Arena *arena,
                                 QueuePolicy *ret_policy);
