/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sequences and optionals. A list's elements lie in the run's memory (KernelCall.text_new), where
 * they stay until the run ends; so a tensor that enters a list is copied once, and from then on
 * lists share it. An element that leaves is copied again, into memory of its own.
 *
 * Thread: any that runs kernels. Source: as of infer_list.c.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/turns.h"
#include "runtime/tensor/list.h"

#include <string.h>

static Status get_list(const KernelCall *call, size_t index, DType dtype, const Tensor **ret_list) {
    TRY(call_get_src(call, index, ret_list));
    return call_check_dtype(call, dtype, *ret_list);
}

/* A list of count elements as result number index, to be filled. */
static Status new_list(const KernelCall *call, size_t index, DType dtype, size_t count,
                       Tensor **ret_items) {
    TRY(call->output_new(call, index, dtype, &SHAPE((int64_t)count)));
    *ret_items = call->dst[index].data;
    return status_ok();
}

/* An element with the content of src, which may be a list itself. */
static Status keep(const KernelCall *call, const Tensor *src, Tensor *ret_item) {
    size_t bytes;
    char *memory = NULL;
    TRY(tensor_deep_bytes(src, &bytes));
    if (bytes > 0)
        TRY(turns_array(call, bytes, 1, &memory));
    tensor_deep_copy(src, memory, ret_item);
    ret_item->layout = LAYOUT_PLAIN;
    return status_ok();
}

static Status check_same_dtype(const KernelCall *call, const Tensor *first, const Tensor *item) {
    if (first->dtype != item->dtype)
        return call_invalid(call, "a sequence of %s cannot hold %s", dtype_name(first->dtype),
                            dtype_name(item->dtype));
    return status_ok();
}

/* Position -count..count-1, to count where one may be added behind the last. */
static Status get_position(const KernelCall *call, size_t index, int64_t count, int64_t last,
                           size_t *ret_position) {
    const Tensor *src = call_find_src(call, index);
    int64_t position = count;
    size_t items;
    if (src)
        TRY(call_get_ints(call, src, 1, &position, &items));
    else if (last < count)
        position = last;
    if (src && items != 1)
        return call_invalid(call, "the position is empty");
    int64_t at = position < 0 ? position + count : position;
    if (position < -count || at > last)
        return call_invalid(call, "position %lld is outside of a sequence of %lld",
                            (long long)position, (long long)count);
    *ret_position = (size_t)at;
    return status_ok();
}

Status reference_sequence_empty(const KernelCall *call) {
    Tensor *items;
    return new_list(call, 0, DTYPE_SEQUENCE, 0, &items);
}

Status reference_sequence_construct(const KernelCall *call) {
    const Tensor *first, *src;
    Tensor *items;
    TRY(call_get_src(call, 0, &first));
    TRY(new_list(call, 0, DTYPE_SEQUENCE, call->node->input_count, &items));
    for (uint32_t i = 0; i < call->node->input_count; i++) {
        TRY(call_get_src(call, i, &src));
        TRY(check_same_dtype(call, first, src));
        TRY(keep(call, src, &items[i]));
    }
    return status_ok();
}

Status reference_sequence_insert(const KernelCall *call) {
    const Tensor *list, *src;
    Tensor *items;
    size_t position;
    TRY(get_list(call, 0, DTYPE_SEQUENCE, &list));
    TRY(call_get_src(call, 1, &src));
    size_t count = list_count(list);
    TRY(get_position(call, 2, (int64_t)count, (int64_t)count, &position));
    if (count > 0)
        TRY(check_same_dtype(call, list_items(list), src));
    TRY(new_list(call, 0, DTYPE_SEQUENCE, count + 1, &items));
    for (size_t i = 0; i < count; i++)
        items[i + (i >= position)] = list_items(list)[i];
    return keep(call, src, &items[position]);
}

Status reference_sequence_erase(const KernelCall *call) {
    const Tensor *list;
    Tensor *items;
    size_t position;
    TRY(get_list(call, 0, DTYPE_SEQUENCE, &list));
    size_t count = list_count(list);
    TRY(get_position(call, 1, (int64_t)count, (int64_t)count - 1, &position));
    TRY(new_list(call, 0, DTYPE_SEQUENCE, count - 1, &items));
    for (size_t i = 0; i + 1 < count; i++)
        items[i] = list_items(list)[i + (i >= position)];
    return status_ok();
}

Status reference_sequence_at(const KernelCall *call) {
    const Tensor *list;
    size_t position;
    TRY(get_list(call, 0, DTYPE_SEQUENCE, &list));
    int64_t count = (int64_t)list_count(list);
    TRY(get_position(call, 1, count, count - 1, &position));
    return turns_output(call, 0, &list_items(list)[position]);
}

Status reference_sequence_length(const KernelCall *call) {
    const Tensor *list;
    TRY(get_list(call, 0, DTYPE_SEQUENCE, &list));
    if (call_find_dst(call, 0))
        *(int64_t *)call->dst[0].data = (int64_t)list_count(list);
    return status_ok();
}

/* One tensor as results' memory sees it: rows of all dims behind axis, outer times. */
typedef struct Cut {
    const Tensor *src;
    size_t axis, outer, row_bytes;
} Cut;

static Status copy_part(const KernelCall *call, const Cut *cut, size_t begin, size_t length,
                        bool keep_dim, Tensor *ret_item) {
    Tensor item = { .dtype = cut->src->dtype, .shape = cut->src->shape };
    item.shape.dims[cut->axis] = (int64_t)length;
    item.bytes = cut->outer * length * cut->row_bytes;
    if (!keep_dim) {
        item.shape.rank--;
        for (int32_t i = (int32_t)cut->axis; i < item.shape.rank; i++)
            item.shape.dims[i] = item.shape.dims[i + 1];
    }
    if (item.bytes > 0)
        TRY(turns_array(call, item.bytes, 1, &item.data));
    size_t step = (size_t)cut->src->shape.dims[cut->axis] * cut->row_bytes;
    size_t bytes = length * cut->row_bytes;
    for (size_t i = 0; item.bytes > 0 && i < cut->outer; i++)
        memcpy((char *)item.data + i * bytes,
               (const char *)cut->src->data + i * step + begin * cut->row_bytes, bytes);
    *ret_item = item;
    return status_ok();
}

static Status split_evenly(const KernelCall *call, const Cut *cut, int64_t length, bool keep_dim) {
    int64_t whole = cut->src->shape.dims[cut->axis];
    if (length < 1)
        return call_invalid(call, "parts of length %lld", (long long)length);
    Tensor *items;
    size_t count = (size_t)(whole / length + (whole % length != 0));
    TRY(new_list(call, 0, DTYPE_SEQUENCE, count, &items));
    for (size_t i = 0; i < count; i++) {
        size_t begin = i * (size_t)length;
        size_t rest = (size_t)whole - begin;
        TRY(copy_part(call, cut, begin, MIN_OF((size_t)length, rest), keep_dim, &items[i]));
    }
    return status_ok();
}

static Status split_by_lengths(const KernelCall *call, const Cut *cut, const Tensor *split) {
    size_t count = tensor_elements(split);
    int64_t left = cut->src->shape.dims[cut->axis], begin = 0;
    Tensor *items;
    TRY(new_list(call, 0, DTYPE_SEQUENCE, count, &items));
    for (size_t i = 0; i < count; i++) {
        int64_t length = tensor_get_int(split, i);
        if (length < 0 || length > left)
            return call_invalid(call,
                                "part %zu of length %lld does not fit into what is left: %lld", i,
                                (long long)length, (long long)left);
        TRY(copy_part(call, cut, (size_t)begin, (size_t)length, true, &items[i]));
        begin += length;
        left -= length;
    }
    if (left > 0)
        return call_invalid(call, "the parts leave %lld of %lld", (long long)left,
                            (long long)cut->src->shape.dims[cut->axis]);
    return status_ok();
}

Status reference_split_to_sequence(const KernelCall *call) {
    Cut cut;
    TRY(call_get_src(call, 0, &cut.src));
    const Shape *shape = &cut.src->shape;
    if (dtype_is_packed(cut.src->dtype) || dtype_is_list(cut.src->dtype))
        return call_lacks_dtype(call, cut.src->dtype);
    TRY(call_get_axis(call, 0, shape->rank, &cut.axis));
    cut.outer = shape_product(shape, 0, cut.axis);
    cut.row_bytes =
        shape_product(shape, cut.axis + 1, (size_t)shape->rank) * dtype_bytes(cut.src->dtype);
    const Tensor *split = call_find_src(call, 1);
    if (!split)
        return split_evenly(call, &cut, 1, node_get_int(call->node, "keepdims", 1) != 0);
    if (!dtype_info(split->dtype)->is_integer || split->shape.rank > 1)
        return call_invalid(call, "split must be a scalar or a list of integers");
    if (split->shape.rank == 0)
        return split_evenly(call, &cut, tensor_get_int(split, 0), true);
    return split_by_lengths(call, &cut, split);
}

/* Shape of the elements side by side; axis is that of the result. */
static Status joined_shape(const KernelCall *call, const Tensor *items, size_t count, size_t *axis,
                           Shape *ret_shape) {
    bool new_axis = node_get_int(call->node, "new_axis", 0) != 0;
    Shape shape = items[0].shape;
    if (new_axis && shape.rank == SHAPE_MAX_RANK)
        return call_invalid(call, "elements of shape %s are of too high a rank",
                            SHAPE_TEXT(&shape));
    TRY(call_get_axis(call, 0, shape.rank + new_axis, axis));
    int64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        Shape other = items[i].shape;
        if (!new_axis && other.rank == shape.rank) {
            if (__builtin_add_overflow(total, other.dims[*axis], &total))
                return call_invalid(call, "the result is too large");
            other.dims[*axis] = shape.dims[*axis];
        }
        if (!shape_equal(&other, &shape) || items[i].dtype != items[0].dtype)
            return call_invalid(call, "element %zu is %s of %s, the first %s of %s", i,
                                dtype_name(items[i].dtype), SHAPE_TEXT(&items[i].shape),
                                dtype_name(items[0].dtype), SHAPE_TEXT(&shape));
    }
    if (new_axis) {
        for (int32_t i = shape.rank++; i > (int32_t)*axis; i--)
            shape.dims[i] = shape.dims[i - 1];
        total = (int64_t)count;
    }
    shape.dims[*axis] = total;
    *ret_shape = shape;
    return status_ok();
}

Status reference_concat_from_sequence(const KernelCall *call) {
    const Tensor *list;
    size_t axis;
    Shape shape;
    TRY(get_list(call, 0, DTYPE_SEQUENCE, &list));
    size_t count = list_count(list);
    if (count == 0)
        return call_invalid(call, "the sequence is empty");
    const Tensor *items = list_items(list);
    if (dtype_is_packed(items->dtype) || dtype_is_list(items->dtype))
        return call_lacks_dtype(call, items->dtype);
    TRY(joined_shape(call, items, count, &axis, &shape));
    TRY(call->output_new(call, 0, items->dtype, &shape));
    const Tensor *dst = &call->dst[0];
    size_t outer = shape_product(&shape, 0, axis), at = 0;
    size_t step = dst->bytes / MAX_OF(outer, (size_t)1);
    for (size_t i = 0; dst->bytes > 0 && i < count; i++) {
        size_t bytes = items[i].bytes / outer;
        for (size_t k = 0; bytes > 0 && k < outer; k++)
            memcpy((char *)dst->data + k * step + at, (const char *)items[i].data + k * bytes,
                   bytes);
        at += bytes;
    }
    return status_ok();
}

static Status map_results(Turn *turn, Tensor **lists, size_t index) {
    const KernelCall *call = turn->call;
    for (uint32_t i = 0; i < call->node->output_count; i++) {
        if (index > 0)
            TRY(check_same_dtype(call, &lists[i][0], &turn->outputs[i]));
        lists[i][index] = turn->outputs[i];
        turn->memory[i] = (TurnMemory){ 0 }; /* the element keeps it */
    }
    return status_ok();
}

Status reference_sequence_map(const KernelCall *call) {
    const Tensor *first;
    Turn turn;
    Tensor **lists;
    size_t own = node_own_inputs(call->node);
    TRY(get_list(call, 0, DTYPE_SEQUENCE, &first));
    TRY(turn_init(&turn, call, "body", own));
    if (turn.output_count < call->node->output_count)
        return call_invalid(call, "the body has %zu outputs, expected %u", turn.output_count,
                            call->node->output_count);
    TRY(turns_array(call, call->node->output_count, sizeof *lists, &lists));
    for (uint32_t i = 0; i < call->node->output_count; i++)
        TRY(turns_array(call, list_count(first), sizeof **lists, &lists[i]));
    for (size_t index = 0; index < list_count(first); index++) {
        for (size_t i = 0; i < own; i++) {
            const Tensor *src;
            TRY(call_get_src(call, i, &src));
            if (src->dtype == DTYPE_SEQUENCE && list_count(src) != list_count(first))
                return call_invalid(call, "input %zu has %zu elements, the first has %zu", i,
                                    list_count(src), list_count(first));
            turn.inputs[i] = src->dtype == DTYPE_SEQUENCE ? list_items(src)[index] : *src;
        }
        TRY(turn_run(&turn));
        TRY(map_results(&turn, lists, index));
    }
    for (uint32_t i = 0; i < call->node->output_count; i++) {
        Tensor list = { .dtype = DTYPE_SEQUENCE,
                        .shape = SHAPE((int64_t)list_count(first)),
                        .data = lists[i],
                        .bytes = list_count(first) * sizeof **lists };
        TRY(turns_output(call, i, &list));
    }
    return status_ok();
}

Status reference_optional(const KernelCall *call) {
    const Tensor *src = call_find_src(call, 0);
    Tensor *items;
    TRY(new_list(call, 0, DTYPE_OPTIONAL, src ? 1 : 0, &items));
    return src ? keep(call, src, &items[0]) : status_ok();
}

Status reference_optional_get_element(const KernelCall *call) {
    const Tensor *src;
    TRY(call_get_src(call, 0, &src));
    if (src->dtype != DTYPE_OPTIONAL)
        return turns_output(call, 0, src);
    if (list_count(src) == 0)
        return call_invalid(call, "the optional is empty");
    return turns_output(call, 0, list_items(src));
}

Status reference_optional_has_element(const KernelCall *call) {
    const Tensor *src = call_find_src(call, 0);
    if (call_find_dst(call, 0))
        *(uint8_t *)call->dst[0].data =
            src && (src->dtype != DTYPE_OPTIONAL || list_count(src) > 0);
    return status_ok();
}
