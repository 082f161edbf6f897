/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The wire format is a list of (tag, value). A tag says field number and how long the value is;
 * everything else is the caller's business. What is unknown is simply not looked at, so skipping
 * costs one addition however deep the skipped part nests. That is also why there is no recursion
 * here: only wire_enter goes down, and it counts.
 *
 * Stricter than the usual libraries where leniency would only let two readers see different things:
 * groups, field number 0, tags over 32 bits and varints over 64 bits are errors.
 *
 * Invariant: cursor <= end, and end never passes the parent's end. Any thread; no state.
 */

#include "runtime/onnx/wire_reader.h"

enum { VARINT_MAX_BYTES = 10 };

WireReader wire_reader(const void *bytes, size_t length, size_t depth) {
    return (WireReader){ .origin = bytes,
                         .cursor = bytes,
                         .end = (const uint8_t *)bytes + length,
                         .depth_left = depth };
}

static size_t offset_of(const WireReader *reader, const uint8_t *place) {
    return (size_t)(place - reader->origin);
}

/* Bytes taken, 0 when the varint is cut off or does not fit 64 bits. */
static size_t read_varint(const uint8_t *cursor, const uint8_t *end, uint64_t *ret_value) {
    uint64_t value = 0;
    for (size_t i = 0; i < VARINT_MAX_BYTES && cursor + i < end; i++) {
        uint64_t bits = cursor[i] & 0x7F;
        if (i == VARINT_MAX_BYTES - 1 && bits > 1)
            return 0;
        value |= bits << (7 * i);
        if (cursor[i] < 0x80) {
            *ret_value = value;
            return i + 1;
        }
    }
    return 0;
}

static uint64_t read_fixed(const uint8_t *bytes, size_t length) {
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static bool fail(Status *status, Status error) {
    *status = error;
    return false;
}

static bool take_fixed(WireReader *reader, size_t length, WireField *field, Status *status) {
    if ((size_t)(reader->end - reader->cursor) < length)
        return fail(status,
                    status_error(STATUS_INVALID_ARGUMENT,
                                 "byte %zu: field %u needs %zu bytes, its message has %zu left",
                                 offset_of(reader, reader->cursor), field->number, length,
                                 (size_t)(reader->end - reader->cursor)));
    field->bytes = (WireBytes){ reader->cursor, length };
    field->value = read_fixed(reader->cursor, length);
    reader->cursor += length;
    return true;
}

static bool take_varint(WireReader *reader, WireField *field, Status *status) {
    size_t taken = read_varint(reader->cursor, reader->end, &field->value);
    if (taken == 0)
        return fail(status, status_error(
                                STATUS_INVALID_ARGUMENT,
                                "byte %zu: field %u holds a number that is cut off or over 64 bits",
                                offset_of(reader, reader->cursor), field->number));
    field->bytes = (WireBytes){ reader->cursor, taken };
    reader->cursor += taken;
    return true;
}

static bool take_bytes(WireReader *reader, WireField *field, Status *status) {
    const uint8_t *start = reader->cursor;
    if (!take_varint(reader, field, status))
        return false;
    size_t left = (size_t)(reader->end - reader->cursor);
    if (field->value > left)
        return fail(status,
                    status_error(STATUS_INVALID_ARGUMENT,
                                 "byte %zu: field %u claims %llu bytes, its message has %zu left",
                                 offset_of(reader, start), field->number,
                                 (unsigned long long)field->value, left));
    field->bytes = (WireBytes){ reader->cursor, (size_t)field->value };
    reader->cursor += field->bytes.length;
    return true;
}

bool wire_next(WireReader *reader, WireField *ret_field, Status *status) {
    status->code = STATUS_OK;
    status->message[0] = '\0';
    if (reader->cursor == reader->end)
        return false;

    const uint8_t *start = reader->cursor;
    uint64_t tag = 0;
    size_t taken = read_varint(reader->cursor, reader->end, &tag);
    if (taken == 0 || tag > UINT32_MAX || tag >> 3 == 0)
        return fail(status, status_error(STATUS_INVALID_ARGUMENT, "byte %zu: not a field's tag",
                                         offset_of(reader, start)));
    reader->cursor += taken;
    *ret_field = (WireField){ .number = (uint32_t)(tag >> 3), .type = (WireType)(tag & 7) };
    if (ret_field->type == WIRE_BYTES)
        return take_bytes(reader, ret_field, status);
    if (ret_field->type == WIRE_VARINT)
        return take_varint(reader, ret_field, status);
    if (ret_field->type == WIRE_FIXED32)
        return take_fixed(reader, 4, ret_field, status);
    if (ret_field->type == WIRE_FIXED64)
        return take_fixed(reader, 8, ret_field, status);
    return fail(status,
                status_error(STATUS_INVALID_ARGUMENT,
                             "byte %zu: field %u has wire type %u (a group or unknown)",
                             offset_of(reader, start), ret_field->number, (unsigned)(tag & 7)));
}

Status wire_expect(const WireReader *reader, const WireField *field, WireType type,
                   const char *what) {
    if (field->type == type)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT,
                        "byte %zu: %s (field %u) has wire type %u, expected %u",
                        offset_of(reader, field->bytes.data), what, field->number,
                        (unsigned)field->type, (unsigned)type);
}

Status wire_enter(const WireReader *parent, const WireField *field, const char *what,
                  WireReader *ret_child) {
    TRY(wire_expect(parent, field, WIRE_BYTES, what));
    if (parent->depth_left == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "byte %zu: %s is nested too deeply",
                            offset_of(parent, field->bytes.data), what);
    *ret_child = (WireReader){ .origin = parent->origin,
                               .cursor = field->bytes.data,
                               .end = field->bytes.data + field->bytes.length,
                               .depth_left = parent->depth_left - 1 };
    return status_ok();
}

static bool count_varints(WireBytes bytes, size_t *ret_count) {
    size_t count = 0, run = 0;
    for (size_t i = 0; i < bytes.length; i++) {
        if (++run > VARINT_MAX_BYTES || (run == VARINT_MAX_BYTES && bytes.data[i] > 1))
            return false;
        if (bytes.data[i] < 0x80) {
            count++;
            run = 0;
        }
    }
    *ret_count = count;
    return run == 0;
}

Status wire_count_scalars(const WireReader *reader, const WireField *field, WireType item,
                          const char *what, size_t *ret_count) {
    if (field->type != WIRE_BYTES) {
        TRY(wire_expect(reader, field, item, what));
        *ret_count = 1;
        return status_ok();
    }
    if (item == WIRE_VARINT && count_varints(field->bytes, ret_count))
        return status_ok();
    size_t width = item == WIRE_FIXED32 ? 4 : 8;
    if (item != WIRE_VARINT && field->bytes.length % width == 0) {
        *ret_count = field->bytes.length / width;
        return status_ok();
    }
    return status_error(STATUS_INVALID_ARGUMENT,
                        "byte %zu: packed %s (field %u) ends inside a number",
                        offset_of(reader, field->bytes.data), what, field->number);
}

bool wire_next_scalar(WireBytes *bytes, WireType item, uint64_t *ret_value) {
    if (bytes->length == 0)
        return false;
    size_t taken = item == WIRE_VARINT
                       ? read_varint(bytes->data, bytes->data + bytes->length, ret_value)
                       : (item == WIRE_FIXED32 ? 4 : 8);
    if (taken == 0 || taken > bytes->length)
        return false;
    if (item != WIRE_VARINT)
        *ret_value = read_fixed(bytes->data, taken);
    bytes->data += taken;
    bytes->length -= taken;
    return true;
}

/* Length of the well-formed sequence at the cursor; 0 for a malformed one, surrogates and overlong
 * forms included. */
static size_t utf8_length(const uint8_t *at, size_t left) {
    if (at[0] < 0x80)
        return at[0] != 0;
    size_t length = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
    if (at[0] < 0xC2 || at[0] > 0xF4 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    bool bad_second = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ||
                      (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F);
    return bad_second ? 0 : length;
}

bool wire_is_text(WireBytes bytes) {
    for (size_t i = 0; i < bytes.length;) {
        size_t length = utf8_length(bytes.data + i, bytes.length - i);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}
