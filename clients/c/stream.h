/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A bidirectional stream: messages go out in order and come in when the server sends them. While a
 * call of this header waits, up to STREAM_INBOX_MAX messages are taken in, so that a server that
 * writes meanwhile is not held up. Thread: the client's.
 */

#include "clients/c/predict.h"

enum { STREAM_INBOX_MAX = 64 };

typedef struct ClientStream ClientStream;

/* @method static; @timeout_ns of the whole stream. Free it before the client. */
Status client_stream_new(Client *client, const char *method, uint64_t timeout_ns,
                         ClientStream **ret_stream);
/* Cancels it if it is not over. */
void client_stream_free(ClientStream *stream);
DEFINE_AUTO(ClientStream, client_stream_free);

/* Returns when the core took it. Fails with the stream's status when that is over. */
Status client_stream_send(ClientStream *stream, ClientMessage *message);
/* No message follows. */
Status client_stream_finish(ClientStream *stream);
/* The next message; data is NULL at the end of a stream that ended well. Else its status. */
Status client_stream_receive(ClientStream *stream, ClientReply *ret_reply);

/* --- ModelStreamInfer --- */

extern const char *const CLIENT_STREAM_METHOD;

/* One of the stream's answers: a prediction, or why a request got none. */
Status client_stream_decode(ClientReply *reply, Arena *arena, ClientPrediction *ret_prediction);
