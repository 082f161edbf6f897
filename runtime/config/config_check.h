/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the checks of both configuration languages share. Private to runtime/config. */

#include "runtime/config/model_config.h"
#include "runtime/config/text_format.h"

#include "inference/model_config.pb-c.h"

/* One config.pbtxt while it is checked. */
typedef struct ConfigCheck {
    const TextMessage *text;
    const Inference__ModelConfig *message;
    Arena *arena;
    ModelConfig *config;
    const char **ignored;
    size_t ignored_capacity;
} ConfigCheck;

/* config_tensors.c: inputs and outputs. */
Status config_check_tensors(ConfigCheck *check);
/* DTYPE_INVALID for TYPE_INVALID. */
DType config_dtype(Inference__DataType type);
Inference__DataType config_data_type(DType dtype);
/* config_batching.c: has_max_batch_size, max_batch_size, has_dynamic_batching, queue. */
Status config_check_batching(ConfigCheck *check);
/* Sorted and without doubles into queue.preferred_rows; `list` is the field's path. */
Status config_check_preferred(ConfigCheck *check, const char *list, const int32_t *sizes,
                              size_t count);
/* Microseconds from a file; saturates far beyond any deadline. */
uint64_t config_ns_from_us(uint64_t us);
/* config_sequence.c */
Status config_check_sequence(ConfigCheck *check);
/* config_ensemble.c; after the tensors */
Status config_check_ensemble(ConfigCheck *check);
/* config_ragged.c: batch_inputs, scatter_outputs; after the tensors */
Status config_check_ragged(ConfigCheck *check);
/* config_instances.c: instances, device */
Status config_check_instances(ConfigCheck *check);
/* config_parameters.c: what stands under `parameters` */
Status config_check_parameters(ConfigCheck *check);
/* config_extras.c: warm-up, cache, checksums, metric tags; after the tensors */
Status config_check_extras(ConfigCheck *check);
/* Notes a field that has no effect; path is kept. */
void config_ignore(ConfigCheck *check, const char *path);

/* 0 means 1, as in both servers. */
VersionPolicy version_policy_latest(uint32_t count);
/* Sorted copy without doubles. Errors: INVALID_ARGUMENT at "<path>.versions[i]" for numbers below
 * 0. */
Status version_policy_specific(const TextMessage *text, const char *path, const int64_t *versions,
                               size_t count, Arena *arena, VersionPolicy *ret_policy);

/* A name of a file beneath the model's directory: relative, no "..", not empty. */
bool config_is_plain_filename(const char *name);
