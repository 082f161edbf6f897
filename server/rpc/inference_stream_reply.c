/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* See the header. A parameter is one more field of the response, so it is put behind what
 * ModelInfer has written. Pure but for the arena. */

#include "server/rpc/inference_stream_reply.h"

#include "server/wire/wire_tensor.h"
#include "server/wire/wire_writer.h"

#include <stdio.h>

enum {
    STREAM_ERROR = 1,
    STREAM_RESPONSE = 2,
    RESPONSE_MODEL = 1,
    RESPONSE_VERSION = 2,
    RESPONSE_ID = 3,
    RESPONSE_PARAMETERS = 4,
    ENTRY_KEY = 1,
    ENTRY_VALUE = 2,
    VALUE_BOOL = 1,
    VALUE_BYTES = 2, /* key and value of the bool: in a oneof false is said too */
};

static const char FINAL_KEY[] = "triton_final_response";

static size_t final_bytes(void) {
    return text_bytes(ENTRY_KEY, text_view(FINAL_KEY)) + head_bytes(ENTRY_VALUE, VALUE_BYTES) +
           VALUE_BYTES;
}

static void put_final(unsigned char *at, bool is_final) {
    at =
        put_text(put_head(at, RESPONSE_PARAMETERS, final_bytes()), ENTRY_KEY, text_view(FINAL_KEY));
    at = put_head(at, ENTRY_VALUE, VALUE_BYTES);
    put_varint(put_varint(at, wire_key(VALUE_BOOL, WIRE_VARINT)), is_final);
}

Status stream_reply_wrap(const WireReply *reply, bool is_final, Arena *arena,
                         WireReply *ret_reply) {
    size_t parameters = head_bytes(RESPONSE_PARAMETERS, final_bytes()) + final_bytes();
    size_t body = reply->bytes + parameters;
    wire_reply_init(ret_reply, arena);
    unsigned char *head = wire_reply_reserve(ret_reply, head_bytes(STREAM_RESPONSE, body));
    if (!head)
        return arena_exhausted(arena);
    put_head(head, STREAM_RESPONSE, body);
    for (size_t i = 0; i < reply->count; i++)
        TRY(wire_reply_add(ret_reply, reply->pieces[i].data, reply->pieces[i].bytes,
                           reply->pieces[i].block));
    unsigned char *tail = wire_reply_reserve(ret_reply, parameters);
    if (!tail)
        return arena_exhausted(arena);
    put_final(tail, is_final);
    return status_ok();
}

Status stream_reply_final(const InferRequest *request, StringView id, Arena *arena,
                          WireReply *ret_reply) {
    const ModelVersion *version = request->lease.version;
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)version->number);
    StringView name = text_view(version->name), text = text_view(number);
    wire_reply_init(ret_reply, arena);
    unsigned char *at = wire_reply_reserve(ret_reply, text_bytes(RESPONSE_MODEL, name) +
                                                          text_bytes(RESPONSE_VERSION, text) +
                                                          text_bytes(RESPONSE_ID, id));
    if (!at)
        return arena_exhausted(arena);
    put_text(put_text(put_text(at, RESPONSE_MODEL, name), RESPONSE_VERSION, text), RESPONSE_ID, id);
    return status_ok();
}

Status stream_reply_error(const Status *status, StringView id, Arena *arena, WireReply *ret_reply) {
    StringView text = text_view(status->message);
    size_t body = text_bytes(RESPONSE_ID, id);
    wire_reply_init(ret_reply, arena);
    unsigned char *at = wire_reply_reserve(ret_reply, text_bytes(STREAM_ERROR, text) +
                                                          head_bytes(STREAM_RESPONSE, body) + body);
    if (!at)
        return arena_exhausted(arena);
    put_text(put_head(put_text(at, STREAM_ERROR, text), STREAM_RESPONSE, body), RESPONSE_ID, id);
    return status_ok();
}
