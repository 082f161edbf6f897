/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Packing protobuf-c messages into a reply: sized first, then written in place. Thread: that of the
 * request. */

#include "server/wire/wire_pack.h"

Status wire_pack(const ProtobufCMessage *message, WireReply *reply) {
    size_t bytes = protobuf_c_message_get_packed_size(message);
    unsigned char *at = wire_reply_reserve(reply, bytes);
    if (!at)
        return arena_exhausted(reply->arena);
    protobuf_c_message_pack(message, at);
    return status_ok();
}
