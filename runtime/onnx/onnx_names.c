/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The one place that sees to single assignment: a name is defined once, by an initializer, an input
 * or a node. The one exception is ONNX's own: an initializer that is also listed as an input is
 * that input's default, and since requests cannot override it, it is a constant.
 */

#include "runtime/onnx/onnx_names.h"

#include "runtime/base/size.h"

#include <assert.h>
#include <string.h>

static const char *const kind_names[] = { "an initializer", "an input", "a node" };

Status name_table_init(NameTable *table, size_t capacity, Arena *scratch) {
    *table = (NameTable){ .capacity = capacity };
    table->entries = arena_calloc(scratch, capacity, sizeof *table->entries);
    table->sorted = arena_calloc(scratch, capacity, sizeof *table->sorted);
    return table->entries && table->sorted ? status_ok() : arena_exhausted(scratch);
}

void name_table_add(NameTable *table, WireBytes name, NameKind kind) {
    assert(table->count < table->capacity);
    table->entries[table->count] = (NameEntry){ .name = name, .kind = kind, .value = VALUE_NONE };
    table->sorted[table->count] = &table->entries[table->count];
    table->count++;
}

static int compare_bytes(WireBytes a, WireBytes b) {
    size_t shared = MIN_OF(a.length, b.length);
    int order = shared > 0 ? memcmp(a.data, b.data, shared) : 0;
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static int compare_entries(const void *a, const void *b) {
    const NameEntry *left = *(NameEntry *const *)a, *right = *(NameEntry *const *)b;
    int order = compare_bytes(left->name, right->name);
    return order != 0 ? order : (left > right) - (left < right); /* file order */
}

Status name_table_sort(NameTable *table) {
    qsort(table->sorted, table->count, sizeof *table->sorted, compare_entries);
    for (size_t i = 1; i < table->count; i++) {
        NameEntry *first = table->sorted[i - 1], *second = table->sorted[i];
        if (compare_bytes(first->name, second->name) != 0)
            continue;
        if (first->kind != NAME_INITIALIZER || second->kind != NAME_INPUT)
            return status_error(STATUS_INVALID_ARGUMENT, "'%.*s' is defined twice: by %s and by %s",
                                (int)MIN_OF(first->name.length, (size_t)120),
                                (const char *)first->name.data, kind_names[first->kind],
                                kind_names[second->kind]);
        second->is_default = true;
    }
    return status_ok();
}

NameEntry *name_table_find(const NameTable *table, WireBytes name) {
    size_t low = 0, high = table->count;
    while (
        low <
        high) { /* the first entry that is not less: the initializer of an initializer and input */
        size_t middle = low + (high - low) / 2;
        if (compare_bytes(table->sorted[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < table->count && compare_bytes(table->sorted[low]->name, name) == 0;
    return found ? table->sorted[low] : NULL;
}
