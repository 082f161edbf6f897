/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Turns of sequences. A sequence holds a slot from its start to its end; without one it stands in
 * the backlog with its requests. Its requests run one after another: the next is placed when the
 * one before has left, whichever way it left. A sequence that has a slot and nothing to do stands
 * in the idle list, longest first, and is ended when it stood there for max_sequence_idle.
 *
 * A row of a batch is nothing of its own here: an ONNX model keeps no state between runs, states
 * are handed over by name. So a direct slot is a number, not a place in the batch, and rows of
 * sequences that have nothing to say are not computed, where Triton pads with READY = 0.
 *
 * Under the scheduler's lock.
 */

#include "runtime/schedule/sequence_internal.h"

#include "runtime/base/size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACKLOG_MAX = 4096 };

SequenceTable *sequence_table_new(const ModelVersion *version) {
    SequenceTable *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->version = version;
    table->config = version->config.sequence;
    size_t per_instance = table->config->strategy == SEQUENCE_OLDEST
                              ? table->config->max_candidates
                              : MAX_OF(version->signature.max_batch_size, (size_t)1);
    table->slots = per_instance * MAX_OF(version->config.instances.count, (size_t)1);
    table->sequences_max = table->slots + BACKLOG_MAX;
    list_init(&table->backlog);
    list_init(&table->idle);
    for (size_t i = 0; i < SEQUENCE_BUCKETS; i++)
        list_init(&table->buckets[i]);
    return table;
}

void sequence_table_free(SequenceTable *table) {
    for (size_t i = 0; table && i < SEQUENCE_BUCKETS; i++)
        while (!list_is_empty(&table->buckets[i]))
            sequence_free(LIST_ITEM(list_pop_front(&table->buckets[i]), Sequence, bucket_node));
    free(table);
}

Status sequence_check(const InferRequest *request) {
    const ModelVersion *version = request->lease.version;
    const SequenceId *id = &request->sequence_id;
    if (!id->is_given || (id->text.length == 0 && id->number == 0))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "inference request to model '%s' must specify a non-zero or non-empty "
                            "correlation ID",
                            version->name);
    if (id->text.length > SEQUENCE_ID_BYTES)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "string correlation ID cannot be longer than %d bytes",
                            (int)SEQUENCE_ID_BYTES);
    if (version->signature.batched && request->rows != 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "inference request to model '%s' must specify batch-size 1 due to "
                            "requirements of sequence batcher, got %zu",
                            version->name, request->rows);
    return status_ok();
}

const char *sequence_id_format(const SequenceId *id, char buffer[static SEQUENCE_ID_TEXT_BYTES]) {
    if (id->text.length > 0)
        snprintf(buffer, SEQUENCE_ID_TEXT_BYTES, "%.*s", (int)id->text.length, id->text.data);
    else
        snprintf(buffer, SEQUENCE_ID_TEXT_BYTES, "%llu", (unsigned long long)id->number);
    return buffer;
}

static uint64_t hash_id(const SequenceId *id) {
    uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ id->number;
    for (size_t i = 0; i < id->text.length; i++)
        hash = (hash ^ (unsigned char)id->text.data[i]) * UINT64_C(0x100000001B3);
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

Sequence *sequence_new(const InferRequest *request) {
    const SequenceConfig *config = request->lease.version->config.sequence;
    const SequenceId *id = &request->sequence_id;
    Sequence *sequence =
        calloc(1, sizeof *sequence + config->state_count * sizeof sequence->states[0]);
    if (!sequence)
        return NULL;
    sequence->hash = hash_id(id);
    sequence->number = id->text.length > 0 ? 0 : id->number;
    sequence->text_length = id->text.length;
    if (id->text.length > 0)
        memcpy(sequence->text, id->text.data, id->text.length);
    sequence->state_count = config->state_count;
    list_init(&sequence->bucket_node);
    list_init(&sequence->turn_node);
    list_init(&sequence->waiting);
    sequence_make_id(sequence, config);
    return sequence;
}

void sequence_free(Sequence *sequence) {
    for (size_t i = 0; sequence && i < sequence->state_count; i++)
        if (sequence->states[i].block)
            output_block_unref(sequence->states[i].block);
    free(sequence);
}

static Sequence *find_locked(const SequenceTable *table, const SequenceId *id) {
    uint64_t hash = hash_id(id);
    LIST_FOR_EACH (node, &table->buckets[hash % SEQUENCE_BUCKETS]) {
        Sequence *sequence = LIST_ITEM(node, Sequence, bucket_node);
        bool is_same =
            sequence->text_length == id->text.length &&
            (id->text.length > 0 ? memcmp(sequence->text, id->text.data, id->text.length) == 0
                                 : sequence->number == id->number);
        if (sequence->hash == hash && is_same)
            return sequence;
    }
    return NULL;
}

static void begin_locked(SequenceTable *table, Sequence *sequence) {
    sequence->table = table;
    list_push_back(&table->buckets[sequence->hash % SEQUENCE_BUCKETS], &sequence->bucket_node);
    table->sequences++;
    sequence->has_slot = table->slots_taken < table->slots;
    if (sequence->has_slot)
        table->slots_taken++;
    else
        list_push_back(&table->backlog, &sequence->turn_node);
}

SequenceAction sequence_accept_locked(SequenceTable *table, InferRequest *request,
                                      Sequence **spare) {
    Sequence *sequence = find_locked(table, &request->sequence_id);
    SequenceView view = { .is_known = sequence && !sequence->is_ending,
                          .is_ending = sequence && sequence->is_ending,
                          .is_start = request->sequence_start,
                          .has_slot = sequence && sequence->has_slot,
                          .is_busy = sequence && sequence->is_busy,
                          .has_waiting = sequence && !list_is_empty(&sequence->waiting),
                          .slots = table->slots,
                          .slots_taken = table->slots_taken,
                          .sequences = table->sequences,
                          .sequences_max = table->sequences_max };
    SequenceAction action = sequence_decide(&view);
    if (action == SEQUENCE_UNKNOWN || action == SEQUENCE_FULL)
        return action;
    if (!sequence)
        begin_locked(table, sequence = TAKE(*spare));
    sequence->is_ending = request->sequence_end;
    request->sequence_of = sequence;
    if (action == SEQUENCE_PLACE) {
        list_remove(&sequence->turn_node);
        sequence->is_busy = true;
    } else {
        list_push_back(&sequence->waiting, &request->queue_node);
    }
    return action;
}

/* The next request of a sequence that has a slot and nothing in progress; NULL: it is idle. */
static InferRequest *next_of_locked(Sequence *sequence, uint64_t now_ns) {
    if (list_is_empty(&sequence->waiting)) {
        sequence->idle_since_ns = now_ns;
        list_push_back(&sequence->table->idle, &sequence->turn_node);
        return NULL;
    }
    sequence->is_busy = true;
    return LIST_ITEM(list_pop_front(&sequence->waiting), InferRequest, queue_node);
}

/* It is over; its slot is the longest waiting one's. */
static InferRequest *end_locked(Sequence *sequence, uint64_t now_ns) {
    SequenceTable *table = sequence->table;
    list_remove(&sequence->bucket_node);
    list_remove(&sequence->turn_node);
    table->sequences--;
    if (!sequence->has_slot)
        return NULL;
    table->slots_taken--;
    if (list_is_empty(&table->backlog))
        return NULL;
    Sequence *heir = LIST_ITEM(list_pop_front(&table->backlog), Sequence, turn_node);
    heir->has_slot = true;
    table->slots_taken++;
    return next_of_locked(heir, now_ns);
}

InferRequest *sequence_leave_locked(InferRequest *request, uint64_t now_ns, Sequence **ret_gone) {
    Sequence *sequence = TAKE(request->sequence_of);
    *ret_gone = NULL;
    if (!request->is_placed) /* it waited; those behind it still do */
        return NULL;
    sequence->is_busy = false;
    bool is_over = request->sequence_end && list_is_empty(&sequence->waiting);
    if (!is_over)
        return next_of_locked(sequence, now_ns);
    *ret_gone = sequence;
    return end_locked(sequence, now_ns);
}

bool sequence_reap_locked(SequenceTable *table, uint64_t now_ns, InferRequest **ret_next,
                          Sequence **ret_gone) {
    if (sequence_wake_ns_locked(table) > now_ns)
        return false;
    *ret_gone = LIST_ITEM(table->idle.next, Sequence, turn_node);
    *ret_next = end_locked(*ret_gone, now_ns);
    return true;
}

uint64_t sequence_wake_ns_locked(const SequenceTable *table) {
    if (list_is_empty(&table->idle))
        return TIME_NEVER;
    const Sequence *first = LIST_ITEM(table->idle.next, Sequence, turn_node);
    return time_after(first->idle_since_ns, table->config->idle_ns);
}

size_t sequence_full_rows_locked(const SequenceTable *table) {
    bool is_direct = table->config->strategy == SEQUENCE_DIRECT;
    return sequence_full_rows(table->slots_taken,
                              MAX_OF(table->version->signature.max_batch_size, (size_t)1),
                              is_direct ? table->config->minimum_slot_utilization : -1);
}
