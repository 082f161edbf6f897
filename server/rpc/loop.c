/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The rpc thread: takes what the completion queue holds, runs each operation's next step, and after
 * a drain lets the scheduler look once at all that was submitted, so that requests which came
 * together are batched together. Only then does it wait. A drain is also cut after some
 * submissions: idle workers must not wait for the end of a long one. On a lone core there is nobody
 * to leave tiny batches to: they are run here, with looks at the network in between.
 */

#include "server/rpc/rpc_state.h"

enum { SUBMISSIONS_A_DRAIN = 32 };

static void run_tag(grpc_event event) {
    RpcTag *tag = event.tag;
    tag->run(tag->user, event.success);
}

/* What is there now, without waiting. false: the queue is shut down. */
static bool drain(RpcServer *server) {
    size_t count = 0;
    while (server->submitted) {
        grpc_event event = { .type = GRPC_QUEUE_TIMEOUT };
        if (count < SUBMISSIONS_A_DRAIN)
            event =
                grpc_completion_queue_next(server->queue, gpr_inf_past(GPR_CLOCK_MONOTONIC), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return false;
        if (event.type == GRPC_OP_COMPLETE) {
            run_tag(event);
            count++;
            continue;
        }
        Scheduler *scheduler = server->context->scheduler;
        bool leaves_to_workers =
            count == SUBMISSIONS_A_DRAIN && !scheduler_has_lone_core(scheduler);
        server->submitted = !leaves_to_workers && scheduler_run_inline(scheduler);
        if (!server->submitted)
            scheduler_kick(scheduler);
        count = 0;
    }
    return true;
}

void loop_run(void *user) {
    RpcServer *server = user;
    for (;;) {
        grpc_event event =
            grpc_completion_queue_next(server->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return;
        if (event.type == GRPC_OP_COMPLETE)
            run_tag(event);
        if (!drain(server))
            return;
    }
}
