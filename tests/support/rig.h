/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A pool, a scheduler and models made of a config alone, for tests of policies: real threads, real
 * engines, no network. Requests are of int64 values and are waited for.
 */

#include "runtime/base/thread.h"
#include "runtime/schedule/timer.h"

enum { RIG_VALUES_MAX = 32, RIG_TENSORS_MAX = 8, RIG_RESPONSES_MAX = 16 };

typedef struct Rig {
    Pool *pool;
    OutputPool *outputs;
    ResponseCache *cache; /* of models that ask for one */
    Device *device;
    Scheduler *scheduler;
    Timer *timer;
    ModelVersion *versions[RIG_TENSORS_MAX]; /* that are loaded: what ensembles find */
    Mutex mutex;
    Cond changed;
} Rig;

Rig *rig_open(void);
void rig_close(Rig *rig); /* all versions are removed */

/* Loads and adds it. @config  config.pbtxt; a version's directory is not looked into */
Status rig_try_load(Rig *rig, const char *name, const char *config, ModelVersion **ret_version);
ModelVersion *rig_load(Rig *rig, const char *name, const char *config);
void rig_unload(Rig *rig, ModelVersion *version);

typedef struct RigRequest {
    InferRequest request; /* set what is wanted before rig_submit */
    Rig *rig;
    RequestInput inputs[RIG_TENSORS_MAX];
    Span spans[RIG_TENSORS_MAX];
    Tensor outputs[RIG_TENSORS_MAX];
    int64_t payload[RIG_TENSORS_MAX][RIG_VALUES_MAX];
    /* seen */
    bool is_done;
    Status status;
    int64_t values[RIG_TENSORS_MAX][RIG_VALUES_MAX]; /* of the outputs */
    size_t counts[RIG_TENSORS_MAX];
    size_t responses;
    int64_t response_values[RIG_RESPONSES_MAX]; /* the first value of the first output */
} RigRequest;

/* Every visible input: [rows, width] with that value in all its elements, or [width] where the
 * model is not batched. */
void rig_request_init(RigRequest *request, Rig *rig, ModelVersion *version, size_t rows,
                      size_t width, int64_t value);
Status rig_submit(RigRequest *request);
void rig_wait(RigRequest *request);
/* Submits and waits; the status it ended with. */
Status rig_run(RigRequest *request);
