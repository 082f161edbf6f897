/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a fused node does to its result. oneDNN takes the leading steps as posts where that costs
 * nothing; the rest runs here, in place, a tile at a time with all steps on a tile while it is in
 * the cache. (epilogue.c is the plain version, for kernels that know no steps.)
 *
 * Thread: any.
 */

#include "runtime/cpu/fused_steps.h"

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_util.h"
#include "runtime/cpu/vector_loops.h"

enum { TILE = 2048 };

static const UnaryLoop unary_of[] = {
    [EPILOGUE_RELU] = UNARY_RELU,
    [EPILOGUE_LEAKY_RELU] = UNARY_LEAKY_RELU,
    [EPILOGUE_CLIP] = UNARY_CLIP,
    [EPILOGUE_SIGMOID] = UNARY_SIGMOID,
    [EPILOGUE_TANH] = UNARY_TANH,
    [EPILOGUE_HARD_SIGMOID] = UNARY_HARD_SIGMOID,
    [EPILOGUE_HARD_SWISH] = UNARY_HARD_SWISH,
    [EPILOGUE_SWISH] = UNARY_SWISH,
    [EPILOGUE_GELU] = UNARY_GELU,
    [EPILOGUE_LINEAR] = UNARY_LINEAR,
};

static bool has_operand(EpilogueKind kind) {
    return kind == EPILOGUE_ADD || kind == EPILOGUE_MUL;
}

/* Multiplies [begin, end) of the result by an operand with one number a channel. */
static void mul_channels(const FusedSteps *pass, const Tensor *operand, size_t begin, size_t end) {
    const float *factors = operand->data;
    size_t image = pass->channels * pass->pixels;
    size_t image_step = operand->shape.dims[0] == 1 ? 0 : pass->channels;
    for (size_t i = begin; i < end;) {
        size_t n = i / image, inside = i % image;
        size_t channel = pass->channels_last ? inside % pass->channels : inside / pass->pixels;
        size_t left =
            pass->channels_last ? pass->channels - channel : pass->pixels - inside % pass->pixels;
        size_t count = MIN_OF(left, end - i);
        BinaryFn mul = pass->channels_last ? pass->loops->binary[BINARY_MUL]
                                           : pass->loops->binary_right[BINARY_MUL];
        mul(pass->dst + i, pass->dst + i, factors + n * image_step + channel, count);
        i += count;
    }
}

static void apply_step(const FusedSteps *pass, const EpilogueStep *step, size_t begin, size_t end) {
    float *dst = pass->dst + begin;
    if (!has_operand(step->kind)) {
        pass->loops->unary[unary_of[step->kind]](dst, dst, end - begin, step->alpha, step->beta);
        return;
    }
    const Tensor *operand = pass->call->src[step->input];
    if (step->kind == EPILOGUE_MUL && tensor_elements(operand) != pass->elements) {
        mul_channels(pass, operand, begin, end);
        return;
    }
    BinaryLoop loop = step->kind == EPILOGUE_ADD ? BINARY_ADD : BINARY_MUL;
    pass->loops->binary[loop](dst, dst, (const float *)operand->data + begin, end - begin);
}

FusedSteps fused_steps_open(const KernelCall *call, size_t first) {
    const Tensor *dst = &call->dst[0];
    int32_t rank = dst->shape.rank;
    return (FusedSteps){
        .call = call,
        .loops = vector_loops(),
        .dst = dst->data,
        .first = first,
        .elements = tensor_elements(dst),
        .channels = rank > 1 ? (size_t)dst->shape.dims[1] : 1,
        .pixels = rank > 2 ? shape_product(&dst->shape, 2, (size_t)rank) : 1,
        .channels_last = dst->layout == LAYOUT_CHANNELS_LAST,
    };
}

void fused_steps_apply(const FusedSteps *steps, size_t begin, size_t end) {
    const Node *node = steps->call->node;
    for (size_t from = begin; from < end; from += TILE)
        for (size_t i = steps->first; i < node->epilogue_count; i++)
            apply_step(steps, &node->epilogue[i], from, MIN_OF(from + TILE, end));
}

static void apply_tiles(void *user, size_t begin, size_t end) {
    const FusedSteps *steps = user;
    fused_steps_apply(steps, begin * TILE, MIN_OF(end * TILE, steps->elements));
}

void fused_steps_run(const KernelCall *call, size_t first) {
    FusedSteps steps = fused_steps_open(call, first);
    if (first < call->node->epilogue_count && steps.elements > 0)
        pool_for(call->pool, (steps.elements + TILE - 1) / TILE, 16, apply_tiles, &steps);
}

/* [1,C,1,1] against [1,C,H,W]. Rank 4 alone: 2.6 gets it wrong in its 3-D convolutions for SSE4.1.
 */
static bool is_channel_vector(const Shape *operand, const Shape *dst) {
    if (!operand || operand->rank != dst->rank || dst->rank != 4 || dst->dims[0] != 1 ||
        operand->dims[1] != dst->dims[1])
        return false;
    size_t elements;
    return shape_is_known(operand) && shape_elements(operand, &elements) &&
           elements == (size_t)dst->dims[1];
}

/* Which of the library's operations a step is made of. */
enum { MADE_OF_RELU = 1 << 0, MADE_OF_CLIP = 1 << 1, MADE_OF_LINEAR = 1 << 2 };
static const unsigned made_of[] = {
    [EPILOGUE_RELU] = MADE_OF_RELU,
    [EPILOGUE_LEAKY_RELU] = MADE_OF_RELU,
    [EPILOGUE_CLIP] = MADE_OF_CLIP,
    [EPILOGUE_HARD_SIGMOID] = MADE_OF_LINEAR | MADE_OF_CLIP,
    [EPILOGUE_SWISH] = 1 << 3,
    [EPILOGUE_LINEAR] = MADE_OF_LINEAR,
    [EPILOGUE_MUL] = 0,
};

/* oneDNN 2.6.3 gives the second of two posts of one operation the numbers of the first (brgconv,
 * AVX-512; found by tests/unit/runtime/passes/test_fuse_epilogues.c). */
static bool repeats_operation(const Node *node, size_t index) {
    const EpilogueStep *step = &node->epilogue[index];
    for (size_t i = 0; i < index; i++) {
        const EpilogueStep *other = &node->epilogue[i];
        bool same =
            other->kind == step->kind && other->alpha == step->alpha && other->beta == step->beta;
        if (!same && made_of[other->kind] & made_of[step->kind])
            return true;
    }
    return false;
}

size_t fused_steps_posts(const Node *node, const Shape *dst,
                         const Shape *(*operand)(void *user, uint32_t input), void *user,
                         DnnlPost *ret_posts) {
    bool summed = false;
    size_t count = 0;
    for (; count < node->epilogue_count; count++) {
        const EpilogueStep *step = &node->epilogue[count];
        ret_posts[count] = (DnnlPost){ .step = *step };
        if (repeats_operation(node, count))
            break;
        if (!has_operand(step->kind))
            continue;
        if (step->kind == EPILOGUE_ADD) {
            if (summed)
                break;
            summed = ret_posts[count].in_dst = true;
            continue;
        }
        const Shape *shape = operand(user, step->input);
        if (!is_channel_vector(shape, dst))
            break;
        ret_posts[count].operand = dnnl_view_plain(shape->dims, shape->rank);
    }
    return count;
}

size_t fused_steps_sum_input(const Node *node, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (node->epilogue[i].kind == EPILOGUE_ADD)
            return node->epilogue[i].input;
    return INDEX_NONE;
}

bool fused_steps_use_input(const Node *node, uint32_t input) {
    for (uint32_t i = 0; i < node->epilogue_count; i++)
        if (has_operand(node->epilogue[i].kind) && node->epilogue[i].input == input)
            return true;
    return false;
}

const Value *fused_steps_free_input(const KernelBuild *build, uint32_t input) {
    return fused_steps_use_input(build->node, input) ? NULL : build_input(build, input);
}
