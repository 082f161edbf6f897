/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A list of blocks, newest first. The first block is part of the arena's own allocation and
 * survives a reset; later blocks double in size until the budget is reached. One owner at a time,
 * so no lock.
 */

#include "runtime/base/arena.h"

#include "runtime/base/size.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

typedef struct Block {
    struct Block *older;
    size_t capacity, used;
    alignas(ARENA_ALIGNMENT) unsigned char bytes[];
} Block;

struct Arena {
    Block *newest;
    size_t budget_bytes;
    size_t held_bytes;  /* capacity of all blocks */
    size_t older_bytes; /* used in all blocks but the newest */
    Block *first;
};

Status arena_new(size_t first_bytes, size_t budget_bytes, Arena **ret_arena) {
    assert(first_bytes <= budget_bytes);
    Arena *arena = malloc(sizeof *arena);
    Block *block = malloc(sizeof *block + first_bytes);
    if (!arena || !block) {
        free(arena);
        free(block);
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    }
    *block = (Block){ .capacity = first_bytes };
    *arena = (Arena){
        .newest = block, .first = block, .budget_bytes = budget_bytes, .held_bytes = first_bytes
    };
    *ret_arena = arena;
    return status_ok();
}

void arena_reset(Arena *arena) {
    while (arena->newest != arena->first) {
        Block *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
    arena->first->used = 0;
    arena->held_bytes = arena->first->capacity;
    arena->older_bytes = 0;
}

void arena_free(Arena *arena) {
    if (!arena)
        return;
    arena_reset(arena);
    free(arena->first);
    free(arena);
}

static bool add_block(Arena *arena, size_t bytes) {
    size_t left = arena->budget_bytes - arena->held_bytes;
    if (bytes > left)
        return false;
    size_t capacity = MAX_OF(bytes, MIN_OF(left, 2 * arena->newest->capacity));
    Block *block = malloc(sizeof *block + capacity);
    if (!block)
        return false;
    *block = (Block){ .older = arena->newest, .capacity = capacity };
    arena->older_bytes += arena->newest->used;
    arena->newest = block;
    arena->held_bytes += capacity;
    return true;
}

void *arena_alloc(Arena *arena, size_t bytes) {
    size_t rounded;
    if (!size_align(bytes, ARENA_ALIGNMENT, &rounded))
        return NULL;
    if (rounded > arena->newest->capacity - arena->newest->used && !add_block(arena, rounded))
        return NULL;
    void *memory = arena->newest->bytes + arena->newest->used;
    arena->newest->used += rounded;
    return memory;
}

void *arena_calloc(Arena *arena, size_t count, size_t item_bytes) {
    size_t bytes;
    if (!size_mul(count, item_bytes, &bytes))
        return NULL;
    void *memory = arena_alloc(arena, bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

char *arena_strndup(Arena *arena, const char *text, size_t length) {
    size_t bytes;
    char *copy = size_add(length, 1, &bytes) ? arena_alloc(arena, bytes) : NULL;
    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

bool arena_holds(const Arena *arena, const void *byte) {
    const unsigned char *at = byte;
    for (const Block *block = arena->newest; block; block = block->older)
        if (at >= block->bytes && at < block->bytes + block->used)
            return true;
    return false;
}

size_t arena_used_bytes(const Arena *arena) {
    return arena->older_bytes + arena->newest->used;
}

Status arena_exhausted(const Arena *arena) {
    return status_error(STATUS_RESOURCE_EXHAUSTED,
                        "needs more than the %zu bytes of memory it may use", arena->budget_bytes);
}
