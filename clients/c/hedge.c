/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One call as several attempts: each is an RPC of its own, so that a channel with round_robin sends
 * it to the next server; the first end that counts is the caller's, the rest is cancelled. What to
 * do is hedge_decide's; this file does it. A Hedge lives until its last attempt was heard of.
 * Thread: the client's.
 */

#include "clients/c/client_internal.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

typedef struct Hedge Hedge;

typedef struct Attempt {
    Hedge *hedge;
    Call *call; /* NULL: not sent, or over */
} Attempt;

struct Hedge {
    ListNode node; /* in Client.hedges */
    Client *client;
    ClientCall spec;
    grpc_byte_buffer *message;
    uint64_t deadline_ns;
    HedgeState state;
    Attempt attempts[HEDGE_ATTEMPTS_MAX];
    bool is_delivered;
    Status last;
};

static uint64_t now_ns(void) {
    return clock_now_ns(clock_monotonic());
}

static void hedge_free(Hedge *hedge) {
    list_remove(&hedge->node);
    hedge->client->outstanding--;
    grpc_byte_buffer_destroy(hedge->message);
    free(hedge);
}

static void deliver(Hedge *hedge, size_t reply_bytes, ClientReply *reply) {
    hedge->is_delivered = true;
    hedge->state.next_ns = TIME_NEVER;
    for (size_t i = 0; i < HEDGE_ATTEMPTS_MAX; i++)
        if (hedge->attempts[i].call)
            call_cancel(hedge->attempts[i].call);
    hedge->spec.done(hedge->spec.user, &hedge->last, reply_bytes, reply);
}

static Status send_attempt(Hedge *hedge);

/* Obeys until there is something to wait for. May free the hedge. */
static void advance(Hedge *hedge, size_t reply_bytes, ClientReply *reply) {
    Client *client = hedge->client;
    HedgeAction action = HEDGE_WAIT;
    while (!hedge->is_delivered &&
           (action = hedge_decide(&hedge->state, &client->hedge, &client->budget, now_ns())) ==
               HEDGE_SEND) {
        Status sent = send_attempt(hedge);
        if (!status_is_ok(&sent)) { /* out of memory: with what is under way, or not at all */
            hedge->state.next_ns = TIME_NEVER;
            hedge->last = sent;
        }
    }
    if (action == HEDGE_DELIVER)
        deliver(hedge, reply_bytes, reply);
    if (hedge->is_delivered && hedge->state.open == 0)
        hedge_free(hedge);
}

static void attempt_ended(void *user, const Status *status, Pushback pushback, size_t reply_bytes,
                          ClientReply *reply) {
    Attempt *attempt = user;
    Hedge *hedge = attempt->hedge;
    attempt->call = NULL;
    hedge_note_end(&hedge->state, status->code, pushback, now_ns());
    if (!hedge->is_delivered) {
        hedge_budget_note(&hedge->client->budget, hedge_may_repeat(status->code));
        hedge->last = *status;
    }
    advance(hedge, reply_bytes, reply);
}

static Status send_attempt(Hedge *hedge) {
    Attempt *attempt = &hedge->attempts[hedge->state.sent];
    attempt->hedge = hedge;
    TRY(call_start(hedge->client,
                   &(CallSpec){ .method = hedge->spec.method,
                                .message = hedge->message,
                                .deadline_ns = hedge->deadline_ns,
                                .want_reply = hedge->spec.want_reply,
                                .ended = attempt_ended,
                                .user = attempt },
                   &attempt->call));
    hedge_note_sent(&hedge->state, &hedge->client->hedge, now_ns());
    return status_ok();
}

Status hedge_start(Client *client, const ClientCall *spec) {
    Hedge *hedge = calloc(1, sizeof *hedge);
    if (!hedge)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    list_init(&hedge->node);
    hedge->client = client;
    hedge->spec = *spec;
    hedge->message = grpc_byte_buffer_copy(spec->message->buffer);
    hedge->deadline_ns = time_after(now_ns(), spec->timeout_ns);
    hedge->last = status_ok();
    client->outstanding++;
    list_push_back(&client->hedges, &hedge->node);
    Status sent = send_attempt(hedge);
    if (!status_is_ok(&sent))
        hedge_free(hedge);
    return sent;
}

uint64_t hedge_run_due(Client *client, uint64_t time_ns) {
    uint64_t next_ns = TIME_NEVER;
    LIST_FOR_EACH (node, &client->hedges) {
        Hedge *hedge = LIST_ITEM(node, Hedge, node);
        if (hedge->state.next_ns > time_ns) {
            next_ns = MIN_OF(next_ns, hedge->state.next_ns);
            continue;
        }
        if (client->budget.tenths <= HEDGE_BUDGET_TENTHS / 2 && hedge->state.open > 0)
            hedge->state.next_ns = TIME_NEVER; /* servers fail: no more load from us */
        else
            advance(hedge, 0, &(ClientReply){ 0 });
        next_ns = time_ns; /* what it waits for next is looked at in the next round */
    }
    return next_ns;
}

void hedge_stop_all(Client *client) {
    LIST_FOR_EACH (node, &client->hedges) {
        Hedge *hedge = LIST_ITEM(node, Hedge, node);
        hedge->state.next_ns = TIME_NEVER;
        if (hedge->state.open == 0)
            advance(hedge, 0, &(ClientReply){ 0 });
    }
}
