/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Between gRPC's byte buffers and ours: requests are looked at where they lie, replies leave from
 * where they lie. */

#include "runtime/tensor/spans.h"
#include "server/rpc/core_compat.h"
#include "server/wire/wire_reply.h"

/* The message's pieces; they live as long as message, the array as long as arena.
 * RESOURCE_EXHAUSTED: arena is full. */
Status slices_view(const grpc_byte_buffer *message, Arena *arena, Spans *ret_spans);

/* What the receive buffers behind message cost: a small message pins a whole block. */
size_t slices_charge(const grpc_byte_buffer *message);

/**
 * A message to send. Pieces with a block are not copied: each holds a reference until its bytes
 * have left, which may be on any thread of the core. The others are copied, neighbours into one
 * slice. Never empty, as the core demands.
 *
 * @reply  lent; may have no pieces
 *
 * Errors: RESOURCE_EXHAUSTED
 */
Status slices_encode(const WireReply *reply, grpc_byte_buffer **ret_message);

/**
 * Inflates gzip or zlib ("deflate") data, never beyond the limit.
 *
 * @ret_data   from malloc
 *
 * Errors: INVALID_ARGUMENT (malformed, cut off or followed by rubbish), RESOURCE_EXHAUSTED (limit,
 * memory)
 */
Status slices_inflate(const Spans *compressed, size_t limit_bytes, void **ret_data,
                      size_t *ret_bytes);
