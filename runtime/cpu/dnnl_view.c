/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Strides of the two ways in which an array lies in memory. Computed as the library computes those
 * of its own tags, dims of 1 included, so that it recognises them.
 *
 * Thread: any; pure.
 */

#include "runtime/cpu/dnnl_util.h"

#include <string.h>

DnnlView dnnl_view_plain(const int64_t *dims, int32_t rank) {
    DnnlView view = { .rank = rank };
    int64_t step = 1;
    for (int32_t i = rank; i-- > 0;) {
        view.dims[i] = dims[i];
        view.strides[i] = step;
        step *= dims[i];
    }
    return view;
}

DnnlView dnnl_view_channels_last(const int64_t *dims, int32_t rank) {
    DnnlView view = { .rank = rank };
    memcpy(view.dims, dims, (size_t)rank * sizeof *dims);
    view.strides[1] = 1;
    int64_t step = dims[1];
    for (int32_t i = rank; i-- > 2;) {
        view.strides[i] = step;
        step *= dims[i];
    }
    view.strides[0] = step;
    return view;
}
