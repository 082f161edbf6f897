/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Requests that may share a batch: one version, one shape signature (dtypes and all dims but axis
 * 0). Inside, one lane a flow; a flow is a tenant of a model at one priority class, the unit of
 * fairness. A lane is in order of urgency, which for equal timeouts is order of arrival. All of it
 * under the scheduler's lock.
 */

#include "runtime/schedule/heap.h"
#include "runtime/schedule/learned_time.h"
#include "runtime/schedule/request.h"
#include "runtime/schedule/schedule_next.h"

/* How far ahead a request without a deadline is taken to be due: it is not starved by those that
 * have one. */
#define PATIENCE_NS UINT64_C(1000000000)

typedef struct Flow {
    uint64_t tenant;
    ScheduleClass class;
    uint32_t level; /* of the model's priorities */
    uint64_t virtual_ns;
    size_t in_flight; /* requests that run */
    ListNode lanes;
    struct Flow *next; /* in its bucket or the free list */
} Flow;

typedef struct Lane {
    struct ShapeQueue *queue;
    Flow *flow;
    ListNode requests; /* never empty while the lane is in its queue */
    size_t rows;
    size_t queue_slot; /* in ShapeQueue.lanes */
    size_t ready_slot; /* in the scheduler's heap of its class; INDEX_NONE while the queue waits */
    ListNode flow_node;
    struct Lane *next; /* in the free list */
} Lane;

typedef struct ShapeQueue {
    /* fixed after new */
    ModelQueue *model;
    uint64_t hash;
    size_t input_count;
    bool joinable; /* rows end at whole bytes, and the model is batched */
    /* under the scheduler's lock */
    Heap lanes;        /* best first: class, then LaneKey */
    ListNode arrivals; /* oldest first */
    size_t requests, rows, running;
    bool is_ready;
    size_t delay_slot; /* in the scheduler's delay heap */
    uint64_t wake_ns;
    LearnedTime learned;
    ListNode bucket_node;
    ListNode idle_node; /* in ModelQueue.idle while nothing is queued or runs */
    struct {
        DType dtype;
        Shape shape; /* batch_key_shape */
    } inputs[];
} ShapeQueue;

/* @request  its version and shapes; lent. NULL when out of memory. No lock needed. */
ShapeQueue *shape_queue_new(ModelQueue *model, const InferRequest *request);
void shape_queue_free(ShapeQueue *queue); /* empty */
uint64_t shape_queue_hash(const InferRequest *request);
bool shape_queue_fits(const ShapeQueue *queue, const InferRequest *request);

LaneKey lane_key(const Lane *lane);
InferRequest *lane_first(const Lane *lane);
/* Order within a shape queue and within the ready heap of one class; for Heap. */
bool lane_before_in_queue(const void *a, const void *b);
bool lane_before_in_class(const void *a, const void *b);

/* The queue's lane for the flow; NULL. */
Lane *shape_queue_find_lane(const ShapeQueue *queue, const Flow *flow);
/* Puts the request into the lane. The caller updates the heaps. */
void lane_add(Lane *lane, InferRequest *request);
/* Takes it out again. The caller updates the heaps, and drops the lane when it is empty. */
void lane_remove(Lane *lane, InferRequest *request);
/* The earliest deadline among the first requests of the lanes; TIME_NEVER. */
uint64_t shape_queue_deadline(const ShapeQueue *queue);
