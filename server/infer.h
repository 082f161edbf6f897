/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An inference between a transport and the scheduler, whichever protocol and transport it came by:
 * decode, acquire, bind, submit; then encode. The transport embeds an InferCall in its own call,
 * fills it in, and is told the end by `finish`, exactly once.
 */

#include "server/observe/metrics.h"
#include "server/server_context.h"
#include "server/wire/wire_request.h"

typedef struct InferCall InferCall;

/* What differs between gRPC and HTTP. */
typedef struct InferTransport {
    MetricEntry entry;
    /* Makes call->message readable where it is not (inflation), on the thread that decodes; asked
     * only if call->must_open. */
    Status (*open)(InferCall *call);
    /* The arena holds so many bytes more than the message; RESOURCE_EXHAUSTED: too much for all
     * calls together. NULL: it is not counted. */
    Status (*charge)(InferCall *call, size_t arena_bytes);
    /* All payloads have been copied: the message is no longer needed. NULL: it stays. */
    void (*let_go)(InferCall *call);
    /* One of several responses of a decoupled model; status and reply are lent, `finish` follows
     * after the last. NULL: such models are refused, in these words. Thread: any. */
    void (*respond)(InferCall *call, const Status *status, const WireReply *reply);
    const char *no_responses;
    /* The one way out: answers and gives back lease, outputs and the call's own reference. reply is
     * lent, and there when status is OK. Thread: the network's, worker, timer. */
    void (*finish)(InferCall *call, const Status *status, const WireReply *reply);
    /* Keeps the call while a task or a cancellation works on it. Thread: any. */
    void (*ref)(InferCall *call);
    void (*unref)(InferCall *call);
    /* overload_peer of the connection; 0: not known. NULL: it never is. */
    uint64_t (*peer)(InferCall *call);
} InferTransport;

/* Who has done what; bits of InferCall.flags, each set once. */
enum {
    INFER_CANCELLED = 1,  /* the client is gone */
    INFER_QUEUED = 2,     /* scheduler_submit has returned OK */
    INFER_DONE = 4,       /* on_done has been called */
    INFER_CANCELLING = 8, /* somebody is inside scheduler_cancel: he finishes the call if on_done
                             comes meanwhile */
};

struct InferCall {
    /* fixed before infer_start */
    ServerContext *context;
    const InferTransport *transport;
    const InferProtocol *protocol;
    Arena *arena;
    WireInfer *wire;      /* the protocol's may be the head of something larger */
    const Caller *caller; /* lent; NULL is nobody, where access is limited */
    uint64_t arrived_ns, deadline_ns;
    uint64_t foreseen; /* overload_decide's; 0 */
    bool must_open;
    bool takes_one;     /* of a decoupled model's responses, if it gives no more */
    Arena *reply_arena; /* of each of several responses; NULL: arena */
    /* whoever works on the call */
    Spans message;
    InferRequest request;
    struct SharedRegion **regions; /* held until the answer is made */
    size_t region_count;
    Status done_status; /* kept for the canceller */
    /* any thread */
    atomic_uint flags;
};

/**
 * Decodes, here or on a worker when that takes long, and submits. The caller holds a reference
 * besides the call's own.
 *
 * Returns whether work was queued on this thread: scheduler_kick is then due.
 * Thread: rpc, http
 */
bool infer_start(InferCall *call);
/* The client is gone. The caller holds a reference. Thread: rpc, http. */
void infer_cancel(InferCall *call);
