/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One inference, whatever protocol asked for it. Made by the thread that decoded it, owned by the
 * scheduler from a successful scheduler_submit until on_done, then again by whoever made it. Lives
 * in its own arena.
 */

#include "runtime/base/arena.h"
#include "runtime/base/keyed_hash.h"
#include "runtime/base/list.h"
#include "runtime/exec/output_block.h"
#include "runtime/model/model_version.h"
#include "runtime/tensor/spans.h"

typedef struct InferRequest InferRequest;
typedef struct HeldReply HeldReply;       /* reply_order.c */
typedef struct Sequence Sequence;         /* sequence.c */
typedef struct SplitRequest SplitRequest; /* split_submit.c */

typedef enum RequestState {
    REQUEST_NEW = 0,
    REQUEST_QUEUED,
    REQUEST_RUNNING,
    REQUEST_DONE
} RequestState;

/* What the response cache had to do with a request. */
typedef enum CacheUse { CACHE_NOT_ASKED, CACHE_HIT, CACHE_MISS } CacheUse;

/* An input in the order of the signature. Payload of a STRING input: one span of StringViews, all
 * lent by the request. */
typedef struct RequestInput {
    DType dtype;
    Shape shape;
    Spans payload; /* checked: bytes is what dtype and shape say */
} RequestInput;

/* Which sequence a request belongs to (models with sequence_batching). */
typedef struct SequenceId {
    bool is_given;
    uint64_t number; /* 0 with a text */
    StringView text; /* empty: the number is the id; lent by the request */
} SequenceId;

/* Monotonic; 0 while not reached. */
typedef struct RequestTimes {
    uint64_t arrived_ns, queued_ns;
    uint64_t taken_ns;    /* the end of the queue */
    uint64_t gathered_ns; /* its batch's inputs are together */
    uint64_t executed_ns; /* its batch's outputs are there, or it has failed */
} RequestTimes;

struct InferRequest {
    /* fixed before submit */
    Lease lease;
    RequestInput *inputs; /* signature.input_count */
    size_t rows;          /* entries of axis 0; 1 when the model is not batched */
    size_t payload_bytes; /* charged against the queue */
    uint64_t deadline_ns; /* TIME_NEVER */
    uint32_t priority;    /* 0: the default level */
    uint64_t timeout_ns;  /* how long it may wait, by its own word; 0: not said */
    SequenceId sequence_id;
    bool sequence_start, sequence_end;
    bool is_volatile; /* what its inputs point to may change meanwhile: no cache is asked */
    uint64_t tenant;  /* hash of who asks; flows of fair queueing */
    /* Called exactly once, on any thread, without a lock held. status tells; outputs are valid when
     * it is OK. */
    void (*on_done)(InferRequest *request, const Status *status);
    void *user;
    /* Decoupled models: called for each response, as on_done is, with outputs that are valid during
     * the call; on_done follows once, after the last, without outputs. NULL: only one response is
     * wanted; then a request that gets another number of them fails. */
    void (*on_response)(InferRequest *request);
    /* All inputs have been copied: what their payloads point to may go. Not called where they are
     * used in place. Thread: worker. NULL: nobody wants to know. */
    void (*on_gathered)(InferRequest *request);

    /* set by the scheduler, valid in on_done */
    OutputBlock *block; /* one reference of the request's own; request_release_outputs */
    Tensor *outputs;    /* signature.output_count, room provided by the maker; views into block */
    size_t batch_rows;  /* of the batch it travelled in */
    RequestTimes times;
    size_t response_count; /* so far */
    CacheUse cache_use;
    uint64_t cache_ns; /* looking its answer up, and keeping it */
    /* valid after scheduler_submit, whether it was taken or not: when one like it that joins now
     * would be done; 0: that is not known, or it has no deadline */
    uint64_t forecast_done_ns;
    uint64_t forecast_run_ns; /* of it, its own run */
    uint32_t forecast_class;  /* among which requests that holds */

    /* scheduler only, under its lock; nobody else need set them */
    ListNode queue_node;   /* in its lane, then in its batch */
    ListNode arrival_node; /* in its shape queue, by arrival */
    size_t deadline_slot;  /* in the deadline heap; INDEX_NONE */
    struct ShapeQueue *shape_queue;
    struct Lane *lane; /* while queued */
    struct Flow *flow;
    struct BatchRun *run; /* while running */
    uint64_t sequence, urgent_ns, charged_ns;
    uint64_t forecast_ns;  /* how long it was to take; 0: nothing was told */
    uint64_t expires_ns;   /* its deadline, or sooner the end of what its level lets it wait */
    uint32_t level;        /* of the model's priorities; 0: it has none */
    bool waits_briefly;    /* expires_ns is its level's word */
    bool is_late;          /* it waited too long, and was put behind the others for it */
    HeldReply *held;       /* models that keep the order of answers */
    Sequence *sequence_of; /* models with sequences */
    SplitRequest *split;   /* while it is run in parts */
    Hash128 cache_key;     /* once the cache was asked */
    bool is_placed;        /* it is the one of its sequence that is in progress */
    bool is_placing;       /* somebody is about to put it into its shape queue */
    RequestState state;
    StatusCode ended_by; /* OK, CANCELLED, DEADLINE_EXCEEDED, or UNAVAILABLE for its level's word */
};

void request_release_outputs(InferRequest *request);
