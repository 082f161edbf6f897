/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Weights of recurrent cells as SmallGemm reads them: a panel of columns side by side, so that a
 * step streams memory in one direction. Columns behind the last are zeros.
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

typedef struct PanelFormat {
    size_t count, rows, inner, panel;
} PanelFormat;

static size_t panels_of(size_t rows) {
    size_t panel = vector_loops()->nn->panel_columns;
    return (rows + panel - 1) / panel;
}

size_t panel_weights_floats(size_t rows, size_t inner) {
    return panels_of(rows) * vector_loops()->nn->panel_columns * inner;
}

static Status pack(void *user, const void *plain, void *packed) {
    const PanelFormat *format = user;
    size_t matrix = panel_weights_floats(format->rows, format->inner);
    memset(packed, 0, format->count * matrix * sizeof(float));
    for (size_t i = 0; i < format->count; i++)
        for (size_t row = 0; row < format->rows; row += format->panel)
            vector_loops()->transpose(
                (float *)packed + i * matrix + row * format->inner, format->panel,
                (const float *)plain + (i * format->rows + row) * format->inner, format->inner,
                MIN_OF(format->panel, format->rows - row), format->inner);
    return status_ok();
}

Status panel_weights_get(const KernelBuild *build, const Value *value, size_t count, size_t rows,
                         size_t inner, const float **ret_packed) {
    *ret_packed = NULL;
    if (!value->constant)
        return status_ok();
    PanelFormat *panels = malloc(sizeof *panels);
    if (!panels)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    *panels = (PanelFormat){
        .count = count, .rows = rows, .inner = inner, .panel = vector_loops()->nn->panel_columns
    };
    WeightFormat format = { .bytes = count * panel_weights_floats(rows, inner) * sizeof(float),
                            .user = panels,
                            .pack = pack,
                            .free = free };
    snprintf(format.key, sizeof format.key, "panel:%zu:%zu:%zu:%zu", panels->panel, count, rows,
             inner);
    PackedWeights *weights =
        value->is_lasting || !build->own_weights ? build->weights : build->own_weights;
    const void *packed;
    TRY(packed_weights_get(weights, value, &format, &packed));
    *ret_packed = packed;
    return status_ok();
}
