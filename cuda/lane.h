/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One pipeline of a GPU: streams for copies in, compute and copies out, one arena for intermediate
 * values, and two slots, each with pinned memory and device memory for one run's inputs and
 * outputs. While one slot computes, the other is filled and copied, and the one before is emptied.
 *
 * Two threads: the feeder stages and enqueues, the finisher waits for a run's last event (the one
 * synchronisation of a run), copies its outputs to the host's memory and calls done.
 */

#include "cuda/device.h"

enum { LANE_SLOTS = 2 };

/* Memory that grows, pinned on the host or on the device. */
typedef struct Block {
    void *data;
    size_t bytes;
} Block;

typedef struct Slot {
    Block pinned_in, pinned_out; /* host */
    Block device_in, device_out;
    cudaEvent_t copied, computed, done;
    Submission *submission; /* in flight, or NULL */
    Status status;          /* of enqueueing it */
} Slot;

struct Lane {
    CudaDevice *device;
    Thread feeder, finisher;
    cudaStream_t in, compute, out;
    cudnnHandle_t dnn;
    /* feeder only */
    Block arena;
    /* a slot's fields belong to the feeder until it is in flight, then to the finisher */
    Slot slots[LANE_SLOTS];
    Mutex mutex;
    Cond changed;
    /* under mutex */
    size_t fed, finished; /* slots ever put in flight and taken out, in order */
    bool closing;
};

Status lane_new(CudaDevice *device, Lane **ret_lane);
/* The device's queue is closed: ends what is in flight. */
void lane_free(Lane *lane);
