/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Memory for what must not reach a disk: keys, and weights that are encrypted where they are
 * stored. It is locked (never swapped), left out of core dumps, and wiped when it is freed.
 */

#include "runtime/base/status.h"

/**
 * 64-byte aligned, zeroed. bytes may be 0.
 *
 * Errors: RESOURCE_EXHAUSTED (no memory, or more than RLIMIT_MEMLOCK lets us lock: names both)
 */
Status secret_new(size_t bytes, void **ret_data);
/* Wipes it. Accepts NULL. */
void secret_free(void *data);

static inline void secret_free_auto_(void *owner) {
    secret_free(*(void **)owner);
}
