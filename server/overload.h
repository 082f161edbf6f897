/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Refusing on the headers what the model's queue would refuse once the body is there. A body says
 * which model it is for, so a call is taken to be like the others of its connection, if those have
 * all been alike: same model, same class. Only what was refused a moment ago is refused so.
 */

#include "runtime/base/thread.h"
#include "runtime/schedule/request.h"

enum { OVERLOAD_PEERS = 1024, OVERLOAD_KINDS = 256 };

/* Requests of one kind: a model's, of one class. */
typedef struct OverloadKind {
    uint64_t key;
    uint64_t done_ns; /* when one that had joined last would be done */
    uint64_t run_ns;  /* what each more adds */
    size_t coming;    /* let in on their headers, and not yet read */
} OverloadKind;

typedef struct OverloadPeer {
    uint64_t key, kind;
    uint64_t seen_ns;  /* a request of it was read */
    size_t refused;    /* since then */
    uint64_t mixed_ns; /* until then it is not guessed at */
} OverloadPeer;

typedef struct Overload {
    atomic_uint_fast64_t until_ns; /* any thread: nothing is refused after that */
    atomic_uint_fast64_t refused;
    Mutex mutex;
    /* under mutex; a slot a hash, the last comer has it */
    OverloadKind kinds[OVERLOAD_KINDS];
    OverloadPeer peers[OVERLOAD_PEERS];
} Overload;

void overload_init(Overload *overload);
void overload_deinit(Overload *overload);

/* Whether anything was refused lately: else nobody need find out who asks. Thread: any. */
static inline bool overload_is_on(const Overload *overload, uint64_t now_ns) {
    return now_ns < atomic_load_explicit(&overload->until_ns, memory_order_relaxed);
}

/**
 * A request was read and offered to the scheduler.
 *
 * @peer      hash of the connection; 0: not known
 * @model     its version, by address alone: it may be gone
 * @request   its forecast
 * @was_late  refused since it would have been late
 *
 * Thread: rpc, http, worker
 */
void overload_note(Overload *overload, uint64_t peer, const void *model,
                   const InferRequest *request, bool was_late, uint64_t now_ns);

/**
 * UNAVAILABLE, with a word on when to come back: what comes over this connection would be late.
 *
 * @ret_kind  what it counts as until overload_arrived; 0: nothing
 *
 * Thread: rpc, http
 */
Status overload_decide(Overload *overload, uint64_t peer, uint64_t deadline_ns, uint64_t now_ns,
                       uint64_t *ret_kind);
/* One that was let in has been read, or has ended. kind 0: nothing. Thread: any. */
void overload_arrived(Overload *overload, uint64_t kind);

/* A connection's name; never 0. */
uint64_t overload_peer(const void *name, size_t bytes);
