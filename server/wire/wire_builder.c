/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* See the header. Memory doubles in the arena, so a message costs at most twice its size there.
 * Pure but for the arena; any thread. */

#include "server/wire/wire_builder.h"

#include "runtime/base/size.h"
#include "server/wire/wire_writer.h"

enum { FIRST_BYTES = 1024, LENGTH_BYTES = 5, VARINT_BYTES_MAX = 10 };

Status wire_builder_reserve(WireBuilder *builder, size_t bytes) {
    if (bytes <= builder->capacity - builder->length)
        return status_ok();
    size_t capacity = MAX_OF(2 * builder->capacity, builder->length + bytes + FIRST_BYTES);
    unsigned char *data = arena_alloc(builder->arena, capacity);
    if (!data)
        return arena_exhausted(builder->arena);
    if (builder->length > 0)
        memcpy(data, builder->data, builder->length);
    builder->data = data;
    builder->capacity = capacity;
    return status_ok();
}

Status wire_builder_open(WireBuilder *builder, uint32_t number, size_t *ret_mark) {
    TRY(wire_builder_reserve(builder, 1 + LENGTH_BYTES));
    builder->data[builder->length++] = (unsigned char)wire_key(number, WIRE_BYTES);
    *ret_mark = builder->length;
    builder->length += LENGTH_BYTES;
    return status_ok();
}

Status wire_builder_close(WireBuilder *builder, size_t mark) {
    size_t length = builder->length - mark - LENGTH_BYTES;
    if (length >= (size_t)1 << 31)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "the request is too long");
    for (size_t i = 0; i < LENGTH_BYTES; i++)
        builder->data[mark + i] =
            (unsigned char)((length >> (7 * i) & 0x7F) | (i + 1 < LENGTH_BYTES ? 0x80 : 0));
    return status_ok();
}

Status wire_builder_bytes(WireBuilder *builder, uint32_t number, StringView bytes) {
    size_t mark;
    TRY(wire_builder_open(builder, number, &mark));
    TRY(wire_builder_reserve(builder, bytes.length));
    if (bytes.length > 0)
        memcpy(builder->data + builder->length, bytes.data, bytes.length);
    builder->length += bytes.length;
    return wire_builder_close(builder, mark);
}

Status wire_builder_number(WireBuilder *builder, uint32_t number, uint64_t value) {
    TRY(wire_builder_reserve(builder, 1 + VARINT_BYTES_MAX));
    builder->data[builder->length++] = (unsigned char)wire_key(number, WIRE_VARINT);
    builder->length = (size_t)(put_varint(builder->data + builder->length, value) - builder->data);
    return status_ok();
}

Status wire_builder_finish(const WireBuilder *builder, Spans *ret_message) {
    return wire_payload_of(builder->data, builder->length, builder->arena, ret_message);
}
