/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Bump allocation with one end of life and a byte budget. A request has one arena, freed whole
 * after the reply; the first block is kept on reset, so that a recycled arena does not call malloc.
 * Not thread-safe: one owner at a time.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"

#include <stddef.h>

typedef struct Arena Arena;

enum { ARENA_ALIGNMENT = 16 };

/**
 * @first_bytes   size of the block that is kept over resets
 * @budget_bytes  all blocks together never exceed this
 */
Status arena_new(size_t first_bytes, size_t budget_bytes, Arena **ret_arena);
void arena_free(Arena *arena);
DEFINE_AUTO(Arena, arena_free);

/* Forgets every allocation; keeps the first block. */
void arena_reset(Arena *arena);

/* ARENA_ALIGNMENT-aligned, uninitialised; NULL when the budget or memory is used up. bytes may be
 * 0. */
void *arena_alloc(Arena *arena, size_t bytes);
/* Zeroed array; NULL also on overflow of the product. */
void *arena_calloc(Arena *arena, size_t count, size_t item_bytes);
/* NUL-terminated copy. */
char *arena_strndup(Arena *arena, const char *text, size_t length);

/* Whether the byte lies in memory of the arena. */
bool arena_holds(const Arena *arena, const void *byte);
size_t arena_used_bytes(const Arena *arena);

/* For callers that report: RESOURCE_EXHAUSTED naming the budget. */
Status arena_exhausted(const Arena *arena);
