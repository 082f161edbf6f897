/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs blocks, in random order, and the threads of a block in turns: each runs until it ends or
 * stands at a barrier or a shuffle; then warps whose lanes all stand at one shuffle exchange, and
 * when all threads stand at a barrier it opens. Whatever can move in no such way is reported:
 * a barrier that some threads do not reach, lanes at different shuffles, a shuffle that names lanes
 * which have ended.
 */

#include "tests/cuda/ptx/ptx_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POISON = 0xFB };

static uint64_t instructions;

uint64_t ptx_instructions(void) {
    return instructions;
}

void ptx_fail(PtxThread *thread, const PtxInsn *insn, const char *format, ...) {
    char what[160], message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    PtxBlock *block = thread->block;
    snprintf(message, sizeof message, "kernel %s, PTX line %u (%s), block %u,%u,%u thread %u: %s",
             block->kernel->name, insn->line, insn->name, block->index[0], block->index[1],
             block->index[2], thread->index, what);
    block->host->report(block->host->user, message);
    block->failed = true;
    thread->state = PTX_ENDED;
}

static uint32_t draw(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void shuffle_order(uint32_t *order, uint32_t count, uint32_t *seed) {
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = draw(seed) % i, kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
}

static void run_thread(PtxThread *thread) {
    const PtxKernel *kernel = thread->block->kernel;
    while (thread->state == PTX_READY && !thread->block->failed) {
        if (thread->pc >= kernel->insn_count) {
            thread->state = PTX_ENDED;
            return;
        }
        const PtxInsn *insn = &kernel->insns[thread->pc++];
        instructions++;
        if (insn->predicate >= 0 && (bool)(thread->registers[insn->predicate] & 1) == insn->negated)
            continue;
        insn->run(thread, insn);
    }
}

typedef struct Team {
    PtxBlock *block;
    PtxThread *threads;
    uint32_t *order;
    uint32_t count;
} Team;

static uint32_t count_state(const Team *team, uint32_t begin, uint32_t end, PtxState state) {
    uint32_t count = 0;
    for (uint32_t i = begin; i < end; i++)
        count += team->threads[i].state == state;
    return count;
}

/* The lane that a lane reads, or -1: its own value. Source: PTX, shfl.sync. */
static int source_lane(const PtxThread *thread, const PtxInsn *insn) {
    int lane = (int)(thread->index % PTX_WARP), from = (int)ptx_value(thread, &insn->src[1]);
    int control = (int)ptx_value(thread, &insn->src[2]);
    int limit = control & 31, segment = control >> 8 & 31;
    int low = lane & segment, high = low | (limit & ~segment);
    if (insn->flags & PTX_FLAG_BFLY)
        from = lane ^ from;
    else if (insn->flags & PTX_FLAG_UP)
        from = lane - from;
    else if (insn->flags & PTX_FLAG_DOWN)
        from = lane + from;
    else
        from = low | (from & ~segment);
    bool inside = insn->flags & PTX_FLAG_UP ? from >= high : from <= high;
    return inside ? from : -1;
}

static void exchange(Team *team, uint32_t begin, uint32_t end) {
    const PtxInsn *insns = team->block->kernel->insns;
    for (uint32_t i = begin; i < end; i++) {
        PtxThread *thread = &team->threads[i];
        if (thread->state != PTX_AT_SHUFFLE)
            continue;
        const PtxInsn *insn = &insns[thread->pc - 1];
        int lane = source_lane(thread, insn);
        bool inside = lane >= 0 && begin + (uint32_t)lane < end;
        const PtxThread *source = inside ? &team->threads[begin + (uint32_t)lane] : thread;
        if (source->state != PTX_AT_SHUFFLE) {
            ptx_fail(thread, insn, "shuffle reads lane %d, which has ended", lane);
            return;
        }
        thread->registers[insn->dst[0]] = source->shuffled;
        if (insn->second != UINT32_MAX)
            thread->registers[insn->second] = inside;
    }
    for (uint32_t i = begin; i < end; i++)
        if (team->threads[i].state == PTX_AT_SHUFFLE)
            team->threads[i].state = PTX_READY;
}

/* Do all lanes that have not ended stand at one shuffle, and does its mask name no other? */
static bool may_exchange(Team *team, uint32_t begin, uint32_t end) {
    uint32_t waiting = count_state(team, begin, end, PTX_AT_SHUFFLE);
    uint32_t ended = count_state(team, begin, end, PTX_ENDED);
    if (waiting == 0 || waiting + ended != end - begin)
        return false;
    PtxThread *first = NULL;
    for (uint32_t i = begin; i < end; i++) {
        PtxThread *thread = &team->threads[i];
        if (thread->state != PTX_AT_SHUFFLE)
            continue;
        if (!first)
            first = thread;
        if (first->pc != thread->pc) {
            ptx_fail(thread, &team->block->kernel->insns[thread->pc - 1],
                     "lanes of a warp at different shuffles");
            return false;
        }
    }
    const PtxInsn *insn = &team->block->kernel->insns[first->pc - 1];
    uint64_t mask = ptx_value(first, &insn->src[3]);
    for (uint32_t i = begin; i < end; i++)
        if (team->threads[i].state == PTX_ENDED && (mask >> (i - begin) & 1)) {
            ptx_fail(first, insn, "shuffle mask %#x names lane %u, which has ended", (unsigned)mask,
                     i - begin);
            return false;
        }
    return true;
}

static bool exchange_warps(Team *team) {
    bool moved = false;
    for (uint32_t begin = 0; begin < team->count; begin += PTX_WARP) {
        uint32_t end = begin + PTX_WARP < team->count ? begin + PTX_WARP : team->count;
        if (!may_exchange(team, begin, end))
            continue;
        exchange(team, begin, end);
        moved = true;
    }
    return moved;
}

/* false: nobody waits at one. */
static bool open_barrier(Team *team) {
    uint32_t waiting = count_state(team, 0, team->count, PTX_AT_BARRIER);
    if (waiting == 0)
        return false;
    PtxThread *first = NULL;
    for (uint32_t i = 0; i < team->count; i++) {
        PtxThread *thread = &team->threads[i];
        const PtxInsn *insn = &team->block->kernel->insns[thread->pc ? thread->pc - 1 : 0];
        if (thread->state == PTX_AT_BARRIER && !first)
            first = thread;
        if (thread->state == PTX_AT_BARRIER && first->pc != thread->pc) {
            ptx_fail(thread, insn, "threads of a block at different barriers");
            return true;
        }
    }
    if (waiting != team->count) {
        ptx_fail(first, &team->block->kernel->insns[first->pc - 1],
                 "barrier reached by %u of %u threads", waiting, team->count);
        return true;
    }
    team->block->epoch++;
    for (uint32_t i = 0; i < team->count; i++)
        team->threads[i].state = PTX_READY;
    return true;
}

static void start_thread(PtxThread *thread, PtxBlock *block, uint32_t index) {
    const PtxKernel *kernel = block->kernel;
    const uint32_t *size = block->launch->block;
    memset(thread->registers, POISON, kernel->register_count * sizeof *thread->registers);
    memset(thread->local, POISON, kernel->local_bytes);
    thread->block = block;
    thread->index = index;
    thread->pc = 0;
    thread->state = PTX_READY;
    uint64_t *special = thread->registers;
    special[PTX_TID_X] = index % size[0];
    special[PTX_TID_Y] = index / size[0] % size[1];
    special[PTX_TID_Z] = index / size[0] / size[1];
    for (int i = 0; i < 3; i++) {
        special[PTX_NTID_X + i] = size[i];
        special[PTX_CTAID_X + i] = block->index[i];
        special[PTX_NCTAID_X + i] = block->launch->grid[i];
    }
    special[PTX_LANEID] = index % PTX_WARP;
}

static void run_block(Team *team, uint32_t *seed) {
    PtxBlock *block = team->block;
    memset(block->shared, POISON, block->kernel->shared_bytes);
    memset(block->shadow, 0, block->kernel->shared_bytes * sizeof *block->shadow);
    block->epoch = 1;
    for (uint32_t i = 0; i < team->count; i++)
        start_thread(&team->threads[i], block, i);
    while (!block->failed && count_state(team, 0, team->count, PTX_ENDED) < team->count) {
        shuffle_order(team->order, team->count, seed);
        for (uint32_t i = 0; i < team->count; i++)
            run_thread(&team->threads[team->order[i]]);
        if (block->failed || exchange_warps(team) || block->failed)
            continue;
        if (count_state(team, 0, team->count, PTX_AT_SHUFFLE) > 0) {
            for (uint32_t i = 0; i < team->count && !block->failed; i++)
                if (team->threads[i].state == PTX_AT_SHUFFLE)
                    ptx_fail(&team->threads[i], &block->kernel->insns[team->threads[i].pc - 1],
                             "shuffle that other lanes of the warp do not reach");
            continue;
        }
        open_barrier(team);
    }
}

static void run_blocks(Team *team) {
    const uint32_t *grid = team->block->launch->grid;
    uint32_t count = grid[0] * grid[1] * grid[2], seed = team->block->launch->seed * 2654435761u;
    uint32_t start = draw(&seed) % count, step = count > 2 ? 1 + draw(&seed) % (count - 1) : 1;
    while (count > 1) { /* a step without common divisor visits every block once */
        uint32_t a = step, b = count;
        while (b) {
            uint32_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1)
            break;
        step = step % (count - 1) + 1;
    }
    for (uint32_t i = 0; i < count && !team->block->failed; i++) {
        uint32_t at = (uint32_t)((start + (uint64_t)i * step) % count);
        team->block->index[0] = at % grid[0];
        team->block->index[1] = at / grid[0] % grid[1];
        team->block->index[2] = at / grid[0] / grid[1];
        run_block(team, &seed);
    }
}

static void *must(void *memory) {
    if (!memory)
        abort();
    return memory;
}

bool ptx_run(const PtxKernel *kernel, const PtxLaunch *launch, const PtxHost *host) {
    PtxBlock block = { .kernel = kernel, .launch = launch, .host = host };
    Team team = { .block = &block,
                  .count = launch->block[0] * launch->block[1] * launch->block[2] };
    block.shared = must(calloc(1, kernel->shared_bytes + 1));
    block.shadow = must(calloc(kernel->shared_bytes + 1, sizeof *block.shadow));
    block.params = must(calloc(1, kernel->param_bytes + 1));
    for (size_t i = 0; i < kernel->param_count; i++)
        memcpy(block.params + kernel->param_offsets[i], launch->params[i], kernel->param_sizes[i]);
    for (size_t i = 0; i < kernel->insn_count; i++) /* memory may have been freed since */
        kernel->insns[i].range_begin = kernel->insns[i].range_end = 0;
    team.threads = must(calloc(team.count, sizeof *team.threads));
    team.order = must(calloc(team.count, sizeof *team.order));
    uint64_t *registers =
        must(malloc(team.count * (kernel->register_count + 1) * sizeof *registers));
    unsigned char *local = must(malloc(team.count * kernel->local_bytes + 1));
    for (uint32_t i = 0; i < team.count; i++) {
        team.threads[i].registers = registers + i * kernel->register_count;
        team.threads[i].local = local + i * kernel->local_bytes;
    }
    run_blocks(&team);
    free(registers);
    free(local);
    free(team.threads);
    free(team.order);
    free(block.shared);
    free(block.shadow);
    free(block.params);
    return !block.failed;
}
