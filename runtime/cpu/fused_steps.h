/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/cpu/dnnl_util.h"
#include "runtime/cpu/kernel.h"

typedef struct VectorLoops VectorLoops;

/* The node's steps from number first on, for kernels that apply them to a piece of the result as
 * soon as it is there. */
typedef struct FusedSteps {
    const KernelCall *call;
    const VectorLoops *loops;
    float *dst;
    size_t first, elements;
    size_t channels, pixels; /* of the result, for operands [N,C,1...] */
    bool channels_last;
} FusedSteps;

FusedSteps fused_steps_open(const KernelCall *call, size_t first);
/* To elements [begin, end) of the result, in the order of its memory. Thread: any. */
void fused_steps_apply(const FusedSteps *steps, size_t begin, size_t end);

/* Applies the node's steps from number first on to its first output, in place. f32. */
void fused_steps_run(const KernelCall *call, size_t first);

/**
 * The leading steps that are worth offering to oneDNN: elementwise ones, one ADD (as a sum over
 * what lies in dst), and MUL by [N,C,1...] when N is 1. Anything else, and what follows it, is left
 * to fused_steps_run.
 *
 * @dst        shape of the result
 * @operand    shape of input i of the node, NULL where unknown
 * @ret_posts  at least EPILOGUE_MAX
 */
size_t fused_steps_posts(const Node *node, const Shape *dst,
                         const Shape *(*operand)(void *user, uint32_t input), void *user,
                         DnnlPost *ret_posts);
/* Input number of the ADD among the first count steps; INDEX_NONE when there is none. */
size_t fused_steps_sum_input(const Node *node, size_t count);
/* Is input number i an operand of a step, not of the operator itself? */
bool fused_steps_use_input(const Node *node, uint32_t input);
/* Input i of the operator itself: NULL when it is left out or is an operand of a step. */
const Value *fused_steps_free_input(const KernelBuild *build, uint32_t input);
