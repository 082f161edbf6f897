/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Loads and stores, each checked. Global memory: the whole access must lie in one live allocation,
 * which the host tells; an instruction remembers the one it hit last. Shared memory: in bounds,
 * written before it is read, and touched by two threads (one of them writing) only with a barrier
 * between, of the same warp too, since lanes need not run in step. All: aligned to its size.
 */

#include "tests/cuda/ptx/ptx_internal.h"

#include <string.h>

static bool find_global(PtxThread *thread, PtxInsn *insn, uint64_t address, size_t bytes,
                        bool writes) {
    if (address >= insn->range_begin && address + bytes <= insn->range_end)
        return true;
    const PtxHost *host = thread->block->host;
    uint64_t begin, end;
    if (host->find_range(host->user, address, &begin, &end) && address + bytes <= end) {
        insn->range_begin = begin;
        insn->range_end = end;
        return true;
    }
    ptx_fail(thread, insn, "invalid global %s of %zu bytes at %#llx", writes ? "write" : "read",
             bytes, (unsigned long long)address);
    return false;
}

static bool race(PtxThread *thread, const PtxInsn *insn, size_t at, bool writes) {
    PtxShadow *shadow = &thread->block->shadow[at];
    uint32_t epoch = thread->block->epoch, self = thread->index;
    if (shadow->write_epoch == epoch && shadow->writer != self) {
        ptx_fail(thread, insn, "shared-memory race at %zu: thread %u wrote it, no barrier between",
                 at, shadow->writer);
        return true;
    }
    if (writes && shadow->read_epoch == epoch && shadow->reader != self) {
        ptx_fail(thread, insn, "shared-memory race at %zu: thread %u reads it, no barrier between",
                 at, shadow->reader);
        return true;
    }
    if (!writes && shadow->write_epoch == 0) {
        ptx_fail(thread, insn, "read of uninitialised shared memory at %zu", at);
        return true;
    }
    if (writes) {
        shadow->writer = self;
        shadow->write_epoch = epoch;
    } else if (shadow->read_epoch != epoch || shadow->reader == self) {
        shadow->reader = self;
        shadow->read_epoch = epoch;
    } else {
        shadow->reader = UINT32_MAX; /* several: a write by any is a race */
    }
    return false;
}

static unsigned char *find_shared(PtxThread *thread, const PtxInsn *insn, uint64_t offset,
                                  size_t bytes, bool writes) {
    if (offset + bytes > thread->block->kernel->shared_bytes) {
        ptx_fail(thread, insn, "shared memory out of bounds at %llu", (unsigned long long)offset);
        return NULL;
    }
    for (size_t i = 0; i < bytes; i++)
        if (race(thread, insn, offset + i, writes))
            return NULL;
    return thread->block->shared + offset;
}

/* The host's bytes for an access, or NULL when it is wrong. */
static unsigned char *find_bytes(PtxThread *thread, const PtxInsn *insn, uint64_t address,
                                 size_t bytes, bool writes) {
    const PtxKernel *kernel = thread->block->kernel;
    if (address % bytes != 0) {
        ptx_fail(thread, insn, "misaligned address %#llx", (unsigned long long)address);
        return NULL;
    }
    uint64_t tag = address & PTX_TAG_MASK, offset = (uint32_t)address;
    if (insn->space == PTX_SHARED || (insn->space == PTX_GENERIC && tag == PTX_SHARED_TAG))
        return find_shared(thread, insn, offset, bytes, writes);
    if (insn->space == PTX_LOCAL || tag == PTX_LOCAL_TAG) {
        if (offset + bytes <= kernel->local_bytes)
            return thread->local + offset;
        ptx_fail(thread, insn, "local memory out of bounds at %llu", (unsigned long long)offset);
        return NULL;
    }
    if (insn->space == PTX_PARAM || tag == PTX_PARAM_TAG) {
        if (!writes && offset + bytes <= kernel->param_bytes)
            return thread->block->params + offset;
        ptx_fail(thread, insn, "parameter out of bounds at %llu", (unsigned long long)offset);
        return NULL;
    }
    /* the remembered range is the one thing of an instruction that changes */
    PtxInsn *own = &kernel->insns[insn - kernel->insns];
    return find_global(thread, own, address, bytes, writes) ? (unsigned char *)(uintptr_t)address
                                                            : NULL;
}

void ptx_do_ld(PtxThread *thread, const PtxInsn *insn) {
    size_t bytes = insn->type->bytes;
    uint64_t address = ptx_value(thread, &insn->src[0]) + (uint64_t)insn->offset;
    for (uint32_t i = 0; i < insn->dst_count; i++, address += bytes) {
        const unsigned char *from = find_bytes(thread, insn, address, bytes, false);
        if (!from)
            return;
        uint64_t value = 0;
        memcpy(&value, from, bytes);
        if (insn->type->kind == PTX_SIGNED) { /* wider registers get the sign */
            int shift = (int)(64 - 8 * bytes);
            value = (uint64_t)((int64_t)(value << shift) >> shift);
        }
        thread->registers[insn->dst[i]] = value;
    }
}

void ptx_do_st(PtxThread *thread, const PtxInsn *insn) {
    size_t bytes = insn->type->bytes;
    uint64_t address = ptx_value(thread, &insn->src[0]) + (uint64_t)insn->offset;
    for (uint32_t i = 1; i < insn->src_count; i++, address += bytes) {
        unsigned char *to = find_bytes(thread, insn, address, bytes, true);
        if (!to)
            return;
        uint64_t value = ptx_value(thread, &insn->src[i]);
        memcpy(to, &value, bytes);
    }
}
