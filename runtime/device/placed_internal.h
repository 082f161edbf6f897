/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Of placed_device.c (the table), placed_compile.c (the cut) and placed_run.c (a run).
 */

#include "runtime/base/arena.h"
#include "runtime/device/placed_device.h"

typedef enum Side { SIDE_PRIMARY, SIDE_CPU, SIDES } Side;

typedef struct PlacedDevice {
    Device base;
    DeviceApi api; /* the table, with the primary's name */
    Device *sides[SIDES];
} PlacedDevice;

struct DeviceModel {
    PlacedDevice *device;
    DeviceModel *sides[SIDES];
};

typedef struct Segment {
    Side side;
    Graph *graph; /* its part; NULL: the whole graph */
    Program *program;
    ValueId *inputs, *outputs; /* values of the whole graph, by port of the part */
    size_t input_count, output_count;
} Segment;

struct Program {
    PlacedDevice *device;
    const Graph *graph;
    Arena *arena; /* holds what follows */
    Segment *segments;
    size_t segment_count;
    size_t *output_of; /* by value: the graph output that it is first, or INDEX_NONE */
};

/* Where a node runs, as shapes and layouts are now. */
Side placed_side(const PlacedDevice *device, const Graph *graph, NodeId node);

Status placed_program_new(DeviceModel *model, const Graph *graph, Program **ret_program);
void placed_program_free(Program *program);
DEFINE_AUTO(Program, placed_program_free);
void placed_submit(Program *program, const ProgramIo *io, ProgramDone done, void *user);
