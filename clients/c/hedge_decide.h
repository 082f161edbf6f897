/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * When a call that has no answer yet is sent once more, to whichever server comes next. Pure; the
 * rules are those of gRPC's hedging policy (gRFC A6), which its C core does not have.
 */

#include "runtime/base/status.h"

#include <stdint.h>

enum { HEDGE_ATTEMPTS_MAX = 5 };

typedef struct HedgePolicy {
    uint32_t attempts; /* in all; 0 or 1: no hedging */
    uint64_t delay_ns; /* between them while nothing is heard */
} HedgePolicy;

/* What a server said of another attempt: grpc-retry-pushback-ms. */
typedef enum PushbackKind { PUSHBACK_NONE, PUSHBACK_WAIT, PUSHBACK_STOP } PushbackKind;
typedef struct Pushback {
    PushbackKind kind;
    uint64_t delay_ns; /* of PUSHBACK_WAIT */
} Pushback;

/* The header's value: a whole number of milliseconds; negative, or no number: stop. */
Pushback pushback_read(const char *text, size_t length);

/* How much a client may add to the load of servers that fail: a failure takes a token, an answer
 * gives a tenth back, and with half of them left only first attempts are sent. */
typedef struct HedgeBudget {
    uint32_t tenths;
} HedgeBudget;
enum { HEDGE_BUDGET_TENTHS = 100 };

void hedge_budget_note(HedgeBudget *budget, bool failed);

typedef struct HedgeState {
    uint32_t sent, open;
    uint64_t next_ns; /* when the next attempt is due; TIME_NEVER: none will be */
    bool is_over;     /* an answer, or a failure that another attempt would meet too */
} HedgeState;

typedef enum HedgeAction {
    HEDGE_WAIT,    /* until an attempt ends or next_ns */
    HEDGE_SEND,    /* another attempt now */
    HEDGE_DELIVER, /* what was heard last is the call's end; the others are cancelled */
} HedgeAction;

/* UNAVAILABLE and RESOURCE_EXHAUSTED: another server may have room; all else would be told again.
 */
bool hedge_may_repeat(StatusCode code);

/* After an attempt was sent. */
void hedge_note_sent(HedgeState *state, const HedgePolicy *policy, uint64_t now_ns);
/* After one ended. */
void hedge_note_end(HedgeState *state, StatusCode code, Pushback pushback, uint64_t now_ns);
HedgeAction hedge_decide(const HedgeState *state, const HedgePolicy *policy,
                         const HedgeBudget *budget, uint64_t now_ns);
