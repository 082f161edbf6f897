/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Walks a message's top level twice: to count, then to copy what is kept. Groups, which no contract
 * here has, are refused, so there is no depth. Pure but for the arena. Thread: any.
 */

#include "clients/c/wire_split.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_LENGTH = 2, WIRE_32 = 5, VARINT_BYTES_MAX = 10 };

typedef struct Field {
    uint32_t number, wire;
    ClientBytes whole, payload; /* payload of WIRE_LENGTH only */
} Field;

static bool read_varint(ClientBytes *rest, uint64_t *ret_value) {
    const uint8_t *at = rest->data;
    uint64_t value = 0;
    for (size_t i = 0; i < rest->bytes && i < VARINT_BYTES_MAX; i++) {
        value |= (uint64_t)(at[i] & 0x7F) << (7 * i);
        if (at[i] & 0x80)
            continue;
        *rest = (ClientBytes){ at + i + 1, rest->bytes - i - 1 };
        *ret_value = value;
        return true;
    }
    return false;
}

static bool skip(ClientBytes *rest, uint64_t bytes) {
    if (bytes > rest->bytes)
        return false;
    *rest = (ClientBytes){ (const char *)rest->data + bytes, rest->bytes - (size_t)bytes };
    return true;
}

static bool next_field(ClientBytes *rest, Field *ret_field) {
    ClientBytes start = *rest;
    uint64_t tag, value;
    if (!read_varint(rest, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
        return false;
    *ret_field = (Field){ .number = (uint32_t)(tag >> 3), .wire = (uint32_t)(tag & 7) };
    if (ret_field->wire == WIRE_LENGTH) {
        if (!read_varint(rest, &value))
            return false;
        ret_field->payload = (ClientBytes){ rest->data, (size_t)value };
        if (!skip(rest, value))
            return false;
    } else if (ret_field->wire == WIRE_VARINT) {
        if (!read_varint(rest, &value))
            return false;
    } else if (!(ret_field->wire == WIRE_64 && skip(rest, 8)) &&
               !(ret_field->wire == WIRE_32 && skip(rest, 4))) {
        return false;
    }
    ret_field->whole = (ClientBytes){ start.data, start.bytes - rest->bytes };
    return true;
}

Status wire_split(ClientBytes bytes, uint32_t field, Arena *arena, ClientBytes **ret_views,
                  size_t *ret_count, ClientBytes *ret_head) {
    size_t count = 0, head_bytes = 0;
    Field at;
    for (ClientBytes rest = bytes; rest.bytes > 0;) {
        if (!next_field(&rest, &at))
            return status_error(STATUS_INTERNAL, "the answer's %zu bytes are no message",
                                bytes.bytes);
        bool wanted = at.number == field && at.wire == WIRE_LENGTH;
        count += wanted;
        head_bytes += wanted ? 0 : at.whole.bytes;
    }
    MESSAGE_ARRAY(ClientBytes, views, count, arena);
    char *head = arena_alloc(arena, head_bytes);
    if (!head)
        return arena_exhausted(arena);
    *ret_head = (ClientBytes){ head, head_bytes };
    *ret_views = views;
    *ret_count = count;
    for (ClientBytes rest = bytes; rest.bytes > 0 && next_field(&rest, &at);) {
        if (at.number == field && at.wire == WIRE_LENGTH) {
            *views++ = at.payload;
        } else {
            memcpy(head, at.whole.data, at.whole.bytes);
            head += at.whole.bytes;
        }
    }
    return status_ok();
}
