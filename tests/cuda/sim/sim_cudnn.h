/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Descriptors of the simulated cuDNN, and the run of a graph made of them. */

#include <cudnn.h>

#include <stdbool.h>
#include <stddef.h>

enum { EXECUTION_TENSORS = 8 };

typedef struct Attribute {
    struct Attribute *next;
    cudnnBackendAttributeName_t name;
    cudnnBackendAttributeType_t type;
    int64_t count;
    void *items;
} Attribute;

typedef struct Descriptor {
    cudnnBackendDescriptorType_t type;
    Attribute *attributes;          /* the last set first */
    const struct Descriptor *graph; /* of heuristics, configurations and plans */
    int engine;
    bool finalized;
} Descriptor;

typedef struct Execution {
    const Descriptor *graph;
    size_t count;
    int64_t ids[EXECUTION_TENSORS];
    void *addresses[EXECUTION_TENSORS];
    void *workspace;
    size_t workspace_bytes;
} Execution;

const Attribute *sim_attribute(const Descriptor *descriptor, cudnnBackendAttributeName_t name);
/* A SimRun: context is an Execution. */
void sim_cudnn_run(void *context);
/* One line to INFERD_SIM_PLANS. */
void sim_cudnn_write_plan(const Descriptor *graph);
