/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* See the header. Thread: rpc. Pure but for the arena. */

#include "server/rpc/inference_request.h"

#include "server/wire/wire_version.h"

enum { REQUEST_NAME = 1, REQUEST_VERSION = 2 };

Status inference_name_version_decode(ServerContext *server, const Spans *message, Arena *arena,
                                     InferenceNameVersion *ret_request) {
    TRY(server_check_control(server, message));
    SpanReader reader = span_reader_of(message);
    WireField field;
    WireResult result;
    StringView version = { 0 };
    ret_request->name = (StringView){ .data = "" };
    while ((result = span_reader_next(&reader, &field)) == WIRE_FIELD) {
        if (field.number == REQUEST_NAME && field.type == WIRE_BYTES)
            TRY(wire_text(field.bytes, arena, "name", &ret_request->name));
        if (field.number == REQUEST_VERSION && field.type == WIRE_BYTES)
            TRY(wire_text(field.bytes, arena, "version", &version));
    }
    if (result != WIRE_END)
        return wire_malformed("request");
    return wire_version_parse(version, &ret_request->version);
}
