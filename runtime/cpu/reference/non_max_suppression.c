/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * NonMaxSuppression: per image and class, boxes by falling score, each kept unless it overlaps one
 * that is kept already. Corners and areas of an image's boxes are computed once for all classes.
 *
 * Source: ONNX NonMaxSuppression 11. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/order_key.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/reference_util.h"

typedef struct Box {
    float x_low, x_high, y_low, y_high, area;
} Box;

typedef struct Suppression {
    const Tensor *boxes, *scores;
    size_t batch, classes, box_count, kept_max; /* kept_max: of one class */
    bool is_center, has_threshold;
    float overlap_max, score_min;
    Box *corners;     /* of the current image */
    OrderItem *items; /* candidates of the current class */
    int64_t *kept;    /* [batch, classes, kept_max] */
    size_t *counts;   /* [batch, classes] */
} Suppression;

static void set_corners(Suppression *nms, size_t batch) {
    const float *box = (const float *)nms->boxes->data + batch * nms->box_count * 4;
    for (size_t i = 0; i < nms->box_count; i++, box += 4) {
        Box *corners = &nms->corners[i];
        if (nms->is_center)
            *corners = (Box){ .x_low = box[0] - box[2] / 2,
                              .x_high = box[0] + box[2] / 2,
                              .y_low = box[1] - box[3] / 2,
                              .y_high = box[1] + box[3] / 2 };
        else
            *corners = (Box){ .x_low = MIN_OF(box[1], box[3]),
                              .x_high = MAX_OF(box[1], box[3]),
                              .y_low = MIN_OF(box[0], box[2]),
                              .y_high = MAX_OF(box[0], box[2]) };
        corners->area = (corners->x_high - corners->x_low) * (corners->y_high - corners->y_low);
    }
}

static bool overlaps(const Suppression *nms, const Box *a, const Box *b) {
    float wide = MIN_OF(a->x_high, b->x_high) - MAX_OF(a->x_low, b->x_low);
    float high = MIN_OF(a->y_high, b->y_high) - MAX_OF(a->y_low, b->y_low);
    if (!(wide > 0 && high > 0))
        return false;
    float shared = wide * high, both = a->area + b->area - shared;
    return shared > 0 && a->area > 0 && b->area > 0 && both > 0 && shared / both > nms->overlap_max;
}

/* Boxes of one class above the score, best first. */
static size_t order_candidates(Suppression *nms, size_t row) {
    const float *scores = (const float *)nms->scores->data + row * nms->box_count;
    int64_t keys[ELEMENT_CHUNK];
    size_t count = 0;
    for (size_t i = 0; i < nms->box_count; i++) {
        if (i % ELEMENT_CHUNK == 0)
            order_keys(DTYPE_F32, scores, i, 1, MIN_OF((size_t)ELEMENT_CHUNK, nms->box_count - i),
                       keys);
        if (!nms->has_threshold || scores[i] > nms->score_min)
            nms->items[count++] =
                (OrderItem){ .key = keys[i % ELEMENT_CHUNK], .index = (int64_t)i };
    }
    order_heap_build(nms->items, count);
    order_heap_sort(nms->items, count);
    return count;
}

/* Every candidate may be compared with every box that is kept: that is what a request pays for. */
static Status keep_best(const KernelCall *call, Suppression *nms, size_t row, size_t *ret_count) {
    int64_t *kept = nms->kept + row * nms->kept_max;
    size_t candidates = order_candidates(nms, row), count = 0;
    for (size_t i = 0; i < candidates && count < nms->kept_max; i++) {
        TRY(call_spend(call, count + 1));
        const Box *box = &nms->corners[nms->items[i].index];
        bool stays = true;
        for (size_t k = 0; stays && k < count; k++)
            stays = !overlaps(nms, box, &nms->corners[kept[k]]);
        if (stays)
            kept[count++] = nms->items[i].index;
    }
    *ret_count = count;
    return status_ok();
}

static Status read_float(const KernelCall *call, size_t index, float *value, bool *ret_there) {
    const Tensor *tensor = call_find_src(call, index);
    *ret_there = tensor && tensor_elements(tensor) > 0;
    if (!*ret_there)
        return status_ok();
    TRY(call_check_dtype(call, DTYPE_F32, tensor));
    *value = *(const float *)tensor->data;
    return status_ok();
}

static Status nms_open(const KernelCall *call, Suppression *nms) {
    bool has_overlap;
    int64_t most = 0;
    size_t count = 0;
    const Tensor *limit = call_find_src(call, 2);
    TRY(call_get_src(call, 0, &nms->boxes));
    TRY(call_get_src(call, 1, &nms->scores));
    TRY(call_check_dtype(call, DTYPE_F32, nms->boxes));
    TRY(call_check_dtype(call, DTYPE_F32, nms->scores));
    const Shape *boxes = &nms->boxes->shape, *scores = &nms->scores->shape;
    if (boxes->rank != 3 || scores->rank != 3 || boxes->dims[2] != 4 ||
        scores->dims[0] != boxes->dims[0] || scores->dims[2] != boxes->dims[1])
        return call_invalid(call, "boxes %s do not go with scores %s", SHAPE_TEXT(boxes),
                            SHAPE_TEXT(scores));
    if (limit)
        TRY(call_get_ints(call, limit, 1, &most, &count));
    TRY(read_float(call, 3, &nms->overlap_max, &has_overlap));
    TRY(read_float(call, 4, &nms->score_min, &nms->has_threshold));
    nms->is_center = node_get_int(call->node, "center_point_box", 0) != 0;
    nms->batch = (size_t)boxes->dims[0];
    nms->classes = (size_t)scores->dims[1];
    nms->box_count = (size_t)boxes->dims[1];
    nms->kept_max = count == 1 && most > 0 ? MIN_OF((size_t)most, nms->box_count) : 0;
    return status_ok();
}

/* No more than a few times what the operands take. */
static Status get_memory(const KernelCall *call, Suppression *nms) {
    size_t rows, kept, box_bytes, bytes;
    void *memory;
    bool fits = size_mul(nms->batch, nms->classes, &rows) && size_mul(rows, nms->kept_max, &kept) &&
                size_add(kept, rows, &kept) && size_mul(kept, sizeof(int64_t), &bytes) &&
                size_mul(nms->box_count, sizeof(OrderItem) + sizeof(Box), &box_bytes) &&
                size_add(bytes, box_bytes, &bytes);
    if (!fits)
        return call_invalid(call, "size of the operands overflows");
    TRY(call_get_scratch(call, bytes, &memory));
    nms->items = memory;
    nms->counts = (size_t *)(void *)(nms->items + nms->box_count);
    nms->kept = (int64_t *)(void *)(nms->counts + rows);
    nms->corners = (Box *)(void *)(nms->kept + rows * nms->kept_max);
    return status_ok();
}

Status reference_non_max_suppression(const KernelCall *call) {
    Suppression nms = { .overlap_max = 0 };
    size_t total = 0;
    TRY(nms_open(call, &nms));
    TRY(get_memory(call, &nms));
    size_t rows = nms.kept_max > 0 ? nms.batch * nms.classes : 0;
    for (size_t row = 0; row < rows; row++) {
        if (row % nms.classes == 0)
            set_corners(&nms, row / nms.classes);
        TRY(keep_best(call, &nms, row, &nms.counts[row]));
        total += nms.counts[row];
    }
    TRY(call->output_new(call, 0, DTYPE_I64, &SHAPE((int64_t)total, 3)));
    int64_t *dst = call->dst[0].data;
    for (size_t row = 0; row < rows; row++)
        for (size_t i = 0; i < nms.counts[row]; i++, dst += 3) {
            dst[0] = (int64_t)(row / nms.classes);
            dst[1] = (int64_t)(row % nms.classes);
            dst[2] = nms.kept[row * nms.kept_max + i];
        }
    return status_ok();
}
