/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The alphabet of JOSE (RFC 7515): '-' and '_', no padding, no spare bits. */

#include "runtime/base/arena.h"
#include "runtime/tensor/dtype.h"

/* false: not base64url, or the arena is full. The bytes are followed by a NUL. */
bool base64url_decode(StringView text, Arena *arena, StringView *ret_bytes);
