/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the tests of input files share: an arena a test, ports by a line, and a file damaged in
 * every place. */

#include "clients/inferctl/source.h"
#include "tests/support/check.h"

#include <stdarg.h>
#include <string.h>

static inline Arena *case_arena(void) {
    Arena *arena = NULL;
    /* Hostile sizes must meet checks, not memory */
    check_ok(arena_new(4096, (size_t)1 << 24, &arena));
    return arena;
}

static inline ClientPort case_port(const char *type, int32_t rank, ...) {
    ClientPort port = { .name = "x", .type = client_type_by_name(type), .rank = rank };
    va_list dims;
    va_start(dims, rank);
    for (int32_t i = 0; i < rank; i++)
        port.dims[i] = va_arg(dims, int);
    va_end(dims);
    return port;
}

/* Reads every prefix of the file, and the file with each bit of its first `most` bytes turned:
 * nothing may crash (ASan and UBSan watch), whatever the answer. Each is read from memory of its
 * exact size. */
static inline void case_damage(const void *bytes, size_t length, size_t most,
                               void (*read)(const void *bytes, size_t length)) {
    for (size_t cut = 0; cut < length; cut++) {
        AUTO(free) void *copy = malloc(cut ? cut : 1);
        memcpy(copy, bytes, cut);
        read(copy, cut);
    }
    for (size_t bit = 0; bit < 8 * (most < length ? most : length); bit++) {
        AUTO(free) unsigned char *copy = malloc(length);
        memcpy(copy, bytes, length);
        copy[bit / 8] ^= (unsigned char)(1 << bit % 8);
        read(copy, length);
    }
}
