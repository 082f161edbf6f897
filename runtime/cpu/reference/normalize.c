/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * BatchNormalization and LRN. Both go channel by channel through double and store each result with
 * one rounding, so that all float types, and statistics of another float type than the data, take
 * the same path.
 *
 * Source: ONNX BatchNormalization 15, LRN 13.
 */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/reference_util.h"

#include <math.h>

/* A [N,C,...] tensor as planes of count elements. */
typedef struct Planes {
    const Tensor *src;
    Tensor *dst;
    const ElementIo *io;
    size_t batch, channels, count;
} Planes;

static Status planes_open(const KernelCall *call, Planes *planes) {
    TRY(call_get_first(call, &planes->src, &planes->dst));
    TRY(call_check_dtype(call, planes->src->dtype, planes->dst));
    TRY(call_check_shape(call, &planes->src->shape, planes->dst));
    const Shape *shape = &planes->src->shape;
    if (!dtype_info(planes->src->dtype)->is_float || !element_io_find(planes->src->dtype))
        return call_lacks_dtype(call, planes->src->dtype);
    if (shape->rank < 1)
        return call_invalid(call, "expected [N,C,...], got a scalar");
    planes->io = element_io_find(planes->src->dtype);
    planes->batch = (size_t)shape->dims[0];
    planes->channels = shape->rank > 1 ? (size_t)shape->dims[1] : 1;
    planes->count = shape->rank > 2 ? shape_product(shape, 2, (size_t)shape->rank) : 1;
    return status_ok();
}

typedef enum Statistic { SCALE, BIAS, MEAN, VARIANCE, STATISTIC_COUNT } Statistic;

/* Inputs 1 to 4, one element a channel. */
static Status check_statistics(const KernelCall *call, const Planes *planes,
                               const Tensor *statistics[STATISTIC_COUNT]) {
    for (size_t i = 0; i < STATISTIC_COUNT; i++) {
        TRY(call_get_src(call, i + 1, &statistics[i]));
        if (tensor_elements(statistics[i]) != planes->channels)
            return call_invalid(call, "input %zu has shape %s for %zu channels", i + 1,
                                SHAPE_TEXT(&statistics[i]->shape), planes->channels);
        if (!dtype_info(statistics[i]->dtype)->is_float || !element_io_find(statistics[i]->dtype))
            return call_lacks_dtype(call, statistics[i]->dtype);
    }
    return status_ok();
}

static double channel_get(const Tensor *tensor, size_t channel) {
    double value;
    element_io_find(tensor->dtype)->load_f64(tensor->data, channel, 1, 1, &value);
    return value;
}

/* dst = (src - shift) * factor + bias over one channel of the batch. */
static void channel_apply(const Planes *planes, size_t channel, double shift, double factor,
                          double bias) {
    double values[ELEMENT_CHUNK];
    for (size_t n = 0; n < planes->batch; n++) {
        size_t first = (n * planes->channels + channel) * planes->count;
        for (size_t i = 0; i < planes->count; i += ELEMENT_CHUNK) {
            size_t chunk = MIN_OF((size_t)ELEMENT_CHUNK, planes->count - i);
            planes->io->load_f64(planes->src->data, first + i, 1, chunk, values);
            for (size_t k = 0; k < chunk; k++)
                values[k] = (values[k] - shift) * factor + bias;
            planes->io->store_f64(planes->dst->data, first + i, chunk, values);
        }
    }
}

/* Mean of (src - shift)^power over one channel of the batch. */
static double channel_moment(const Planes *planes, size_t channel, double shift, int power) {
    double values[ELEMENT_CHUNK], sum = 0.0;
    for (size_t n = 0; n < planes->batch; n++) {
        size_t first = (n * planes->channels + channel) * planes->count;
        for (size_t i = 0; i < planes->count; i += ELEMENT_CHUNK) {
            size_t chunk = MIN_OF((size_t)ELEMENT_CHUNK, planes->count - i);
            planes->io->load_f64(planes->src->data, first + i, 1, chunk, values);
            for (size_t k = 0; k < chunk; k++)
                sum += power == 1 ? values[k] - shift : (values[k] - shift) * (values[k] - shift);
        }
    }
    return sum / ((double)planes->batch * (double)planes->count);
}

/* running = old * momentum + current * (1 - momentum) into output 1 or 2, when it is wanted. */
static Status store_running(const KernelCall *call, size_t output, const Tensor *old,
                            size_t channel, double current) {
    double momentum = (double)node_get_float(call->node, "momentum", 0.9f);
    Tensor *dst = call_find_dst(call, output);
    if (!dst)
        return status_ok();
    TRY(call_check_shape(call, &old->shape, dst));
    TRY(call_check_dtype(call, old->dtype, dst));
    double value = channel_get(old, channel) * momentum + current * (1.0 - momentum);
    element_io_find(dst->dtype)->store_f64(dst->data, channel, 1, &value);
    return status_ok();
}

Status reference_batch_normalization(const KernelCall *call) {
    Planes planes;
    const Tensor *statistics[STATISTIC_COUNT];
    TRY(planes_open(call, &planes));
    TRY(check_statistics(call, &planes, statistics));
    double epsilon = (double)node_get_float(call->node, "epsilon", 1e-5f);
    bool trains = node_get_int(call->node, "training_mode", 0) != 0;
    for (size_t c = 0; c < planes.channels; c++) {
        double mean = channel_get(statistics[MEAN], c),
               variance = channel_get(statistics[VARIANCE], c);
        if (trains) {
            mean = channel_moment(&planes, c, 0.0, 1);
            variance = channel_moment(&planes, c, mean, 2);
            TRY(store_running(call, 1, statistics[MEAN], c, mean));
            TRY(store_running(call, 2, statistics[VARIANCE], c, variance));
        }
        channel_apply(&planes, c, mean,
                      channel_get(statistics[SCALE], c) / sqrt(variance + epsilon),
                      channel_get(statistics[BIAS], c));
    }
    return status_ok();
}

typedef struct Lrn {
    double alpha, beta, bias;
    int64_t size;
} Lrn;

/* One chunk of a plane: the squares of the channels around it are summed anew, which is slow and
 * plain. */
static void lrn_chunk(const Planes *planes, const Lrn *lrn, size_t n, size_t channel, size_t first,
                      size_t count) {
    double values[ELEMENT_CHUNK], sums[ELEMENT_CHUNK] = { 0 };
    int64_t begin = MAX_OF((int64_t)channel - (lrn->size - 1) / 2, 0);
    int64_t end = MIN_OF((int64_t)channel + lrn->size / 2 + 1, (int64_t)planes->channels);
    for (int64_t c = begin; c < end; c++) {
        planes->io->load_f64(planes->src->data,
                             (n * planes->channels + (size_t)c) * planes->count + first, 1, count,
                             values);
        for (size_t i = 0; i < count; i++)
            sums[i] += values[i] * values[i];
    }
    size_t offset = (n * planes->channels + channel) * planes->count + first;
    planes->io->load_f64(planes->src->data, offset, 1, count, values);
    for (size_t i = 0; i < count; i++)
        values[i] /= pow(lrn->bias + lrn->alpha / (double)lrn->size * sums[i], lrn->beta);
    planes->io->store_f64(planes->dst->data, offset, count, values);
}

Status reference_lrn(const KernelCall *call) {
    Planes planes;
    Lrn lrn = { .alpha = (double)node_get_float(call->node, "alpha", 0.0001f),
                .beta = (double)node_get_float(call->node, "beta", 0.75f),
                .bias = (double)node_get_float(call->node, "bias", 1.0f),
                .size = node_get_int(call->node, "size", 0) };
    TRY(planes_open(call, &planes));
    if (lrn.size < 1 || lrn.size > INT32_MAX)
        return call_invalid(call, "size %lld is out of range", (long long)lrn.size);
    for (size_t n = 0; n < planes.batch; n++)
        for (size_t c = 0; c < planes.channels; c++)
            for (size_t i = 0; i < planes.count; i += ELEMENT_CHUNK)
                lrn_chunk(&planes, &lrn, n, c, i, MIN_OF((size_t)ELEMENT_CHUNK, planes.count - i));
    return status_ok();
}
