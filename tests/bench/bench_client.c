/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One measurement by the load generator: a ModelInferRequest of random floats, so many outstanding
 * over so many connections. Prints one line of JSON. The orchestration (which server, which core,
 * in which order) is bench.py's.
 *
 * bench_client TARGET MODEL INPUT SHAPE OUTSTANDING CONNECTIONS SECONDS poll|sleep    SHAPE: 1x16
 *              [CALLS_PER_S TIMEOUT_MS PRIORITY]
 *
 * With the last three it is an open loop, failures are counted by code and are no failure of ours.
 *
 * poll: it has a core of its own and never sleeps there, see LoadOptions.busy_poll
 */

#include "clients/load/load.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include "inference/grpc_service.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANK_MAX = 8 };

static const char METHOD[] = "/inference.GRPCInferenceService/ModelInfer";

static size_t read_shape(const char *text, int64_t dims[static RANK_MAX], size_t *ret_elements) {
    size_t rank = 0;
    *ret_elements = 1;
    for (const char *at = text; *at && rank < RANK_MAX; rank++) {
        char *end;
        dims[rank] = strtoll(at, &end, 10);
        *ret_elements *= (size_t)dims[rank];
        at = *end ? end + 1 : end;
    }
    return rank;
}

/* Values in [0, 1), the same in every run. */
static float *make_floats(size_t count) {
    float *values = malloc(MAX_OF(count, (size_t)1) * sizeof *values);
    uint32_t state = 1;
    for (size_t i = 0; values && i < count; i++) {
        state = state * 1664525U + 1013904223U;
        values[i] = (float)(state >> 8) / 16777216.0F;
    }
    return values;
}

static void *pack_request(char **argv, int64_t priority, size_t *ret_bytes) {
    char *model = argv[2], *input = argv[3];
    const char *shape = argv[4];
    int64_t dims[RANK_MAX];
    size_t elements, rank = read_shape(shape, dims, &elements);
    AUTO(free) float *values = make_floats(elements);
    Inference__ModelInferRequest request = INFERENCE__MODEL_INFER_REQUEST__INIT;
    Inference__ModelInferRequest__InferInputTensor tensor =
        INFERENCE__MODEL_INFER_REQUEST__INFER_INPUT_TENSOR__INIT;
    Inference__ModelInferRequest__InferInputTensor *tensors[] = { &tensor };
    ProtobufCBinaryData raw = { .len = elements * sizeof *values, .data = (uint8_t *)values };
    tensor.name = input;
    tensor.datatype = (char *)"FP32";
    tensor.n_shape = rank;
    tensor.shape = dims;
    request.model_name = model;
    request.n_inputs = 1;
    request.inputs = tensors;
    request.n_raw_input_contents = 1;
    request.raw_input_contents = &raw;
    Inference__InferParameter level = INFERENCE__INFER_PARAMETER__INIT;
    Inference__ModelInferRequest__ParametersEntry entry =
        INFERENCE__MODEL_INFER_REQUEST__PARAMETERS_ENTRY__INIT;
    Inference__ModelInferRequest__ParametersEntry *entries[] = { &entry };
    level.parameter_choice_case = INFERENCE__INFER_PARAMETER__PARAMETER_CHOICE_INT64_PARAM;
    level.int64_param = priority;
    entry.key = (char *)"priority";
    entry.value = &level;
    request.n_parameters = priority > 0;
    request.parameters = entries;
    *ret_bytes = inference__model_infer_request__get_packed_size(&request);
    void *bytes = malloc(*ret_bytes);
    if (bytes)
        inference__model_infer_request__pack(&request, bytes);
    return bytes;
}

static Status measure(char **argv, bool is_open, LoadResult *result) {
    size_t bytes;
    AUTO(free) void *message = pack_request(argv, is_open ? atoi(argv[11]) : 0, &bytes);
    if (!message)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    AUTO(client_free) Client *client = NULL;
    TRY(client_new(&(ClientOptions){ .target = argv[1], .connections = (size_t)atoi(argv[6]) },
                   &client));
    uint64_t duration_ns = (uint64_t)(atof(argv[7]) * (double)NS_PER_S);
    return load_run(&(LoadOptions){ .client = client,
                                    .method = METHOD,
                                    .message = message,
                                    .message_bytes = bytes,
                                    .outstanding = (size_t)atoi(argv[5]),
                                    .duration_ns = duration_ns,
                                    .warm_up_ns = duration_ns / 4,
                                    .calls_per_s = is_open ? atof(argv[9]) : 0,
                                    .seed = (uint64_t)duration_ns ^ (uint64_t)argv[8][0],
                                    .timeout_ns = is_open ? (uint64_t)atoi(argv[10]) * NS_PER_MS
                                                          : 60 * NS_PER_S,
                                    .busy_poll = !strcmp(argv[8], "poll") },
                    result);
}

static void print_failures(const LoadResult *result) {
    printf("\"missed\": %llu, \"failed\": %llu, \"first_error\": \"%.60s\", \"codes\": [",
           (unsigned long long)result->missed, (unsigned long long)result->failed,
           result->first_error.message);
    for (size_t i = 0; i < ARRAY_LENGTH(result->failed_by_code); i++)
        printf("%s%llu", i ? ", " : "", (unsigned long long)result->failed_by_code[i]);
    printf("], ");
}

int main(int argc, char **argv) {
    static LoadResult result;
    if (argc != 9 && argc != 12) {
        fprintf(stderr,
                "usage: bench_client TARGET MODEL INPUT SHAPE OUTSTANDING CONNECTIONS SECONDS "
                "poll|sleep [CALLS_PER_S TIMEOUT_MS PRIORITY]\n");
        return 2;
    }
    bool is_open = argc == 12;
    Status status = measure(argv, is_open, &result);
    if (status_is_ok(&status) && result.failed > 0 && !is_open)
        status = result.first_error;
    if (!status_is_ok(&status)) {
        fprintf(stderr, "bench_client: %s: %s\n", status_code_name(status.code), status.message);
        return 1;
    }
    printf("{");
    if (is_open)
        print_failures(&result);
    printf("\"calls_per_s\": %.1f, \"p50_us\": %.2f, \"p99_us\": %.2f, \"calls\": %llu, "
           "\"reply_bytes\": %llu}\n",
           (double)result.latency.total * 1e9 / (double)result.elapsed_ns,
           (double)histogram_percentile(&result.latency, 0.5) / 1e3,
           (double)histogram_percentile(&result.latency, 0.99) / 1e3,
           (unsigned long long)result.latency.total, (unsigned long long)result.reply_bytes);
    return 0;
}
