/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INFERD_CLIENT_H
#define INFERD_CLIENT_H

/**
 * libinferd-client: predictions from inferd, and from any server of its two protocols (the Open
 * Inference Protocol of Triton and KServe, and TensorFlow Serving's).
 *
 *     InferdClientOptions options = INFERD_CLIENT_OPTIONS_INIT;
 *     options.target = "models:8500";
 *     InferdClient *client;
 *     InferdError error;
 *     if (inferd_client_new(&options, &client, &error) != INFERD_OK)
 *         die(error.message);
 *
 *     float image[28 * 28] = { ... };
 *     InferdTensor input = { .name = "image", .type = INFERD_FLOAT32, .rank = 4,
 *                            .dims = (const int64_t[]){ 1, 28, 28, 1 },
 *                            .data = image, .bytes = sizeof image };
 *     InferdRequest request = INFERD_REQUEST_INIT;
 *     request.model = "digits";
 *     request.inputs = &input;
 *     request.input_count = 1;
 *     InferdResult *result;
 *     if (inferd_predict(client, &request, &result, &error) != INFERD_OK)
 *         die(error.message);
 *     const InferdTensor *scores = inferd_result_find(result, "probabilities");
 *     ...
 *     inferd_result_free(result);
 *     inferd_client_free(client);
 *
 * Build with `pkg-config --cflags --libs inferd-client`.
 *
 * Names are resolved by c-ares. Connections are made when the first call needs them, kept and used
 * by all calls, and made again, with a growing delay, when they break. A client belongs to one
 * thread at a time; different clients share nothing. Results and models outlive their calls, not
 * their client. Every function that can fail returns a code and fills *error, which may be NULL.
 * What is handed in is lent for the call unless said otherwise.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define INFERD_API __attribute__((visibility("default")))
#else
#define INFERD_API
#endif

/* --- errors --- */

/* gRPC's numbers. */
typedef enum InferdCode {
    INFERD_OK = 0,
    INFERD_CANCELLED = 1,
    INFERD_UNKNOWN = 2,
    INFERD_INVALID_ARGUMENT = 3, /* this request can never succeed */
    INFERD_DEADLINE_EXCEEDED = 4,
    INFERD_NOT_FOUND = 5, /* no such model or version */
    INFERD_ALREADY_EXISTS = 6,
    INFERD_PERMISSION_DENIED = 7,
    INFERD_RESOURCE_EXHAUSTED = 8,  /* queue or memory full: try later */
    INFERD_FAILED_PRECONDITION = 9, /* known, but not ready */
    INFERD_ABORTED = 10,
    INFERD_OUT_OF_RANGE = 11,
    INFERD_UNIMPLEMENTED = 12, /* this server lacks it */
    INFERD_INTERNAL = 13,
    INFERD_UNAVAILABLE = 14, /* no server could be reached, or it stops */
    INFERD_DATA_LOSS = 15,
    INFERD_UNAUTHENTICATED = 16
} InferdCode;

typedef struct InferdError {
    InferdCode code;
    char message[512]; /* UTF-8; empty when OK */
} InferdError;

/* "NOT_FOUND"; static. */
INFERD_API const char *inferd_code_name(InferdCode code);

/* --- clients --- */

typedef struct InferdClient InferdClient;

typedef enum InferdProtocol {
    INFERD_INFERENCE = 0, /* Open Inference Protocol: inferd, Triton, KServe */
    INFERD_TENSORFLOW = 1 /* inferd, TensorFlow Serving; has no streams */
} InferdProtocol;

/* Start from INFERD_CLIENT_OPTIONS_INIT, which sets the defaults named here. */
typedef struct InferdClientOptions {
    size_t struct_bytes; /* which fields the caller knows: set by the initialiser */

    /* "models:8500", "192.0.2.1:8500", "[::1]:8500", "unix:/run/inferd.sock",
     * "ipv4:192.0.2.1:8500,192.0.2.2:8500"; "dns://192.0.2.53/models:8500" asks that DNS server.
     * Default "127.0.0.1:8500". */
    const char *target;
    InferdProtocol protocol; /* default INFERD_INFERENCE */
    size_t connections;      /* to each address; default 1 */
    /* Calls take turns over all addresses of the name; off: the first that answers gets all.
     * Default on. */
    bool round_robin;
    bool wait_for_ready;      /* wait for a server until the timeout, do not fail at once */
    size_t max_message_bytes; /* of an answer; default 2 GiB - 1 */

    double timeout_s; /* of a call that names none; default 30 */
    /* How often in all, at most 5, a call is sent that fails with UNAVAILABLE: again after 50 ms,
     * then twice as long each time up to 2 s, give or take; or when the server's
     * grpc-retry-pushback-ms says; or never, when that is negative. Retries stop while most calls
     * fail. Default 4; 1: once. */
    unsigned attempts;
    /* Off unless more than 1. A call without an answer after hedge_delay_s is sent again, to the
     * server whose turn it is, at most so many times in all (5 at most); the first answer counts
     * and the others are cancelled. UNAVAILABLE and RESOURCE_EXHAUSTED send the next at once,
     * pushback as above. Instead of attempts. Predictions and questions only, not streams; do not
     * use it for models that keep state between requests. */
    unsigned hedges;
    double hedge_delay_s; /* default 0.05 */

    bool tls;               /* implied by the files; alone: the system's CAs */
    const char *ca_file;    /* PEM: who signs servers */
    const char *cert_file;  /* PEM: our own certificate ... */
    const char *key_file;   /* ... and its key, for servers that ask */
    const char *token_file; /* its first line is sent as bearer token */
} InferdClientOptions;

#define INFERD_CLIENT_OPTIONS_INIT                                                                 \
    {                                                                                              \
        sizeof(InferdClientOptions), "127.0.0.1:8500", INFERD_INFERENCE, 1, true, false, 0, 30.0,  \
            4, 0, 0.05, false, NULL, NULL, NULL, NULL                                              \
    }

/* Reads the files and connects nothing yet. INVALID_ARGUMENT, NOT_FOUND. */
INFERD_API InferdCode inferd_client_new(const InferdClientOptions *options,
                                        InferdClient **ret_client, InferdError *error);
/* Cancels what is under way: started calls end with CANCELLED first. Free streams and results
 * before. NULL is fine. */
INFERD_API void inferd_client_free(InferdClient *client);

/* --- tensors --- */

/* ONNX's numbers. Row-major, little-endian; a string tensor's data is, for each element, its length
 * as a 32-bit number and its bytes. */
typedef enum InferdType {
    INFERD_FLOAT32 = 1,
    INFERD_UINT8 = 2,
    INFERD_INT8 = 3,
    INFERD_UINT16 = 4,
    INFERD_INT16 = 5,
    INFERD_INT32 = 6,
    INFERD_INT64 = 7,
    INFERD_STRING = 8,
    INFERD_BOOL = 9,
    INFERD_FLOAT16 = 10,
    INFERD_FLOAT64 = 11,
    INFERD_UINT32 = 12,
    INFERD_UINT64 = 13,
    INFERD_COMPLEX64 = 14,
    INFERD_COMPLEX128 = 15,
    INFERD_BFLOAT16 = 16
} InferdType;

/* "float32"; NULL for a number that is no type. Static. */
INFERD_API const char *inferd_type_name(InferdType type);
/* Bytes of an element; 0 for strings. */
INFERD_API size_t inferd_type_bytes(InferdType type);

typedef struct InferdTensor {
    const char *name;
    InferdType type;
    size_t rank; /* at most 32 */
    const int64_t *dims;
    const void *data; /* of results: aligned for the type */
    size_t bytes;
    /* Of inputs. NULL: data is copied when the call starts. Else large data is sent from where it
     * lies, and this is called exactly once when nothing needs it any more: perhaps after the call
     * ended, perhaps on another thread. Not called when starting the call failed. */
    void (*release)(void *user);
    void *release_user;
} InferdTensor;

/* The next string of a string tensor; *offset starts at 0 and is moved on. NULL at the end. */
INFERD_API const char *inferd_tensor_string(const InferdTensor *tensor, size_t *offset,
                                            size_t *ret_length);

/* --- predictions --- */

typedef struct InferdRequest {
    size_t struct_bytes;
    const char *model;
    int64_t version; /* 0: the server's choice */
    const InferdTensor *inputs;
    size_t input_count;
    const char *const *outputs; /* names that are wanted; none: all */
    size_t output_count;
    double timeout_s; /* 0: the client's */
} InferdRequest;

#define INFERD_REQUEST_INIT                                                                        \
    { sizeof(InferdRequest), NULL, 0, NULL, 0, NULL, 0, 0.0 }

typedef struct InferdResult InferdResult;
INFERD_API void inferd_result_free(InferdResult *result);
/* Of the model that answered; version 0 when the server did not tell. */
INFERD_API const char *inferd_result_model(const InferdResult *result);
INFERD_API int64_t inferd_result_version(const InferdResult *result);
INFERD_API size_t inferd_result_count(const InferdResult *result);
/* NULL beyond the last. Lives as long as the result. */
INFERD_API const InferdTensor *inferd_result_tensor(const InferdResult *result, size_t index);
/* NULL when there is none of that name. */
INFERD_API const InferdTensor *inferd_result_find(const InferdResult *result, const char *name);

/* One prediction, waiting for it. */
INFERD_API InferdCode inferd_predict(InferdClient *client, const InferdRequest *request,
                                     InferdResult **ret_result, InferdError *error);

/* How a started prediction ended: a result, which is the callee's to free, or NULL and an error. */
typedef void (*InferdDone)(void *user, InferdResult *result, const InferdError *error);

/* Starts one and returns; any number may be under way. done is called by inferd_client_poll, or by
 * any waiting function of this client, exactly once if this returned OK. */
INFERD_API InferdCode inferd_predict_start(InferdClient *client, const InferdRequest *request,
                                           InferdDone done, void *user, InferdError *error);
/* Handles what has ended, waiting at most so long for the first. Returns how many calls ended. */
INFERD_API size_t inferd_client_poll(InferdClient *client, double timeout_s);
/* Calls under way. */
INFERD_API size_t inferd_client_outstanding(const InferdClient *client);

/* --- streams (Open Inference Protocol's ModelStreamInfer) --- */

typedef struct InferdStream InferdStream;

/* @timeout_s of the whole stream; 0: none. */
INFERD_API InferdCode inferd_stream_new(InferdClient *client, double timeout_s,
                                        InferdStream **ret_stream, InferdError *error);
/* Cancels it if it is not over. */
INFERD_API void inferd_stream_free(InferdStream *stream);
/* Sends one request; its timeout is not used. Up to 64 answers may wait to be received. */
INFERD_API InferdCode inferd_stream_send(InferdStream *stream, const InferdRequest *request,
                                         InferdError *error);
/* No request follows. */
INFERD_API InferdCode inferd_stream_finish(InferdStream *stream, InferdError *error);
/* The next answer. OK with *ret_result NULL: the stream ended well. *ret_is_open tells, after an
 * error, whether it was that of one request and others may follow. */
INFERD_API InferdCode inferd_stream_receive(InferdStream *stream, InferdResult **ret_result,
                                            bool *ret_is_open, InferdError *error);

/* --- questions --- */

/* Whether the server (model NULL) or a model of it answers now; an unknown model does not. */
INFERD_API InferdCode inferd_ready(InferdClient *client, const char *model, int64_t version,
                                   bool *ret_ready, InferdError *error);

/* What a model says of one input or output. */
typedef struct InferdPort {
    const char *name;
    InferdType type;     /* 0: one that this library does not know */
    int32_t rank;        /* -1: any */
    const int64_t *dims; /* -1: any */
} InferdPort;

typedef struct InferdModel {
    const char *name, *platform; /* platform "" where the protocol has none */
    int64_t version;             /* that is described; 0: not told */
    size_t input_count, output_count;
    const InferdPort *inputs, *outputs;
} InferdModel;

INFERD_API InferdCode inferd_metadata(InferdClient *client, const char *model, int64_t version,
                                      InferdModel **ret_model, InferdError *error);
INFERD_API void inferd_model_free(InferdModel *model);

#ifdef __cplusplus
}
#endif

#endif
