/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators that move elements. All but Pad are strided copies: the walk goes over the result or a
 * part of it, with the strides of both sides. A transpose that turns the last two of the dims that
 * are left after joining goes through shared memory.
 *
 * Where numbers come from inputs (axes, starts, repeats) they must be constants: else shapes would
 * not be known, and the node is on the CPU anyway.
 */

#include "cuda/build.h"

#include "runtime/base/size.h"

#include <string.h>

enum { TURN_TILE = 32, TURN_ROWS = 8, TURN_GRID_MAX = 65535 };

static size_t item_bytes(const Value *value) {
    return dtype_bytes(value->dtype);
}

/* --- one walk --- */

static void add_dim(Walk1 *walk, int64_t dim, int64_t src, int64_t dst) {
    if (dim == 1)
        return;
    int32_t last = walk->rank - 1;
    if (last >= 0 && walk->src[last] == src * dim && walk->dst[last] == dst * dim) {
        walk->dims[last] *= (uint32_t)dim;
        walk->src[last] = (int32_t)src;
        walk->dst[last] = (int32_t)dst;
    } else {
        walk->dims[walk->rank] = (uint32_t)dim;
        walk->src[walk->rank] = (int32_t)src;
        walk->dst[walk->rank++] = (int32_t)dst;
    }
    walk->count *= (uint32_t)dim;
}

/* [a, b, c] to [a, c, b], all in a row on both sides */
static bool is_turn(const Walk1 *walk) {
    int32_t last = walk->rank - 1;
    if (last < 1 || last > 2 || walk->src_start != 0 || walk->dst_start != 0)
        return false;
    int32_t rows = (int32_t)walk->dims[last - 1], columns = (int32_t)walk->dims[last];
    if (rows < TURN_ROWS || columns < TURN_ROWS || walk->dst[last] != 1 ||
        walk->dst[last - 1] != columns || walk->src[last] != rows || walk->src[last - 1] != 1)
        return false;
    return last == 1 || (walk->src[0] == rows * columns && walk->dst[0] == rows * columns &&
                         walk->dims[0] <= TURN_GRID_MAX);
}

static bool launch_walk(NodeBuild *build, const Walk1 *walk, LaunchArg dst, LaunchArg src,
                        size_t bytes) {
    if (is_turn(walk)) {
        /* of the source: its rows are the result's columns */
        uint32_t rows = walk->dims[walk->rank - 1], columns = walk->dims[walk->rank - 2];
        Grid grid = { .grid = { (columns + TURN_TILE - 1) / TURN_TILE,
                                (rows + TURN_TILE - 1) / TURN_TILE,
                                walk->rank == 3 ? walk->dims[0] : 1 },
                      .block = { TURN_TILE, TURN_ROWS, 1 } };
        if (grid.grid[1] <= TURN_GRID_MAX)
            return BUILD_LAUNCH(build, kernel_turn(bytes), grid, dst, src, ARG(rows), ARG(columns));
    }
    return BUILD_LAUNCH(build, kernel_copy(bytes), grid_elements(walk->count), dst, src,
                        ARG(*walk));
}

static bool is_usable(const NodeBuild *build) {
    const Value *result = build_output(build, 0);
    const Value *source = build_input(build, 0);
    return value_count(result) > 0 && value_count(source) > 0 && item_bytes(result) > 0 &&
           item_bytes(result) <= 8 && result->shape.rank <= KERNEL_RANK;
}
static bool is_plain_usable(const NodeBuild *build) {
    return is_usable(build) && value_is_plain(build_input(build, 0)) &&
           value_is_plain(build_output(build, 0));
}

bool build_same_bytes(NodeBuild *build) {
    const Value *result = build_output(build, 0), *source = build_input(build, 0);
    size_t bytes;
    if (!is_usable(build) || !build_layouts_agree(build, source, result) ||
        source->dtype != result->dtype || !shape_bytes(&result->shape, result->dtype, &bytes))
        return false;
    return build_copy(build, arg_output(build, 0).place, arg_input(build, 0).place, bytes);
}

/* The same logical dims, each side as it lies. */
bool build_reorder(NodeBuild *build) {
    if (!is_usable(build))
        return false;
    const Value *source = build_input(build, 0), *result = build_output(build, 0);
    int32_t order[SHAPE_MAX_RANK], src[SHAPE_MAX_RANK], dst[SHAPE_MAX_RANK];
    value_order(result, order);
    value_strides(source, src);
    value_strides(result, dst);
    Walk1 walk = { .count = 1 };
    for (int32_t i = 0; i < result->shape.rank; i++)
        add_dim(&walk, result->shape.dims[order[i]], src[order[i]], dst[order[i]]);
    return launch_walk(build, &walk, arg_output(build, 0), arg_input(build, 0), item_bytes(source));
}

bool build_transpose(NodeBuild *build) {
    if (!is_plain_usable(build))
        return false;
    const Value *source = build_input(build, 0), *result = build_output(build, 0);
    int32_t src[SHAPE_MAX_RANK], dst[SHAPE_MAX_RANK], rank = result->shape.rank;
    size_t count;
    const int64_t *perm = node_get_ints(build->node, "perm", &count);
    value_strides(source, src);
    value_strides(result, dst);
    Walk1 walk = { .count = 1 };
    for (int32_t i = 0; i < rank; i++)
        add_dim(&walk, result->shape.dims[i], src[perm ? perm[i] : rank - 1 - i], dst[i]);
    return launch_walk(build, &walk, arg_output(build, 0), arg_input(build, 0), item_bytes(source));
}

/* --- slices --- */

static int64_t clamp(int64_t x, int64_t low, int64_t high) {
    return x < low ? low : x > high ? high : x;
}

bool build_slice(NodeBuild *build) {
    const Tensor *starts = build_constant(build, 1), *axes = build_constant(build, 3),
                 *steps = build_constant(build, 4);
    if (!is_plain_usable(build) || !starts || (build_input(build, 3) && !axes) ||
        (build_input(build, 4) && !steps))
        return false;
    const Value *source = build_input(build, 0), *result = build_output(build, 0);
    int32_t src[SHAPE_MAX_RANK], dst[SHAPE_MAX_RANK], rank = result->shape.rank;
    value_strides(source, src);
    value_strides(result, dst);
    Walk1 walk = { .count = 1 };
    for (size_t i = 0; i < tensor_elements(starts); i++) {
        size_t axis = i;
        if (axes) {
            Status status = shape_axis(tensor_get_int(axes, i), rank, &axis);
            if (!status_is_ok(&status))
                return build_failed(build, status);
        }
        int64_t step = steps ? tensor_get_int(steps, i) : 1, dim = source->shape.dims[axis];
        int64_t start = tensor_get_int(starts, i);
        start = clamp(start < 0 ? start + dim : start, 0, step < 0 ? dim - 1 : dim);
        walk.src_start += (int32_t)(start * src[axis]);
        src[axis] = (int32_t)(src[axis] * clamp(step, -dim, dim));
    }
    for (int32_t i = 0; i < rank; i++)
        add_dim(&walk, result->shape.dims[i], src[i], dst[i]);
    return launch_walk(build, &walk, arg_output(build, 0), arg_input(build, 0), item_bytes(source));
}

bool build_expand(NodeBuild *build) {
    if (!is_plain_usable(build))
        return false;
    const Value *source = build_input(build, 0), *result = build_output(build, 0);
    int32_t src[SHAPE_MAX_RANK], dst[SHAPE_MAX_RANK];
    int32_t shift = result->shape.rank - source->shape.rank;
    value_strides(source, src);
    value_strides(result, dst);
    Walk1 walk = { .count = 1 };
    for (int32_t i = 0; i < result->shape.rank; i++) {
        bool repeats = i < shift || source->shape.dims[i - shift] == 1;
        add_dim(&walk, result->shape.dims[i], repeats ? 0 : src[i - shift], dst[i]);
    }
    return launch_walk(build, &walk, arg_output(build, 0), arg_input(build, 0), item_bytes(source));
}

/* Each dim is two: repeats, and the source's. */
bool build_tile(NodeBuild *build) {
    if (!is_plain_usable(build) || 2 * build_output(build, 0)->shape.rank > KERNEL_RANK)
        return false;
    const Value *source = build_input(build, 0), *result = build_output(build, 0);
    int32_t src[SHAPE_MAX_RANK], dst[SHAPE_MAX_RANK];
    value_strides(source, src);
    value_strides(result, dst);
    Walk1 walk = { .count = 1 };
    for (int32_t i = 0; i < result->shape.rank; i++) {
        int64_t dim = source->shape.dims[i];
        add_dim(&walk, result->shape.dims[i] / dim, 0, dst[i] * dim);
        add_dim(&walk, dim, src[i], dst[i]);
    }
    return launch_walk(build, &walk, arg_output(build, 0), arg_input(build, 0), item_bytes(source));
}

/* --- parts of a whole along an axis --- */

typedef struct Part {
    const Value *part;
    LaunchArg place;
    int64_t start; /* along the axis */
} Part;

/* Between a part and the whole; to_whole tells the direction. */
static bool copy_part(NodeBuild *build, const Value *whole, LaunchArg whole_place, const Part *part,
                      size_t axis, bool to_whole) {
    int32_t of_whole[SHAPE_MAX_RANK], of_part[SHAPE_MAX_RANK], order[SHAPE_MAX_RANK];
    value_strides(whole, of_whole);
    value_strides(part->part, of_part);
    value_order(part->part, order);
    Walk1 walk = { .count = 1 };
    for (int32_t i = 0; i < part->part->shape.rank; i++) {
        int32_t dim = order[i];
        add_dim(&walk, part->part->shape.dims[dim], to_whole ? of_part[dim] : of_whole[dim],
                to_whole ? of_whole[dim] : of_part[dim]);
    }
    int32_t start = (int32_t)(part->start * of_whole[axis]);
    *(to_whole ? &walk.dst_start : &walk.src_start) = start;
    return launch_walk(build, &walk, to_whole ? whole_place : part->place,
                       to_whole ? part->place : whole_place, item_bytes(whole));
}

static bool part_axis(NodeBuild *build, int64_t fallback, int32_t rank, size_t *ret_axis) {
    Status status = shape_axis(node_get_int(build->node, "axis", fallback), rank, ret_axis);
    return status_is_ok(&status) || build_failed(build, status);
}

bool build_concat(NodeBuild *build) {
    const Value *whole = build_output(build, 0);
    size_t axis;
    if (value_count(whole) == 0 || item_bytes(whole) == 0 || item_bytes(whole) > 8 ||
        !part_axis(build, 0, whole->shape.rank, &axis))
        return false;
    int64_t start = 0;
    for (uint32_t i = 0; i < build->node->input_count; i++) {
        Part part = { .part = build_input(build, i), .place = arg_input(build, i), .start = start };
        if (!build_layouts_agree(build, part.part, whole))
            return false;
        if (part.part->shape.dims[axis] > 0 && value_count(part.part) > 0 &&
            !copy_part(build, whole, arg_output(build, 0), &part, axis, true))
            return false;
        start += part.part->shape.dims[axis];
    }
    return true;
}

bool build_split(NodeBuild *build) {
    const Value *whole = build_input(build, 0);
    size_t axis;
    if (value_count(whole) == 0 || item_bytes(whole) == 0 || item_bytes(whole) > 8 ||
        !part_axis(build, 0, whole->shape.rank, &axis))
        return false;
    int64_t start = 0;
    for (uint32_t i = 0; i < build->node->output_count; i++) {
        Part part = { .part = build_output(build, i),
                      .place = arg_output(build, i),
                      .start = start };
        if (!part.part || !shape_is_known(&part.part->shape) ||
            !build_layouts_agree(build, part.part, whole))
            return false;
        if (part.part->shape.dims[axis] > 0 &&
            !copy_part(build, whole, arg_input(build, 0), &part, axis, false))
            return false;
        start += part.part->shape.dims[axis];
    }
    return true;
}

/* --- blocks of pixels --- */

static bool launch_blocks(NodeBuild *build, const int64_t dims[6], const int64_t src[6]) {
    Walk1 walk = { .count = 1 };
    int64_t dst[6], step = 1;
    for (int i = 5; i >= 0; i--) {
        dst[i] = step;
        step *= dims[i];
    }
    for (int i = 0; i < 6; i++)
        add_dim(&walk, dims[i], src[i], dst[i]);
    return launch_walk(build, &walk, arg_output(build, 0), arg_input(build, 0),
                       item_bytes(build_input(build, 0)));
}

bool build_depth_to_space(NodeBuild *build) {
    if (!is_plain_usable(build))
        return false;
    const Shape *x = &build_input(build, 0)->shape;
    int64_t block = node_get_int(build->node, "blocksize", 1);
    StringView mode = node_get_string(build->node, "mode", "DCR");
    int64_t n = x->dims[0], c = x->dims[1], h = x->dims[2], w = x->dims[3];
    int64_t depth = c / (block * block), plane = h * w;
    bool crd = mode.length == 3 && memcmp(mode.data, "CRD", 3) == 0;
    int64_t of_depth = crd ? block * block * plane : plane;
    int64_t of_row = crd ? block * plane : block * depth * plane;
    int64_t of_column = crd ? plane : depth * plane;
    return launch_blocks(build, (int64_t[]){ n, depth, h, block, w, block },
                         (int64_t[]){ c * plane, of_depth, w, of_row, 1, of_column });
}

bool build_space_to_depth(NodeBuild *build) {
    if (!is_plain_usable(build))
        return false;
    const Shape *x = &build_input(build, 0)->shape;
    int64_t block = node_get_int(build->node, "blocksize", 1);
    int64_t n = x->dims[0], c = x->dims[1], h = x->dims[2], w = x->dims[3];
    return launch_blocks(build, (int64_t[]){ n, block, block, c, h / block, w / block },
                         (int64_t[]){ c * h * w, w, 1, h * w, block * w, block });
}

/* --- padding --- */

static bool pad_mode(const Node *node, PadMode *ret_mode) {
    static const struct {
        const char *name;
        PadMode mode;
    } modes[] = { { "constant", PAD_CONSTANT },
                  { "reflect", PAD_REFLECT },
                  { "edge", PAD_EDGE },
                  { "wrap", PAD_WRAP } };
    StringView mode = node_get_string(node, "mode", "constant");
    for (size_t i = 0; i < ARRAY_LENGTH(modes); i++)
        if (strlen(modes[i].name) == mode.length &&
            memcmp(modes[i].name, mode.data, mode.length) == 0) {
            *ret_mode = modes[i].mode;
            return true;
        }
    return false;
}

static bool pad_axes(NodeBuild *build, int32_t rank, size_t *axes, size_t *ret_count) {
    const Tensor *given = build_constant(build, 3);
    *ret_count = given ? tensor_elements(given) : (size_t)rank;
    if (*ret_count > SHAPE_MAX_RANK)
        return false;
    for (size_t i = 0; i < *ret_count; i++) {
        axes[i] = i;
        if (!given)
            continue;
        Status status = shape_axis(tensor_get_int(given, i), rank, &axes[i]);
        if (!status_is_ok(&status))
            return build_failed(build, status);
    }
    return true;
}

bool build_pad(NodeBuild *build) {
    const Tensor *pads = build_constant(build, 1), *value = build_constant(build, 2);
    PadArgs args = { .rank = 0 };
    if (!is_plain_usable(build) || !pads || (build_input(build, 2) && !value) ||
        (build_input(build, 3) && !build_constant(build, 3)) || !pad_mode(build->node, &args.mode))
        return false;
    const Value *source = build_input(build, 0), *result = build_output(build, 0);
    size_t axes[SHAPE_MAX_RANK], count;
    args.rank = result->shape.rank;
    if (!pad_axes(build, args.rank, axes, &count) || tensor_elements(pads) != 2 * count)
        return false;
    args.count = value_count(result);
    value_strides(source, args.src);
    for (int32_t i = 0; i < args.rank; i++) {
        args.dims[i] = (uint32_t)result->shape.dims[i];
        args.in[i] = (int32_t)source->shape.dims[i];
    }
    for (size_t i = 0; i < count; i++)
        args.begin[axes[i]] = (int32_t)tensor_get_int(pads, i);
    if (value && tensor_elements(value) > 0)
        memcpy(&args.value, value->data, item_bytes(result));
    return BUILD_LAUNCH(build, kernel_pad(item_bytes(result)), grid_elements(args.count),
                        arg_output(build, 0), arg_input(build, 0), ARG(args));
}
