/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What sequence.c (turns) and sequence_tensors.c (controls and states) share. */

#include "runtime/schedule/sequence.h"

enum { SEQUENCE_ID_BYTES = 128, SEQUENCE_BUCKETS = 256 };

typedef struct KeptState {
    Tensor tensor; /* a view into block */
    Span span;
    OutputBlock *block; /* NULL: the initial state */
} KeptState;

struct Sequence {
    /* fixed after new */
    uint64_t hash;
    uint64_t number;
    size_t text_length; /* 0: the number is the id */
    char text[SEQUENCE_ID_BYTES];
    StringView view; /* of the text, or of the number in digits */
    Span id_span;    /* as the control tensor wants it */
    /* under the scheduler's lock */
    SequenceTable *table;
    ListNode bucket_node;
    ListNode turn_node; /* in backlog while it has no slot, in idle while it has nothing to do */
    ListNode waiting;   /* requests */
    bool has_slot, is_busy, is_ending;
    uint64_t idle_since_ns;
    /* whoever works on the request in progress */
    size_t state_count;
    KeptState states[];
};

struct SequenceTable {
    /* fixed after new */
    const ModelVersion *version;
    const SequenceConfig *config;
    size_t slots, sequences_max;
    /* under the scheduler's lock */
    size_t slots_taken, sequences;
    ListNode backlog, idle; /* longest first */
    ListNode buckets[SEQUENCE_BUCKETS];
};

/* The bytes of the id as the CORRID control has them; new only. */
void sequence_make_id(Sequence *sequence, const SequenceConfig *config);
