/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A client on gRPC's C core for tests of the server: one call at a time per RpcCall, each step
 * waited for with a limit, so that a server that does not answer fails the test instead of hanging
 * it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct RpcClient RpcClient;
typedef struct RpcCall RpcCall;

typedef struct RpcAnswer {
    int code;
    char details[512];
    unsigned char *bytes; /* of the last message; NULL: none */
    size_t length;
} RpcAnswer;

typedef struct RpcAsk {
    const char *path;
    const void *body;
    size_t length;
    bool no_message;      /* half-close at once */
    bool keep_open;       /* do not half-close: the call waits for its message or is a stream */
    const char *encoding; /* "gzip", "deflate"; NULL */
    int timeout_ms;       /* deadline of the call; 0: 20 s */
} RpcAsk;

RpcClient *rpc_client_new(int port);
void rpc_client_free(RpcClient *client);

/* Starts a call; the answer is fetched by rpc_call_finish. */
RpcCall *rpc_call_start(RpcClient *client, const RpcAsk *ask);
void rpc_call_cancel(RpcCall *call);
/* Streams: sends one more; reads one more (false: the stream ended). */
void rpc_call_send(RpcCall *call, const void *body, size_t length);
bool rpc_call_read(RpcCall *call, RpcAnswer *ret_answer);
void rpc_call_half_close(RpcCall *call);
/* Waits for the end and frees the call. */
void rpc_call_finish(RpcCall *call, RpcAnswer *ret_answer);
void rpc_answer_free(RpcAnswer *answer);

/* All of it for a unary call. */
void rpc_client_ask(RpcClient *client, const RpcAsk *ask, RpcAnswer *ret_answer);
