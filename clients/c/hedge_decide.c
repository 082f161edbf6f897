/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A failure that another server may not have sends the next attempt at once, or when the server
 * said; silence sends it after the policy's delay. Any other end is the call's. Pure: no clock, no
 * call, no memory. Thread: any.
 */

#include "clients/c/hedge_decide.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

Pushback pushback_read(const char *text, size_t length) {
    uint64_t ms = 0;
    if (length == 0 || length > 9)
        return (Pushback){ .kind = PUSHBACK_STOP };
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return (Pushback){ .kind = PUSHBACK_STOP };
        ms = ms * 10 + (uint64_t)(text[i] - '0');
    }
    return (Pushback){ .kind = PUSHBACK_WAIT, .delay_ns = ms * NS_PER_MS };
}

bool hedge_may_repeat(StatusCode code) {
    return code == STATUS_UNAVAILABLE || code == STATUS_RESOURCE_EXHAUSTED;
}

void hedge_budget_note(HedgeBudget *budget, bool failed) {
    if (failed)
        budget->tenths -= MIN_OF(budget->tenths, (uint32_t)10);
    else
        budget->tenths = MIN_OF(budget->tenths + 1, (uint32_t)HEDGE_BUDGET_TENTHS);
}

void hedge_note_sent(HedgeState *state, const HedgePolicy *policy, uint64_t now_ns) {
    state->sent++;
    state->open++;
    state->next_ns =
        state->sent < policy->attempts ? time_after(now_ns, policy->delay_ns) : TIME_NEVER;
}

void hedge_note_end(HedgeState *state, StatusCode code, Pushback pushback, uint64_t now_ns) {
    state->open--;
    if (!hedge_may_repeat(code))
        state->is_over = true;
    else if (pushback.kind == PUSHBACK_STOP)
        state->next_ns = TIME_NEVER;
    else if (state->next_ns != TIME_NEVER)
        state->next_ns = time_after(now_ns, pushback.kind == PUSHBACK_WAIT ? pushback.delay_ns : 0);
}

HedgeAction hedge_decide(const HedgeState *state, const HedgePolicy *policy,
                         const HedgeBudget *budget, uint64_t now_ns) {
    bool may_send = state->sent < policy->attempts && state->next_ns != TIME_NEVER &&
                    (state->sent == 0 || budget->tenths > HEDGE_BUDGET_TENTHS / 2);
    if (state->is_over || (state->open == 0 && !may_send))
        return HEDGE_DELIVER;
    return may_send && state->next_ns <= now_ns ? HEDGE_SEND : HEDGE_WAIT;
}
