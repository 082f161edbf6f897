/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Large constants that passes have replaced. A folded BatchNormalization leaves the weights it was
 * folded into behind: in the model file's bytes or the importer's arena, where they cannot be freed
 * alone, or as a block of the graph's own, where they can.
 *
 * Ranges are compared by address in one sorted list of what is still used, so that constants that
 * share bytes (a file may say the same initializer twice) go together or not at all.
 *
 * Thread: the one that owns both graphs.
 */

#include "runtime/base/pages.h"
#include "runtime/graph/graph_internal.h"

#include <stdlib.h>

enum { RELEASE_MIN_BYTES = 64 << 10 };

typedef struct Range {
    const char *begin, *end;
} Range;

static int compare_ranges(const void *left, const void *right) {
    const Range *a = left, *b = right;
    return a->begin < b->begin ? -1 : a->begin > b->begin;
}

static size_t count_values(const Graph *graph) {
    size_t count = graph->value_count;
    for (size_t i = 0; i < graph->body_count; i++)
        count += count_values(graph->bodies[i]);
    return count;
}

/* Those of removed nodes' bodies too: an inlined branch lends its constants to the graph. */
static void add_ranges(const Graph *graph, Range *ranges, size_t *count) {
    for (ValueId id = 0; id < graph->value_count; id++) {
        const Tensor *constant = graph->values[id].constant;
        if (constant && constant->bytes > 0 && graph_use_count(graph, id) > 0)
            ranges[(*count)++] =
                (Range){ constant->data, (const char *)constant->data + constant->bytes };
    }
    for (size_t i = 0; i < graph->body_count; i++)
        add_ranges(graph->bodies[i], ranges, count);
}

/* What constants of the graph and its bodies lie in, merged where they overlap. NULL when memory is
 * out. */
static Range *used_ranges(const Graph *graph, size_t *ret_count) {
    Range *ranges = calloc(count_values(graph) + 1, sizeof *ranges);
    size_t count = 0, merged = 0;
    if (!ranges)
        return NULL;
    add_ranges(graph, ranges, &count);
    qsort(ranges, count, sizeof *ranges, compare_ranges);
    for (size_t i = 0; i < count; i++) {
        if (merged > 0 && ranges[i].begin < ranges[merged - 1].end) {
            if (ranges[i].end > ranges[merged - 1].end)
                ranges[merged - 1].end = ranges[i].end;
        } else {
            ranges[merged++] = ranges[i];
        }
    }
    *ret_count = merged;
    return ranges;
}

static bool overlaps(const Range *ranges, size_t count, const char *begin, const char *end) {
    size_t low = 0, high = count; /* the first range that ends behind begin */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges[middle].end > begin)
            high = middle;
        else
            low = middle + 1;
    }
    return low < count && ranges[low].begin < end;
}

static bool holds(const Graph *graph, const void *data) {
    for (ValueId id = 0; id < graph->value_count; id++)
        if (graph->values[id].constant && graph->values[id].constant->data == data)
            return true;
    for (size_t i = 0; i < graph->body_count; i++)
        if (holds(graph->bodies[i], data))
            return true;
    return false;
}

/* @root  any of its graphs may hold what this one made */
static void free_unheld(Graph *graph, const Graph *root) {
    size_t kept = 0;
    for (size_t i = 0; i < graph->kept_count; i++) {
        if (graph->kept[i].is_constant && !holds(root, graph->kept[i].data))
            graph->kept[i].free(graph->kept[i].data);
        else
            graph->kept[kept++] = graph->kept[i];
    }
    graph->kept_count = kept;
    for (size_t i = 0; i < graph->body_count; i++)
        free_unheld(graph->bodies[i], root);
}

static size_t release_unused(const Graph *origin, const Range *used, size_t count) {
    size_t released = 0;
    for (ValueId id = 0; id < origin->value_count; id++) {
        const Tensor *constant = origin->values[id].constant;
        if (!constant || constant->bytes < RELEASE_MIN_BYTES)
            continue;
        char *data = constant->data;
        if (!overlaps(used, count, data, data + constant->bytes))
            released += pages_release(data, constant->bytes);
    }
    for (size_t i = 0; i < origin->body_count; i++)
        released += release_unused(origin->bodies[i], used, count);
    return released;
}

size_t graph_release_unused(Graph *graph, Graph *origin) {
    size_t count, released = 0;
    free_unheld(graph, graph);
    if (!origin)
        return 0;
    Range *used = used_ranges(graph, &count);
    if (used)
        released = release_unused(origin, used, count);
    free(used);
    return released;
}
