/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kernels that move elements without looking at them work on bytes: any type, strings included (a
 * StringView moves, the characters stay where they are). Each is written for whole-byte elements
 * and run through run_unpacked.
 */

#include "runtime/cpu/reference/reference_util.h"

/* Every source from `first` on has dst's type. Element size in *ret_bytes, 1 to 16. */
Status move_check_types(const KernelCall *call, size_t first_source, size_t source_count,
                        size_t *ret_bytes);

static inline Status move_check_source(const KernelCall *call, size_t *ret_bytes) {
    return move_check_types(call, 0, 1, ret_bytes);
}

/* Defines reference_<name> from the static function <name>. */
#define MOVE_KERNEL(name)                                                                          \
    Status reference_##name(const KernelCall *call) {                                              \
        return run_unpacked(call, name);                                                           \
    }
