/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The bare server that inferd's request path is measured against: gRPC C-core, one completion
 * queue, one thread, few posted slots, and an answer that is the request's own bytes. It parses
 * nothing, so what inferd takes more than this is inferd's own. Set up as inferd is where the core
 * is concerned: PAYLOAD_NONE, RECV_CLOSE in a batch of its own, malloc thresholds raised, abseil's
 * deadlock detector off. Prints "port N", ends on SIGTERM.
 */

#include <assert.h>
#include <dlfcn.h>
#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/time.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#if __has_include(<grpc/credentials.h>)
#include <grpc/credentials.h> /* its own header since core 1.64 */
#endif

enum { SLOTS = 32 };

typedef enum Step { STEP_ARRIVED, STEP_READ, STEP_SENT, STEP_CLOSED } Step;

struct Slot;
typedef struct Tag {
    struct Slot *slot;
    Step step;
} Tag;

typedef struct Slot {
    Tag arrived, read, sent, closed;
    grpc_call *call;
    gpr_timespec deadline;
    grpc_metadata_array metadata;
    grpc_byte_buffer *message;
    int cancelled, pending;
} Slot;

static grpc_server *server;
static grpc_completion_queue *queue;
static void *method;
static volatile sig_atomic_t stopping;

static void on_signal(int number) {
    (void)number;
    stopping = 1;
}

static void post(Slot *slot) {
    slot->message = NULL;
    grpc_metadata_array_init(&slot->metadata);
    grpc_call_error error =
        grpc_server_request_registered_call(server, method, &slot->call, &slot->deadline,
                                            &slot->metadata, NULL, queue, queue, &slot->arrived);
    assert(error == GRPC_CALL_OK);
}

static void start(Slot *slot, const grpc_op *ops, size_t count, Tag *tag) {
    slot->pending++;
    grpc_call_error error = grpc_call_start_batch(slot->call, ops, count, tag, NULL);
    assert(error == GRPC_CALL_OK);
}

static void release(Slot *slot) {
    if (--slot->pending > 0)
        return;
    grpc_metadata_array_destroy(&slot->metadata);
    grpc_call_unref(slot->call);
    free(slot);
}

static void arrive(Slot *slot) {
    Slot *next = calloc(1, sizeof *next);
    assert(next);
    *next = (Slot){ .arrived = { next, STEP_ARRIVED },
                    .read = { next, STEP_READ },
                    .sent = { next, STEP_SENT },
                    .closed = { next, STEP_CLOSED } };
    post(next);
    slot->pending = 1;
    grpc_op close = { .op = GRPC_OP_RECV_CLOSE_ON_SERVER,
                      .data.recv_close_on_server.cancelled = &slot->cancelled };
    start(slot, &close, 1, &slot->closed);
    grpc_op read = { .op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &slot->message };
    start(slot, &read, 1, &slot->read);
    slot->pending--;
}

static void answer(Slot *slot) {
    grpc_slice details = grpc_empty_slice();
    grpc_op ops[3] = {
        { .op = GRPC_OP_SEND_INITIAL_METADATA },
        { .op = GRPC_OP_SEND_STATUS_FROM_SERVER,
          .data.send_status_from_server = { .status = slot->message ? GRPC_STATUS_OK
                                                                    : GRPC_STATUS_INVALID_ARGUMENT,
                                            .status_details = &details } },
        { .op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = slot->message },
    };
    start(slot, ops, slot->message ? 3 : 2, &slot->sent);
    if (slot->message)
        grpc_byte_buffer_destroy(slot->message);
}

static void handle(Tag *tag, int success) {
    Slot *slot = tag->slot;
    switch (tag->step) {
    case STEP_ARRIVED:
        if (success)
            arrive(slot);
        else
            free(slot);
        return;
    case STEP_READ:
        answer(slot);
        break;
    case STEP_SENT:
    case STEP_CLOSED:
        break;
    }
    release(slot);
}

static void set_up_process(void) {
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
    void (*set_mode)(int) = NULL;
    *(void **)&set_mode = dlsym(
        RTLD_DEFAULT, "_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE");
    if (set_mode)
        set_mode(0);
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
}

static void serve(void) {
    while (!stopping) {
        gpr_timespec wake =
            gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(100, GPR_TIMESPAN));
        grpc_event event = grpc_completion_queue_next(queue, wake, NULL);
        if (event.type == GRPC_OP_COMPLETE)
            handle(event.tag, event.success);
    }
}

int main(int argc, char **argv) {
    set_up_process();
    grpc_init();
    grpc_arg limits[] = {
        { .type = GRPC_ARG_INTEGER,
          .key = (char *)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH,
          .value.integer = INT_MAX },
        { .type = GRPC_ARG_INTEGER, .key = (char *)GRPC_ARG_ALLOW_REUSEPORT, .value.integer = 0 },
    };
    grpc_channel_args arguments = { .num_args = 2, .args = limits };
    server = grpc_server_create(&arguments, NULL);
    queue = grpc_completion_queue_create_for_next(NULL);
    grpc_server_register_completion_queue(server, queue, NULL);
    method = grpc_server_register_method(
        server, argc > 1 ? argv[1] : "/inference.GRPCInferenceService/ModelInfer", NULL,
        GRPC_SRM_PAYLOAD_NONE, 0);
    grpc_server_credentials *credentials = grpc_insecure_server_credentials_create();
    int port = grpc_server_add_http2_port(server, "127.0.0.1:0", credentials);
    grpc_server_credentials_release(credentials);
    if (port == 0)
        return 1;
    grpc_server_start(server);
    for (int i = 0; i < SLOTS; i++) {
        Slot *slot = calloc(1, sizeof *slot);
        assert(slot);
        *slot = (Slot){ .arrived = { slot, STEP_ARRIVED },
                        .read = { slot, STEP_READ },
                        .sent = { slot, STEP_SENT },
                        .closed = { slot, STEP_CLOSED } };
        post(slot);
    }
    printf("port %d\n", port);
    fflush(stdout);
    serve();
    return 0; /* the process ends; what is posted goes with it */
}
