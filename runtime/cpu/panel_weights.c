/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Weights as SmallGemm reads them: a panel of columns side by side, so that they are streamed in
 * one direction. Columns behind the last are zeros. A convolution's have their taps outside their
 * channels: pixels under a tap are rows of a product over channels.
 *
 * Thread: loader, or a worker that builds a plan.
 */

#include "runtime/cpu/panel_weights.h"

#include "runtime/base/size.h"
#include "runtime/cpu/vector_loops.h"
#include "runtime/cpu/vector_nn.h"
#include "runtime/cpu/weights.h"

#include <stdio.h>
#include <string.h>

/* count matrices [rows, inner]; inner is [channels, taps] in the model, [taps, channels] here. */
typedef struct PanelFormat {
    size_t count, rows, inner, taps, panel;
} PanelFormat;

static size_t panels_of(size_t rows) {
    size_t panel = vector_loops()->nn->panel_columns;
    return (rows + panel - 1) / panel;
}

size_t panel_weights_floats(size_t rows, size_t inner) {
    return panels_of(rows) * vector_loops()->nn->panel_columns * inner;
}

/* The lines of a panel in the other order: [outer, inner, panel] to [inner, outer, panel]. */
static void turn_lines(const PanelFormat *format, size_t outer, const float *from, float *to) {
    size_t inner = format->inner / outer;
    for (size_t i = 0; i < outer; i++)
        for (size_t j = 0; j < inner; j++, from += format->panel)
            memcpy(to + (j * outer + i) * format->panel, from, format->panel * sizeof *from);
}

/* Room for one panel, where its lines must be turned. */
static Status panel_room(const PanelFormat *format, float **ret_room) {
    *ret_room = NULL;
    if (format->taps == 1)
        return status_ok();
    *ret_room = malloc(format->inner * format->panel * sizeof **ret_room);
    return *ret_room ? status_ok() : status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
}

static Status pack(void *user, const void *plain, void *packed) {
    const PanelFormat *format = user;
    size_t matrix = panel_weights_floats(format->rows, format->inner);
    AUTO(free) float *room = NULL;
    TRY(panel_room(format, &room));
    for (size_t i = 0; i < format->count; i++)
        for (size_t row = 0; row < format->rows; row += format->panel) {
            float *panel = (float *)packed + i * matrix + row * format->inner;
            float *lines = room ? room : panel;
            size_t rows = MIN_OF(format->panel, format->rows - row);
            if (rows < format->panel)
                memset(lines, 0, format->inner * format->panel * sizeof *lines);
            vector_loops()->transpose(lines, format->panel,
                                      (const float *)plain +
                                          (i * format->rows + row) * format->inner,
                                      format->inner, rows, format->inner);
            if (room)
                turn_lines(format, format->inner / format->taps, lines, panel);
        }
    return status_ok();
}

static Status unpack(void *user, const void *packed, void *plain) {
    const PanelFormat *format = user;
    size_t matrix = panel_weights_floats(format->rows, format->inner);
    AUTO(free) float *room = NULL;
    TRY(panel_room(format, &room));
    for (size_t i = 0; i < format->count; i++)
        for (size_t row = 0; row < format->rows; row += format->panel) {
            const float *lines = (const float *)packed + i * matrix + row * format->inner;
            if (room)
                turn_lines(format, format->taps, lines, room);
            vector_loops()->transpose((float *)plain + (i * format->rows + row) * format->inner,
                                      format->inner, room ? room : lines, format->panel,
                                      format->inner, MIN_OF(format->panel, format->rows - row));
        }
    return status_ok();
}

static Status get(const KernelBuild *build, const Value *value, const PanelFormat *wanted,
                  const float **ret_packed) {
    *ret_packed = NULL;
    if (!value->constant)
        return status_ok();
    PanelFormat *panels = malloc(sizeof *panels);
    if (!panels)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    *panels = *wanted;
    panels->panel = vector_loops()->nn->panel_columns;
    WeightFormat format = {
        .bytes = wanted->count * panel_weights_floats(wanted->rows, wanted->inner) * sizeof(float),
        .user = panels,
        .pack = pack,
        .unpack = unpack,
        .free = free
    };
    snprintf(format.key, sizeof format.key, "panel:%zu:%zu:%zu:%zu:%zu", panels->panel,
             wanted->count, wanted->rows, wanted->inner, wanted->taps);
    PackedWeights *weights =
        value->is_lasting || !build->own_weights ? build->weights : build->own_weights;
    const void *packed;
    TRY(packed_weights_get(weights, value, &format, &packed));
    *ret_packed = packed;
    return status_ok();
}

Status panel_weights_get(const KernelBuild *build, const Value *value, size_t count, size_t rows,
                         size_t inner, const float **ret_packed) {
    return get(build, value,
               &(PanelFormat){ .count = count, .rows = rows, .inner = inner, .taps = 1 },
               ret_packed);
}

Status panel_weights_get_taps(const KernelBuild *build, const Value *value, size_t rows,
                              size_t channels, size_t taps, const float **ret_packed) {
    return get(build, value,
               &(PanelFormat){ .count = 1, .rows = rows, .inner = channels * taps, .taps = taps },
               ret_packed);
}
