/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How the requests of one model are queued and joined: dynamic_batching of config.pbtxt or the
 * batching file of TensorFlow Serving. What is done with it is in runtime/schedule.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What happens to a request that waited longer than its level allows. */
typedef enum TimeoutAction {
    TIMEOUT_REJECT, /* answered UNAVAILABLE */
    TIMEOUT_DELAY,  /* goes behind all that are not late */
} TimeoutAction;

/* ModelQueuePolicy of one priority level. */
typedef struct LevelPolicy {
    TimeoutAction timeout_action;
    uint64_t default_timeout_ns; /* 0: none */
    bool allow_timeout_override; /* a request may ask for less than the default */
    size_t max_queue_requests;   /* 0: the model's limit alone */
} LevelPolicy;

/* What requests of other lengths are made equal with, so that they can be joined. */
typedef enum PaddingKind {
    PADDING_NONE,  /* they are not: each length has a queue of its own */
    PADDING_FIRST, /* the tensor's own first element, as TensorFlow Serving has it */
    PADDING_ZERO,  /* zeros, and empty texts */
} PaddingKind;

enum { PREFERRED_ROWS_MAX = 16, PRIORITY_LEVELS_MAX = 64, LENGTHS_MAX = 64 };

typedef struct QueuePolicy {
    bool batching;                             /* join requests along axis 0 */
    size_t max_rows;                           /* of a batch; 1 when not batching */
    uint64_t delay_ns;                         /* how long the oldest request waits for company */
    size_t preferred_rows[PREFERRED_ROWS_MAX]; /* increasing */
    size_t preferred_count;
    size_t max_queue_requests; /* 0: the server's default */
    size_t max_queue_bytes;    /* 0: the server's default */
    bool preserve_ordering;    /* answers leave in the order in which requests came */
    PaddingKind padding;       /* of dims other than 0 that the model leaves open */
    const size_t *buckets;     /* lengths that are padded up to, increasing; else the batch's own */
    size_t bucket_count;
    const size_t *allowed_rows; /* of a batch, increasing; it is filled up to the next */
    size_t allowed_count;
    size_t split_rows;         /* a request of more is run as several; 0: as it is */
    size_t request_rows;       /* that such a request may have */
    LevelPolicy level;         /* where there are no levels, and of levels without their own */
    uint32_t priority_levels;  /* 0: priorities are classes of the whole server */
    uint32_t default_level;    /* 1 to priority_levels */
    const LevelPolicy *levels; /* [priority_levels]: of level i + 1; NULL without levels */
} QueuePolicy;

/* The policy of a request's level: 0 or beyond the last means the default. */
uint32_t queue_policy_level(const QueuePolicy *policy, uint32_t priority);
const LevelPolicy *queue_policy_of(const QueuePolicy *policy, uint32_t level);
