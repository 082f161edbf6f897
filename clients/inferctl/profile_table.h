/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the steps of many runs took, added up by node and by operator. */

#include "runtime/base/arena.h"
#include "runtime/device/device.h"

typedef struct ProfileRow {
    const char *name, *op, *kernel; /* name: of the node; "" in a row of an operator */
    size_t nodes, calls;
    uint64_t taken_ns;            /* of all calls */
    uint64_t least_ns;            /* of one: what it takes where nothing else disturbs */
    uint64_t operations, bytes;   /* of one */
    char shape[SHAPE_TEXT_BYTES]; /* of the first result */
    const Node *node;
} ProfileRow;

typedef struct ProfileTable {
    Arena *arena;
    ProfileRow *rows;
    size_t count, capacity, cursor;
    bool full; /* no memory for all rows */
} ProfileTable;

/* ProgramIo.step_done, user being the table. */
void profile_step(void *table, const StepReport *report);
void profile_clear(ProfileTable *table);
/* Slowest first, by the least of their times. */
void profile_sort(ProfileTable *table);
/* The rows of operators with the same kernel joined into one, slowest first. */
Status profile_by_operator(const ProfileTable *table, ProfileTable *ret_table);
/* Of the least times. */
uint64_t profile_total_ns(const ProfileTable *table);
