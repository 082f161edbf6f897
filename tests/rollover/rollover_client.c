/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A closed loop of requests without a retry policy, and whose every answer is checked. The model
 * adds 1000 times its version to what it is given, so an answer tells which version made each
 * element: it must be the one that the reply names. Prints a line whenever the version changes, and
 * at the end (so many calls, or the end of standard input) one line of JSON.
 *
 * rollover_client TARGET OUTSTANDING CONNECTIONS CALLS    CALLS 0: until standard input ends
 */

#include "clients/c/client.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include "inference/grpc_service.pb-c.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 4, STEP = 1000, SLOTS_MAX = 256 };

static const char METHOD[] = "/inference.GRPCInferenceService/ModelInfer";

typedef struct Loop Loop;

typedef struct Slot {
    Loop *loop;
    size_t index;
    ClientMessage *message;
    bool is_out;
} Slot;

struct Loop {
    Client *client;
    Slot slots[SLOTS_MAX];
    size_t slot_count;
    unsigned long long requests, failed, mixed, limit;
    long version;
    Status first_error;
};

static Status make_message(Slot *slot) {
    float values[WIDTH];
    int64_t shape[] = { 1, WIDTH };
    for (size_t i = 0; i < WIDTH; i++)
        values[i] = (float)slot->index;
    Inference__ModelInferRequest request = INFERENCE__MODEL_INFER_REQUEST__INIT;
    Inference__ModelInferRequest__InferInputTensor tensor =
        INFERENCE__MODEL_INFER_REQUEST__INFER_INPUT_TENSOR__INIT;
    Inference__ModelInferRequest__InferInputTensor *tensors[] = { &tensor };
    ProtobufCBinaryData raw = { .len = sizeof values, .data = (uint8_t *)values };
    tensor.name = (char *)"x";
    tensor.datatype = (char *)"FP32";
    tensor.n_shape = ARRAY_LENGTH(shape);
    tensor.shape = shape;
    request.model_name = (char *)"m";
    request.n_inputs = 1;
    request.inputs = tensors;
    request.n_raw_input_contents = 1;
    request.raw_input_contents = &raw;
    uint8_t bytes[256];
    if (inference__model_infer_request__get_packed_size(&request) > sizeof bytes)
        return status_error(STATUS_INTERNAL, "the request is longer than was thought");
    size_t length = inference__model_infer_request__pack(&request, bytes);
    return client_message_new(bytes, length, &slot->message);
}

/* The version that made every element of the answer, and that it names; 0: it is none. */
static long version_of(const Inference__ModelInferResponse *response, size_t index) {
    float values[WIDTH];
    if (response->n_raw_output_contents != 1 ||
        response->raw_output_contents[0].len != sizeof values)
        return 0;
    memcpy(values, response->raw_output_contents[0].data, sizeof values);
    long named = strtol(response->model_version, NULL, 10);
    for (size_t i = 0; i < WIDTH; i++)
        if (values[i] != (float)(named * STEP + (long)index))
            return 0;
    return named;
}

static void ended(void *user, const Status *status, size_t bytes, ClientReply *reply) {
    Slot *slot = user;
    Loop *loop = slot->loop;
    slot->is_out = false;
    if (!status_is_ok(status)) {
        if (loop->failed++ == 0)
            loop->first_error = *status;
        return;
    }
    Inference__ModelInferResponse *response =
        inference__model_infer_response__unpack(NULL, bytes, reply->data);
    long version = response ? version_of(response, slot->index) : 0;
    if (response)
        inference__model_infer_response__free_unpacked(response, NULL);
    if (!version) {
        loop->mixed++;
    } else if (version != loop->version) {
        loop->version = version;
        printf("version %ld\n", version);
        fflush(stdout);
    }
}

static bool goes_on(const Loop *loop) {
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
    if (loop->limit)
        return loop->requests < loop->limit;
    return loop->requests % 256 != 0 || poll(&input, 1, 0) == 0;
}

static Status run(Loop *loop) {
    bool more = true;
    while (more || client_outstanding(loop->client) > 0) {
        for (size_t i = 0; more && i < loop->slot_count; i++) {
            Slot *slot = &loop->slots[i];
            if (slot->is_out)
                continue;
            TRY(client_start(loop->client, &(ClientCall){ .method = METHOD,
                                                          .message = slot->message,
                                                          .timeout_ns = 30 * NS_PER_S,
                                                          .want_reply = true,
                                                          .done = ended,
                                                          .user = slot }));
            slot->is_out = true;
            loop->requests++;
            more = goes_on(loop);
        }
        client_poll(loop->client, TIME_NEVER);
    }
    return status_ok();
}

static Status start(Loop *loop, char **argv) {
    loop->slot_count = MIN_OF((size_t)strtoul(argv[2], NULL, 10), (size_t)SLOTS_MAX);
    loop->limit = strtoull(argv[4], NULL, 10);
    TRY(client_new(
        &(ClientOptions){ .target = argv[1], .connections = (size_t)strtoul(argv[3], NULL, 10) },
        &loop->client));
    for (size_t i = 0; i < loop->slot_count; i++) {
        loop->slots[i] = (Slot){ .loop = loop, .index = i };
        TRY(make_message(&loop->slots[i]));
    }
    return run(loop);
}

int main(int argc, char **argv) {
    static Loop loop;
    if (argc != 5) {
        fprintf(stderr, "usage: rollover_client TARGET OUTSTANDING CONNECTIONS CALLS\n");
        return 2;
    }
    loop.first_error = status_ok();
    Status status = start(&loop, argv);
    for (size_t i = 0; i < loop.slot_count; i++)
        client_message_free(loop.slots[i].message);
    client_free(loop.client);
    if (!status_is_ok(&status)) {
        fprintf(stderr, "rollover_client: %s\n", status.message);
        return 1;
    }
    printf("{\"requests\": %llu, \"failed\": %llu, \"mixed\": %llu, \"first_error\": \"%.80s\"}\n",
           loop.requests, loop.failed, loop.mixed, loop.first_error.message);
    return 0;
}
