/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One field of a protobuf message taken out of it, so that what is large is not copied when the
 * rest is unpacked. */

#include "clients/c/message.h"

/**
 * @bytes       a message on the wire
 * @field       number of a length-delimited field of it
 * @ret_views   each payload of that field, in order; views into bytes
 * @ret_head    all other fields, in memory of arena
 *
 * Errors: INTERNAL (no message), RESOURCE_EXHAUSTED
 */
Status wire_split(ClientBytes bytes, uint32_t field, Arena *arena, ClientBytes **ret_views,
                  size_t *ret_count, ClientBytes *ret_head);
