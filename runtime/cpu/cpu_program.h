/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A graph compiled for the CPU: steps in order, and one slot a tensor. Immutable once made; any
 * number of threads may run it at once, each with the memory of its own thread_arena.
 */

#include "runtime/cpu/kernel.h"
#include "runtime/device/device.h"

/* Where a slot's bytes are during a run. */
typedef enum SlotPlace {
    SLOT_NONE,     /* an optional output that nobody wants */
    SLOT_CONSTANT, /* in the graph */
    SLOT_INPUT,    /* the caller's; index: which input */
    SLOT_OUTPUT,   /* asked from the caller; index: which output */
    SLOT_ARENA,    /* offset in the thread's arena */
    SLOT_VIEW, /* the bytes of slot number index, a lower one: under another shape, or over them */
    SLOT_RUN,  /* in the run's heap, made by its step */
} SlotPlace;

typedef struct Slot {
    SlotPlace place;
    bool known; /* described holds the shape */
    uint32_t index;
    size_t offset;
    Tensor described; /* data only for constants */
} Slot;

typedef struct Step {
    const Node *node;
    Kernel *kernel; /* or, if NULL, */
    ReferenceKernel reference;
    const uint32_t *src; /* slots; INDEX_SLOT_NONE where left out */
    uint32_t dst;        /* first of node->output_count slots in a row */
    bool dynamic;        /* some shape is known only now: infer before running */
} Step;
#define INDEX_SLOT_NONE UINT32_MAX

struct Program {
    DeviceModel *model;
    const Graph *graph; /* outlives the program */
    Pool *pool;
    PackedWeights *own_weights; /* of constants that this program alone has */
    Arena *arena;               /* holds the arrays */
    Slot *slots;
    Step *steps;
    uint32_t *output_slots; /* where each graph output's value is */
    bool *output_direct;    /* written in place by its step */
    size_t slot_count, step_count, input_count, output_count;
    size_t ports_max;     /* inputs or outputs of a step, at most */
    size_t values_offset; /* in the arena: run state first, values after it */
    size_t arena_bytes;
};

/* What programs of one model share; outlives them. */
typedef struct ProgramSource {
    DeviceModel *model;
    PackedWeights *weights;
    Pool *pool;
    Precision precision;
} ProgramSource;

/* Errors: UNIMPLEMENTED (no kernel: operator and node), RESOURCE_EXHAUSTED. Thread: loader, or a
 * worker that plans. */
Status cpu_program_new(const ProgramSource *source, const Graph *graph, Program **ret_program);
void cpu_program_free(Program *program);
DEFINE_AUTO(Program, cpu_program_free);

/* Thread: any. */
Status cpu_program_run(const Program *program, const ProgramIo *io);
