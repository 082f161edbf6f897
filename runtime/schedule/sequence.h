/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The sequences of one model: who is live, who has a slot, whose turn it is. Under the scheduler's
 * lock but for new, free, and the tensors of the request in progress, which nobody else touches.
 * Private to runtime/schedule.
 */

#include "runtime/schedule/scheduler.h"
#include "runtime/schedule/sequence_decide.h"

typedef struct SequenceTable SequenceTable;

/* NULL: out of memory. The version has a SequenceConfig. */
SequenceTable *sequence_table_new(const ModelVersion *version);
void sequence_table_free(SequenceTable *table); /* nothing is queued or runs */

/* INVALID_ARGUMENT (no id, too long an id, more than one row). No lock needed. */
Status sequence_check(const InferRequest *request);
/* The id for a message; SEQUENCE_ID_TEXT lives to the end of the enclosing block. */
enum { SEQUENCE_ID_TEXT_BYTES = 160 };
const char *sequence_id_format(const SequenceId *id, char buffer[static SEQUENCE_ID_TEXT_BYTES]);
#define SEQUENCE_ID_TEXT(id) sequence_id_format((id), (char[SEQUENCE_ID_TEXT_BYTES]){ 0 })
/* For a request that may start one; NULL: out of memory. No lock needed. */
Sequence *sequence_new(const InferRequest *request);
void sequence_free(Sequence *sequence);

/* Takes the request into its sequence: request->sequence_of is set. spare is taken when a sequence
 * begins. */
SequenceAction sequence_accept_locked(SequenceTable *table, InferRequest *request,
                                      Sequence **spare);
/* The request has left: it ended, or never had its turn. Returns who is next, to be placed outside
 * of the lock; NULL. *ret_gone: a sequence that is over, to be freed outside of the lock; NULL. */
InferRequest *sequence_leave_locked(InferRequest *request, uint64_t now_ns, Sequence **ret_gone);
/* Ends one sequence that was idle too long. false: none is. *ret_next: as above. */
bool sequence_reap_locked(SequenceTable *table, uint64_t now_ns, InferRequest **ret_next,
                          Sequence **ret_gone);
uint64_t sequence_wake_ns_locked(const SequenceTable *table); /* when to reap next; TIME_NEVER */
/* With how many rows a batch is as full as it gets. */
size_t sequence_full_rows_locked(const SequenceTable *table);

/* Controls and states of the request whose turn it is. */
void sequence_fill_inputs(InferRequest *request);
/* Keeps its states for the next one. It has outputs. */
void sequence_keep_states(InferRequest *request);
