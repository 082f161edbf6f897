/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * RotaryEmbedding: pairs of elements of each head are turned by the angle of their position. A pair
 * is two neighbours, or one from each half of the rotated part. Dims by name: b batch, h heads,
 * s positions, d head size, r half of the rotated part, p rows of the cache.
 *
 * Thread: any that runs kernels. Source: ONNX RotaryEmbedding 23.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/wide.h"

typedef struct Rotary {
    size_t batch, heads, positions, size, half;
    bool neighbours; /* pairs are (0,1), (2,3), ... */
    bool heads_first;
    const double *cos, *sin, *ids; /* ids NULL: the caches go by batch and position */
    size_t rows;
} Rotary;

static void rotate_head(const Rotary *rotary, double *y, const double *x, size_t cache_row) {
    const double *cos = rotary->cos + cache_row * rotary->half;
    const double *sin = rotary->sin + cache_row * rotary->half;
    for (size_t i = 0; i < rotary->half; i++) {
        size_t first = rotary->neighbours ? 2 * i : i;
        size_t second = rotary->neighbours ? 2 * i + 1 : i + rotary->half;
        double a = x[first], b = x[second];
        y[first] = cos[i] * a - sin[i] * b;
        y[second] = sin[i] * a + cos[i] * b;
    }
    for (size_t i = 2 * rotary->half; i < rotary->size; i++)
        y[i] = x[i];
}

/* Shapes of all operands; d and h are set for input of either rank. */
static Status bind_shapes(const KernelCall *call, const Tensor *src, DimNames *names) {
    bool by_id = call_find_src(call, 3) != NULL;
    int64_t heads = node_get_int(call->node, "num_heads", 0);
    dim_names_init(names);
    if (src->shape.rank == 4) {
        TRY(call_bind(call, names, 0, "bhsd"));
    } else {
        TRY(call_bind(call, names, 0, "bsH"));
        if (heads < 1 || *dim_name(names, 'H') % heads != 0)
            return call_invalid(call, "shape %s has no %lld equal heads", SHAPE_TEXT(&src->shape),
                                (long long)heads);
        *dim_name(names, 'h') = heads;
        *dim_name(names, 'd') = *dim_name(names, 'H') / heads;
    }
    TRY(call_bind(call, names, 1, by_id ? "pr" : "bsr"));
    TRY(call_bind(call, names, 2, by_id ? "pr" : "bsr"));
    return call_bind(call, names, 3, "bs");
}

static Status rotary_open(const KernelCall *call, const Tensor *src, Rotary *rotary) {
    DimNames names;
    const Tensor *ids = call_find_src(call, 3), *cache;
    TRY(call_get_src(call, 1, &cache));
    TRY(call_get_src(call, 2, &cache));
    TRY(call_check_floats(call, 3));
    if (ids && !dtype_info(ids->dtype)->is_integer)
        return call_lacks_dtype(call, ids->dtype);
    TRY(bind_shapes(call, src, &names));
    int64_t size = *dim_name(&names, 'd');
    int64_t rotated = node_get_int(call->node, "rotary_embedding_dim", 0);
    rotated = rotated ? rotated : size;
    if (rotated < 0 || rotated > size || rotated % 2 != 0 || rotated / 2 != *dim_name(&names, 'r'))
        return call_invalid(call, "%lld of head size %lld are to be rotated by a cache of %lld",
                            (long long)rotated, (long long)size, (long long)*dim_name(&names, 'r'));
    *rotary = (Rotary){ .batch = call_dim(&names, 'b'),
                        .heads = call_dim(&names, 'h'),
                        .positions = call_dim(&names, 's'),
                        .size = (size_t)size,
                        .half = (size_t)rotated / 2,
                        .rows = call_dim(&names, 'p'),
                        .heads_first = src->shape.rank == 4,
                        .neighbours = node_get_int(call->node, "interleaved", 0) != 0 };
    return status_ok();
}

Status reference_rotary_embedding(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    Rotary rotary;
    Wide wide;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_shape(call, &src->shape, dst));
    TRY(rotary_open(call, src, &rotary));
    TRY(wide_open(call, 0, &wide));
    rotary.cos = wide.src[1];
    rotary.sin = wide.src[2];
    rotary.ids = wide.src[3];
    for (size_t b = 0; b < rotary.batch; b++)
        for (size_t s = 0; s < rotary.positions; s++) {
            size_t position = b * rotary.positions + s, row = position;
            if (rotary.ids) {
                double id = rotary.ids[position];
                if (!(id >= 0.0 && id < (double)rotary.rows))
                    return call_invalid(call, "position %.0f is none of the cache's %zu", id,
                                        rotary.rows);
                row = (size_t)id;
            }
            for (size_t h = 0; h < rotary.heads; h++) {
                size_t head = rotary.heads_first ? (b * rotary.heads + h) * rotary.positions + s
                                                 : position * rotary.heads + h;
                rotate_head(&rotary, wide.dst[0] + head * rotary.size,
                            wide.src[0] + head * rotary.size, row);
            }
        }
    wide_store(call, &wide);
    return status_ok();
}
