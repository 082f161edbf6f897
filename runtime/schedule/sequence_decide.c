/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sequences take turns at slots. A live sequence has one request in progress at most; a sequence
 * without a slot waits for one in order of arrival. A request that starts a sequence which is still
 * live goes on in its place, from the beginning. Pure; called under the scheduler's lock. Source:
 * reference open_inference_triton.md 3.5.
 */

#include "runtime/schedule/sequence_decide.h"

#include "runtime/base/size.h"

SequenceAction sequence_decide(const SequenceView *view) {
    bool is_live = view->is_known || view->is_ending;
    if (!view->is_known && !view->is_start)
        return SEQUENCE_UNKNOWN;
    if (!is_live && view->sequences >= view->sequences_max)
        return SEQUENCE_FULL;
    if (!is_live)
        return view->slots_taken < view->slots ? SEQUENCE_PLACE : SEQUENCE_WAIT;
    return view->has_slot && !view->is_busy && !view->has_waiting ? SEQUENCE_PLACE : SEQUENCE_WAIT;
}

size_t sequence_full_rows(size_t slots_taken, size_t max_rows, float utilization) {
    size_t all = MAX_OF(slots_taken, (size_t)1);
    if (utilization < 0)
        return all;
    float wanted = utilization * (float)max_rows;
    size_t enough = (size_t)wanted;
    enough += (float)enough < wanted;
    return MIN_OF(all, MAX_OF(enough, (size_t)1));
}
