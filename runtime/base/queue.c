/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* A ring of pointers under one lock. Capacity is fixed at the start, so pushing never allocates.
 * Any thread. */

#include "runtime/base/queue.h"

#include "runtime/base/size.h"
#include "runtime/base/thread.h"

#include <assert.h>

struct Queue {
    /* fixed after new */
    size_t capacity;
    void **items;
    /* under lock */
    Mutex mutex;
    Cond not_empty;
    size_t head, length;
    bool closed;
};

Status queue_new(size_t capacity, Queue **ret_queue) {
    Queue *queue = calloc(1, sizeof *queue);
    void **items = calloc(capacity, sizeof *items);
    if (!queue || !items) {
        free(queue);
        free(items);
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    }
    queue->capacity = capacity;
    queue->items = items;
    mutex_init(&queue->mutex);
    cond_init(&queue->not_empty);
    *ret_queue = queue;
    return status_ok();
}

void queue_free(Queue *queue) {
    if (!queue)
        return;
    assert(queue->length == 0);
    cond_deinit(&queue->not_empty);
    mutex_deinit(&queue->mutex);
    free(queue->items);
    free(queue);
}

bool queue_try_push(Queue *queue, void *item) {
    LOCKED(&queue->mutex);
    if (queue->closed || queue->length == queue->capacity)
        return false;
    queue->items[(queue->head + queue->length++) % queue->capacity] = item;
    cond_signal(&queue->not_empty);
    return true;
}

void *queue_pop(Queue *queue, uint64_t deadline_ns) {
    LOCKED(&queue->mutex);
    while (queue->length == 0)
        if (queue->closed || !cond_wait_until(&queue->not_empty, &queue->mutex, deadline_ns))
            break;
    if (queue->length == 0)
        return NULL;
    void *item = queue->items[queue->head];
    queue->head = (queue->head + 1) % queue->capacity;
    queue->length--;
    return item;
}

void queue_close(Queue *queue) {
    LOCKED(&queue->mutex);
    queue->closed = true;
    cond_broadcast(&queue->not_empty);
}

size_t queue_length(Queue *queue) {
    LOCKED(&queue->mutex);
    return queue->length;
}
