/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One shape queue and its lanes. Only lists, counts and order are kept here; which heap a lane
 * stands in is the scheduler's business. A request enters its lane from the back, past those that
 * are due later: with equal timeouts that is one comparison. Runs under the scheduler's lock, but
 * for shape_queue_new and shape_queue_hash.
 */

#include "runtime/schedule/shape_queue.h"

#include "runtime/base/clock.h"
#include "runtime/schedule/batch_shape.h"

#include <assert.h>
#include <stdlib.h>

static bool is_batched(const InferRequest *request) {
    return request->lease.version->signature.batched;
}

static bool ends_at_whole_bytes(const RequestInput *input) {
    size_t bits = dtype_info(input->dtype)->bits;
    if (bits % 8 == 0)
        return true;
    return input->shape.rank > 0 &&
           shape_product(&input->shape, 1, (size_t)input->shape.rank) * bits % 8 == 0;
}

ShapeQueue *shape_queue_new(ModelQueue *model, const InferRequest *request) {
    size_t count = request->lease.version->signature.all_input_count;
    ShapeQueue *queue = calloc(1, sizeof *queue + count * sizeof queue->inputs[0]);
    if (!queue)
        return NULL;
    queue->model = model;
    queue->hash = shape_queue_hash(request);
    queue->input_count = count;
    queue->joinable = is_batched(request);
    for (size_t i = 0; i < count; i++) {
        queue->inputs[i].dtype = request->inputs[i].dtype;
        queue->inputs[i].shape = batch_key_shape(request, i);
        queue->joinable = queue->joinable && ends_at_whole_bytes(&request->inputs[i]);
    }
    heap_init(&queue->lanes, offsetof(Lane, queue_slot), lane_before_in_queue);
    list_init(&queue->arrivals);
    list_init(&queue->bucket_node);
    list_init(&queue->idle_node);
    queue->delay_slot = INDEX_NONE;
    return queue;
}

void shape_queue_free(ShapeQueue *queue) {
    if (!queue)
        return;
    assert(queue->requests == 0 && queue->running == 0);
    heap_deinit(&queue->lanes);
    free(queue);
}

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

uint64_t shape_queue_hash(const InferRequest *request) {
    uint64_t hash = 1;
    for (size_t i = 0; i < request->lease.version->signature.all_input_count; i++) {
        Shape shape = batch_key_shape(request, i);
        hash = mix(hash, (uint64_t)request->inputs[i].dtype << 8 | (uint64_t)(uint8_t)shape.rank);
        for (int32_t d = 0; d < shape.rank; d++)
            hash = mix(hash, (uint64_t)shape.dims[d]);
    }
    return hash;
}

bool shape_queue_fits(const ShapeQueue *queue, const InferRequest *request) {
    for (size_t i = 0; i < queue->input_count; i++) {
        Shape shape = batch_key_shape(request, i);
        if (queue->inputs[i].dtype != request->inputs[i].dtype ||
            !shape_equal(&queue->inputs[i].shape, &shape))
            return false;
    }
    return true;
}

InferRequest *lane_first(const Lane *lane) {
    return LIST_ITEM(lane->requests.next, InferRequest, queue_node);
}

LaneKey lane_key(const Lane *lane) {
    const InferRequest *first = lane_first(lane);
    return (LaneKey){ .virtual_ns = lane->flow->virtual_ns,
                      .urgent_ns = first->urgent_ns,
                      .sequence = first->sequence };
}

bool lane_before_in_class(const void *a, const void *b) {
    LaneKey key_a = lane_key(a), key_b = lane_key(b);
    return lane_key_before(&key_a, &key_b);
}

bool lane_before_in_queue(const void *a, const void *b) {
    const Lane *lane_a = a, *lane_b = b;
    if (lane_first(lane_a)->is_late != lane_first(lane_b)->is_late)
        return lane_first(lane_b)->is_late;
    if (lane_a->flow->class != lane_b->flow->class)
        return lane_a->flow->class < lane_b->flow->class;
    if (lane_a->flow->level != lane_b->flow->level)
        return lane_a->flow->level < lane_b->flow->level;
    return lane_before_in_class(a, b);
}

Lane *shape_queue_find_lane(const ShapeQueue *queue, const Flow *flow) {
    LIST_FOR_EACH (node, &flow->lanes) {
        Lane *lane = LIST_ITEM(node, Lane, flow_node);
        if (lane->queue == queue)
            return lane;
    }
    return NULL;
}

void lane_add(Lane *lane, InferRequest *request) {
    ListNode *position = &lane->requests;
    while (position->prev != &lane->requests &&
           LIST_ITEM(position->prev, InferRequest, queue_node)->urgent_ns > request->urgent_ns)
        position = position->prev;
    list_insert_before(&request->queue_node, position);
    list_push_back(&lane->queue->arrivals, &request->arrival_node);
    request->lane = lane;
    request->shape_queue = lane->queue;
    lane->rows += request->rows;
    lane->queue->rows += request->rows;
    lane->queue->requests++;
}

void lane_remove(Lane *lane, InferRequest *request) {
    assert(request->lane == lane);
    list_remove(&request->queue_node);
    list_remove(&request->arrival_node);
    request->lane = NULL;
    lane->rows -= request->rows;
    lane->queue->rows -= request->rows;
    lane->queue->requests--;
}

uint64_t shape_queue_deadline(const ShapeQueue *queue) {
    uint64_t earliest = TIME_NEVER;
    for (size_t i = 0; i < queue->lanes.count; i++)
        earliest = MIN_OF(earliest, lane_first(queue->lanes.items[i])->deadline_ns);
    return earliest;
}
