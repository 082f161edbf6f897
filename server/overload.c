/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two small tables under one lock that is asked for only while something is refused. What is kept
 * of a kind is a time, not a wait: a request whose deadline is before the end of what already waits
 * is late whenever it comes, so an old entry does no harm. A connection is looked at again with
 * every body that is read; one in PROBE_CALLS is at least, and one after PROBE_MS, so that a client
 * that changes its mind is believed soon. A wrong guess costs a call an UNAVAILABLE with a hint to
 * come back, only on a connection whose other calls are refused, and only for its first call of
 * another kind.
 */

#include "server/overload.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

enum { LINGER_MS = 1000, MIXED_MS = 10000, PROBE_MS = 10000, PROBE_CALLS = 256, MARGIN = 4 };

void overload_init(Overload *overload) {
    mutex_init(&overload->mutex);
}

void overload_deinit(Overload *overload) {
    mutex_deinit(&overload->mutex);
}

uint64_t overload_peer(const void *name, size_t bytes) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ ((const unsigned char *)name)[i]) * UINT64_C(0x100000001b3);
    return hash ? hash : 1;
}

static uint64_t kind_of(const void *model, const InferRequest *request) {
    uint64_t parts[] = { (uintptr_t)model, request->forecast_class };
    return overload_peer(parts, sizeof parts);
}

static OverloadKind *kind_locked(Overload *overload, uint64_t key) {
    return &overload->kinds[(key ^ key >> 32) % OVERLOAD_KINDS];
}

static OverloadPeer *peer_locked(Overload *overload, uint64_t key) {
    return &overload->peers[(key ^ key >> 32) % OVERLOAD_PEERS];
}

void overload_note(Overload *overload, uint64_t peer, const void *model,
                   const InferRequest *request, bool was_late, uint64_t now_ns) {
    if (was_late)
        atomic_store(&overload->until_ns, time_after(now_ns, LINGER_MS * NS_PER_MS));
    if (!peer || !request->forecast_done_ns)
        return;
    uint64_t key = kind_of(model, request);
    LOCKED(&overload->mutex);
    OverloadKind *kind = kind_locked(overload, key);
    if (kind->key != key)
        *kind = (OverloadKind){ .key = key };
    kind->done_ns = request->forecast_done_ns;
    kind->run_ns = request->forecast_run_ns;
    OverloadPeer *entry = peer_locked(overload, peer);
    bool is_other = entry->key == peer && entry->kind != key;
    if (entry->key != peer)
        *entry = (OverloadPeer){ .key = peer };
    if (is_other)
        entry->mixed_ns = time_after(now_ns, MIXED_MS * NS_PER_MS);
    entry->kind = key;
    entry->seen_ns = now_ns;
    entry->refused = 0;
}

/* 0: not refused; else when what waits is done. Those that are let in count from now on. A body
 * that is read in vain costs more than a call too few: the margin is twice the queue's. */
static uint64_t done_locked(Overload *overload, uint64_t peer, uint64_t deadline_ns,
                            uint64_t now_ns, uint64_t *ret_kind) {
    OverloadPeer *entry = peer_locked(overload, peer);
    if (entry->key != peer || now_ns < entry->mixed_ns)
        return 0;
    OverloadKind *kind = kind_locked(overload, entry->kind);
    if (kind->key != entry->kind)
        return 0;
    uint64_t left_ns = kind->done_ns > now_ns ? kind->done_ns - now_ns : 0;
    left_ns += kind->coming * kind->run_ns;
    uint64_t done_ns = time_after(now_ns, left_ns + left_ns / MARGIN);
    bool probes =
        now_ns > time_after(entry->seen_ns, PROBE_MS * NS_PER_MS) || entry->refused >= PROBE_CALLS;
    if (done_ns > deadline_ns && !probes) {
        entry->refused++;
        return done_ns;
    }
    entry->seen_ns = now_ns;
    entry->refused = 0;
    kind->coming++;
    *ret_kind = kind->key;
    return 0;
}

void overload_arrived(Overload *overload, uint64_t key) {
    if (!key)
        return;
    LOCKED(&overload->mutex);
    OverloadKind *kind = kind_locked(overload, key);
    if (kind->key == key && kind->coming > 0)
        kind->coming--;
}

Status overload_decide(Overload *overload, uint64_t peer, uint64_t deadline_ns, uint64_t now_ns,
                       uint64_t *ret_kind) {
    if (!peer || deadline_ns == TIME_NEVER)
        return status_ok();
    uint64_t done_ns;
    {
        LOCKED(&overload->mutex);
        done_ns = done_locked(overload, peer, deadline_ns, now_ns, ret_kind);
    }
    if (!done_ns)
        return status_ok();
    atomic_fetch_add(&overload->refused, 1);
    return status_retry(
        status_error(STATUS_UNAVAILABLE, "the model is too busy to answer before the deadline"),
        done_ns - MIN_OF(deadline_ns, done_ns));
}
