/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A list of accepted requests in their order. Who ends the first of them releases it and every
 * ended one behind it, one batch of answers after another, until the first has not ended; who ends
 * another meanwhile only leaves its status behind. So on_done is never called twice at once for one
 * model, and no answer passes another.
 *
 * The list stands under the scheduler's lock; on_done is called outside of it.
 */

#include "runtime/schedule/reply_order.h"

#include "runtime/base/size.h"

#include <stdatomic.h>
#include <stdlib.h>

struct HeldReply {
    InferRequest *request;
    ListNode node;
    bool is_ended;
    Status status;
};

struct ReplyOrder {
    Mutex *mutex; /* the scheduler's */
    atomic_size_t references;
    /* under it */
    ListNode waiting;
    bool is_releasing;
};

ReplyOrder *reply_order_new(Mutex *mutex) {
    ReplyOrder *order = calloc(1, sizeof *order);
    if (!order)
        return NULL;
    order->mutex = mutex;
    atomic_init(&order->references, 1);
    list_init(&order->waiting);
    return order;
}

void reply_order_unref(ReplyOrder *order) {
    if (order && atomic_fetch_sub(&order->references, 1) == 1)
        free(order);
}

bool reply_order_prepare(InferRequest *request) {
    HeldReply *held = calloc(1, sizeof *held);
    if (!held)
        return false;
    held->request = request;
    list_init(&held->node);
    request->held = held;
    return true;
}

void reply_order_forget(InferRequest *request) {
    free(TAKE(request->held));
}

void reply_order_add_locked(ReplyOrder *order, InferRequest *request) {
    mutex_assert_held(order->mutex);
    list_push_back(&order->waiting, &request->held->node);
}

/* Moves what may leave now to `leaving`. */
static void take_ended_locked(ReplyOrder *order, ListNode *leaving) {
    while (!list_is_empty(&order->waiting)) {
        HeldReply *first = LIST_ITEM(order->waiting.next, HeldReply, node);
        if (!first->is_ended)
            return;
        list_push_back(leaving, list_pop_front(&order->waiting));
    }
}

static size_t answer_all(ListNode *leaving) {
    size_t count = 0;
    while (!list_is_empty(leaving)) {
        HeldReply *held = LIST_ITEM(list_pop_front(leaving), HeldReply, node);
        InferRequest *request = held->request;
        Status status = held->status;
        request->held = NULL;
        free(held);
        request->on_done(request, &status);
        count++;
    }
    return count;
}

size_t reply_order_end(ReplyOrder *order, InferRequest *request, const Status *status) {
    HeldReply *held = request->held;
    ListNode leaving;
    list_init(&leaving);
    held->status = *status;
    atomic_fetch_add(&order->references, 1);
    bool is_releaser;
    {
        LOCKED(order->mutex);
        held->is_ended = true;
        if (status->code == STATUS_CANCELLED) {
            list_remove(&held->node);
            list_push_back(&leaving, &held->node);
        }
        is_releaser = !order->is_releasing;
        order->is_releasing = true;
    }
    size_t count = answer_all(&leaving);
    while (is_releaser) {
        {
            LOCKED(order->mutex);
            take_ended_locked(order, &leaving);
            is_releaser = !list_is_empty(&leaving);
            order->is_releasing = is_releaser;
        }
        count += answer_all(&leaving);
    }
    reply_order_unref(order);
    return count;
}
