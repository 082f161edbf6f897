/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A protobuf message whose size is not known before it is written: lengths are filled in behind
 * what they count, in five bytes each, which every reader accepts. For requests that are made of
 * JSON; what is on the hot path is sized first (wire_writer.h).
 */

#include "server/wire/wire_tensor.h"

typedef struct WireBuilder {
    Arena *arena; /* lent; holds data */
    unsigned char *data;
    size_t length, capacity;
} WireBuilder;

/* Errors of all: RESOURCE_EXHAUSTED (arena, or 2 GiB) */

/* Room for so many bytes at data + length. */
Status wire_builder_reserve(WireBuilder *builder, size_t bytes);
/* Begins a length-delimited field of a number below 16, and ends it. */
Status wire_builder_open(WireBuilder *builder, uint32_t number, size_t *ret_mark);
Status wire_builder_close(WireBuilder *builder, size_t mark);
/* Whole fields, also when empty or 0. */
Status wire_builder_bytes(WireBuilder *builder, uint32_t number, StringView bytes);
Status wire_builder_number(WireBuilder *builder, uint32_t number, uint64_t value);
/* What has been written, as one span in the arena. */
Status wire_builder_finish(const WireBuilder *builder, Spans *ret_message);
