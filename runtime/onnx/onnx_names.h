/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Every name that a graph defines, found in O(log n) whatever the names are: sorted, not hashed, so
 * that no choice of names is slow. Entries stay in file order; a sorted index over them serves
 * look-ups.
 */

#include "runtime/onnx/import_context.h"

typedef enum NameKind { NAME_INITIALIZER, NAME_INPUT, NAME_NODE_OUTPUT } NameKind;

typedef struct NameEntry {
    WireBytes name;
    NameKind kind;
    bool is_default; /* an input whose initializer stands for it: no input at all */
    ValueId value;   /* VALUE_NONE until made */
} NameEntry;

struct NameTable {
    NameEntry *entries; /* in file order: initializers, inputs, node outputs */
    NameEntry **sorted;
    size_t count, capacity;
    Graph *graph;    /* whose values these are */
    BodyScope *body; /* how names of the graphs around are reached; NULL: there are none */
};

Status name_table_init(NameTable *table, size_t capacity, Arena *scratch);
void name_table_add(NameTable *table, WireBytes name, NameKind kind);
/* INVALID_ARGUMENT naming what is defined twice. Marks inputs that have an initializer. */
Status name_table_sort(NameTable *table);
/* The initializer where a name is an input too; NULL when nothing defines it. */
NameEntry *name_table_find(const NameTable *table, WireBytes name);
