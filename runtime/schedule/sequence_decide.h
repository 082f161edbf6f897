/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What becomes of a request of a sequence, as a pure decision.
 */

#include <stdbool.h>
#include <stddef.h>

typedef enum SequenceAction {
    SEQUENCE_PLACE,   /* into its shape queue, now */
    SEQUENCE_WAIT,    /* behind the one of its sequence that is in progress, or for a slot */
    SEQUENCE_UNKNOWN, /* refused: the first request of a sequence says so */
    SEQUENCE_FULL,    /* refused: too many sequences */
} SequenceAction;

typedef struct SequenceView {
    bool is_known;  /* the sequence is live, and its end has not been announced */
    bool is_start;  /* of the request */
    bool is_ending; /* the sequence is live, its end announced */
    bool has_slot, is_busy, has_waiting; /* of a live sequence */
    size_t slots, slots_taken;
    size_t sequences, sequences_max;
} SequenceView;

SequenceAction sequence_decide(const SequenceView *view);

/**
 * With how many rows a batch of sequences has nobody left to wait for: each sequence gives one row.
 *
 * @slots_taken  sequences in progress
 * @max_rows     of a batch
 * @utilization  0 to 1 of max_rows that is enough; negative: all that can come
 */
size_t sequence_full_rows(size_t slots_taken, size_t max_rows, float utilization);
