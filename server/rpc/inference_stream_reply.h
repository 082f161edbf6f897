/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The messages that ModelStreamInfer sends, made of what ModelInfer would have answered. */

#include "runtime/schedule/request.h"
#include "server/wire/wire_reply.h"

/* Errors of all: RESOURCE_EXHAUSTED (arena) */

/* A reply of ModelInfer (lent) inside the stream's message, with triton_final_response. */
Status stream_reply_wrap(const WireReply *reply, bool is_final, Arena *arena, WireReply *ret_reply);
/* What a decoupled request ends with, if it wants to know: no outputs; to be wrapped. */
Status stream_reply_final(const InferRequest *request, StringView id, Arena *arena,
                          WireReply *ret_reply);
/* A failure: its text, and the id of the request that failed. */
Status stream_reply_error(const Status *status, StringView id, Arena *arena, WireReply *ret_reply);
