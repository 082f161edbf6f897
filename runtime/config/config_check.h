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

/* Fills config->inputs and outputs. */
Status config_check_tensors(ConfigCheck *check);
/* Fills has_max_batch_size, max_batch_size, has_dynamic_batching, queue. */
Status config_check_batching(ConfigCheck *check);
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
