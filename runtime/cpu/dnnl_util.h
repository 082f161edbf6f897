/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * oneDNN behind four verbs: make an operation, pack its weights, bind its constants, run it. No
 * other file includes the library's header, so what differs between its major versions stays in
 * dnnl_util.c.
 */

#include "runtime/base/cleanup.h"
#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

typedef struct DnnlOp DnnlOp; /* immutable once bound; any number of threads may run it at once */

enum { DNNL_VIEW_RANK = SHAPE_MAX_RANK + 2 };

/* Memory as an operation is to see it. */
typedef struct DnnlView {
    DType dtype; /* INVALID stands for f32 */
    int32_t rank;
    int64_t dims[DNNL_VIEW_RANK];
    int64_t strides[DNNL_VIEW_RANK]; /* in elements */
} DnnlView;

/* Row-major. */
DnnlView dnnl_view_plain(const int64_t *dims, int32_t rank);
/* The same logical dims (N, C, spatial...) stored N, spatial..., C. */
DnnlView dnnl_view_channels_last(const int64_t *dims, int32_t rank);

/* A step after the operation, with the memory of its operand when it has one. */
typedef struct DnnlPost {
    EpilogueStep step;
    DnnlView operand;
    bool in_dst; /* ADD: the operand lies in dst before the run (oneDNN's "sum") */
} DnnlPost;

/* Of 8-bit operands: dst = round(scale * (sum of (src - src_zero) * weights + bias)) + dst_zero,
 * saturated; bias is i32. */
typedef struct DnnlQuantization {
    const float *scales; /* one a channel of dst */
    size_t scale_count;
    int32_t src_zero, dst_zero;
} DnnlQuantization;

typedef struct DnnlConvSpec {
    DnnlView src, dst; /* weights are packed to bf16 where src is bf16 */
    DnnlView weights;  /* as the model has them: [groups,] out, in, spatial...; the rank tells
                          whether groups are there */
    bool has_bias;
    int64_t strides[3], dilations[3], pads_begin[3], pads_end[3]; /* dilation 1 is dense */
    const DnnlPost *posts;
    size_t post_count;
    const DnnlQuantization *quantization; /* NULL: numbers mean themselves */
} DnnlConvSpec;

typedef struct DnnlMatmulSpec {
    DnnlView src, weights, dst; /* equal ranks; batch dims of src and weights may be 1 */
    bool pack;                  /* weights are constant: oneDNN chooses their format */
    bool has_bias;              /* [1, ..., 1, N] */
    const DnnlPost *posts;
    size_t post_count;
} DnnlMatmulSpec;

/**
 * Makes the operation. As many leading posts as the best implementation takes are built in
 * (dnnl_op_post_count tells); the caller applies the rest itself: a slower implementation is never
 * chosen for the sake of a post.
 *
 * Errors: UNIMPLEMENTED (oneDNN has nothing for it), RESOURCE_EXHAUSTED, INTERNAL
 * Thread: loader, or a worker that meets new shapes; takes 0.1 to 3 ms
 */
Status dnnl_conv_new(const DnnlConvSpec *spec, DnnlOp **ret_op);
Status dnnl_matmul_new(const DnnlMatmulSpec *spec, DnnlOp **ret_op);
void dnnl_op_free(DnnlOp *op);
DEFINE_AUTO(DnnlOp, dnnl_op_free);

size_t dnnl_op_post_count(const DnnlOp *op);
size_t dnnl_op_scratch_bytes(const DnnlOp *op);
/* "brgconv:avx512_core"; for profiles and tests. */
const char *dnnl_op_implementation(const DnnlOp *op);

/* Packed weights: their size, a text that is equal for equal formats, and the packing itself. */
size_t dnnl_op_weights_bytes(const DnnlOp *op);
void dnnl_op_weights_format(const DnnlOp *op, char *buffer, size_t buffer_bytes);
Status dnnl_op_pack_weights(const DnnlOp *op, const void *weights, void *dst);
/* Are the weights used just as the model has them? */
bool dnnl_op_weights_plain(const DnnlOp *op);

/* Are the packed weights of part, a product of the same rows with columns [first, ...) of whole's,
 * a piece of whole's packed weights? Then *ret_offset is where it begins, in bytes. */
bool dnnl_op_weights_part(const DnnlOp *whole, const DnnlOp *part, size_t first,
                          size_t *ret_offset);

/* The format alone, for after the operation is gone. Packing and unpacking copy numbers as they
 * are; plain has the strides that the operation was told. */
typedef struct DnnlFormat DnnlFormat;
Status dnnl_format_new(const DnnlOp *op, DnnlFormat **ret_format);
void dnnl_format_free(DnnlFormat *format);
Status dnnl_format_pack(const DnnlFormat *format, const void *plain, void *packed);
Status dnnl_format_unpack(const DnnlFormat *format, const void *packed, void *plain);

/* Constants for all runs; NULL: given with each run. Before the first run; lent as long as the
 * operation lives. */
Status dnnl_op_bind(DnnlOp *op, const void *weights, const void *bias);

typedef enum DnnlSlot {
    DNNL_SLOT_SRC,
    DNNL_SLOT_WEIGHTS,
    DNNL_SLOT_BIAS,
    DNNL_SLOT_DST,
    DNNL_SLOT_SCRATCH,
    DNNL_SLOT_POST, /* + index of the post */
    DNNL_SLOT_COUNT = DNNL_SLOT_POST + EPILOGUE_MAX
} DnnlSlot;

/* data[slot] for each slot that is used and not bound. Thread: any. */
Status dnnl_op_run(const DnnlOp *op, const void *const data[static DNNL_SLOT_COUNT]);

/* Does the machine multiply bfloat16 itself? */
bool dnnl_has_bf16(void);
/* 8-bit integers, without saturating in between? ONEDNN_MAX_CPU_ISA counts. */
bool dnnl_has_int8(void);

/* One OpenMP thread for the calling thread: parallel work is cut up by our own pool. Called by the
 * functions above. */
void dnnl_thread_setup(void);
