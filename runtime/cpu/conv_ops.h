/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The oneDNN operations of one convolution for concrete shapes: one for the whole, and, where it is
 * worth it, a few for slices of output rows that the pool runs side by side. Activations are
 * channels-last in all of them.
 */

#include "runtime/base/pool.h"
#include "runtime/cpu/dnnl_util.h"

typedef struct ConvOps ConvOps;

typedef struct ConvShape {
    Shape src, weights, dst; /* as in ONNX */
    int64_t groups;
    bool has_bias;
    int64_t strides[3], dilations[3], pads_begin[3], pads_end[3];
    const DnnlPost *posts;
    size_t post_count;
    /* INVALID stands for f32; where src is bf16 weights are packed to it */
    DType src_dtype, weights_dtype, dst_dtype;
    const DnnlQuantization *quantization; /* of 8-bit types; NULL */
} ConvShape;

typedef struct ConvData {
    const void *src;
    void *dst;                  /* holds the operand of an ADD that the operation does */
    const void *weights, *bias; /* when not bound */
    const float *operands[EPILOGUE_MAX];
    size_t scratch_offset; /* where the operation's own scratch begins in thread_scratch */
} ConvData;

/* Checks shapes and groups and fills in the window from the node's attributes. false: more spatial
 * dims than the library has, nothing in a shape, or shapes that contradict each other. */
bool conv_shape_resolve(const Node *node, ConvShape *shape);

/** @threads  of the pool; 1: no slices */
Status conv_ops_new(const ConvShape *shape, size_t threads, ConvOps **ret_ops);
void conv_ops_free(ConvOps *ops);
DEFINE_AUTO(ConvOps, conv_ops_free);

/* All operations agree in the format of their weights; this one stands for them. */
const DnnlOp *conv_ops_whole(const ConvOps *ops);
/* The largest of all operations. */
size_t conv_ops_scratch_bytes(const ConvOps *ops);
size_t conv_ops_slice_count(const ConvOps *ops); /* 1: not sliced */
Status conv_ops_bind(ConvOps *ops, const void *weights, const void *bias);
/* Runs sliced when the pool has an idle worker. */
Status conv_ops_run(const ConvOps *ops, Pool *pool, const ConvData *data);
