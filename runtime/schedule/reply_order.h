/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * preserve_ordering: answers of one model leave in the order in which its requests were accepted,
 * whichever is done first. Counted, since who releases answers may hold the last of the model's.
 * Private to runtime/schedule.
 */

#include "runtime/base/thread.h"
#include "runtime/schedule/request.h"

typedef struct ReplyOrder ReplyOrder;

/* One reference; NULL: out of memory. */
ReplyOrder *reply_order_new(Mutex *mutex);
void reply_order_unref(ReplyOrder *order);

/* Room for what is kept of a request that waits for its turn; false: out of memory. Before submit.
 */
bool reply_order_prepare(InferRequest *request);
void reply_order_forget(InferRequest *request); /* it was not accepted */
/* The request is accepted. The mutex is held. */
void reply_order_add_locked(ReplyOrder *order, InferRequest *request);

/* The request has ended: answers it and those behind it whose turn it is, in order; a cancelled one
 * at once. Returns how many were answered. No lock held. */
size_t reply_order_end(ReplyOrder *order, InferRequest *request, const Status *status);
