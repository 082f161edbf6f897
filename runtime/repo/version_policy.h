/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What should happen next to one model's versions: the availability-preserving order of TensorFlow
 * Serving, as a pure function. Source: reference tensorflow_serving.md 4.
 */

#include "runtime/config/model_config.h"

typedef enum VersionState {
    VERSION_START = 10, /* numbers of ModelVersionStatus.State */
    VERSION_LOADING = 20,
    VERSION_AVAILABLE = 30,
    VERSION_UNLOADING = 40,
    VERSION_END = 50,
} VersionState;

typedef struct VersionView {
    int64_t number;
    VersionState state;
    bool aspired; /* the policy wants it */
} VersionView;

typedef enum VersionActionKind { VERSION_NOTHING, VERSION_LOAD, VERSION_UNLOAD } VersionActionKind;

typedef struct VersionAction {
    VersionActionKind kind;
    size_t index; /* into versions */
} VersionAction;

VersionAction version_next_action(const VersionView *versions, size_t count);

/* Sets aspired for what is on disk. numbers: ascending. */
void version_policy_select(const VersionPolicy *policy, const int64_t *numbers, size_t count,
                           bool *aspired);
