/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A bounded queue of pointers between threads: handing an object over is how work moves, and the
 * sender forgets it. Any thread may push or pop. For the model queues of the scheduler see
 * runtime/schedule, which needs order and rows.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"

#include <stdint.h>

typedef struct Queue Queue;

Status queue_new(size_t capacity, Queue **ret_queue);
void queue_free(Queue *queue); /* must be empty */
DEFINE_AUTO(Queue, queue_free);

/* false when full or closed: the caller keeps the item. */
bool queue_try_push(Queue *queue, void *item);
/* Waits until there is an item, the deadline passes or the queue is closed and empty: then NULL. */
void *queue_pop(Queue *queue, uint64_t deadline_ns);
/* No more pushes; poppers drain what is left. */
void queue_close(Queue *queue);
size_t queue_length(Queue *queue);
