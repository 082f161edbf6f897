/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Arithmetic of two and more broadcast operands, Clip and Pow. Integers wrap: sums are formed in
 * uint64, which is defined for every input and truncates to the same bits. What would trap has a
 * value: x / 0 and x mod 0 are 0, and the smallest integer divided by -1 is itself. Min and Max
 * give NaN when either operand is NaN, as numpy does.
 */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/elementwise.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <string.h>
#include <tgmath.h>

FLOAT_TYPES(BINARY_ROW, add, a + b)
INT_TYPES(BINARY_ROW, add, (uint64_t)a + (uint64_t)b)
static const ElementwiseOp ADD = { .rows = { FLOAT_ROWS(add) INT_ROWS(add) } };

FLOAT_TYPES(BINARY_ROW, sub, a - b)
INT_TYPES(BINARY_ROW, sub, (uint64_t)a - (uint64_t)b)
static const ElementwiseOp SUB = { .rows = { FLOAT_ROWS(sub) INT_ROWS(sub) } };

FLOAT_TYPES(BINARY_ROW, mul, a *b)
INT_TYPES(BINARY_ROW, mul, (uint64_t)a *(uint64_t)b)
static const ElementwiseOp MUL = { .rows = { FLOAT_ROWS(mul) INT_ROWS(mul) } };

FLOAT_TYPES(BINARY_ROW, div, a / b)
SIGNED_TYPES(BINARY_ROW, div, b == 0 ? 0 : b == -1 ? (Element) - (uint64_t)a : (Element)(a / b))
UNSIGNED_TYPES(BINARY_ROW, div, b == 0 ? 0 : a / b)
static const ElementwiseOp DIV = { .rows = { FLOAT_ROWS(div) INT_ROWS(div) } };

FLOAT_TYPES(BINARY_ROW, min, a < b || a != a ? a : b)
INT_TYPES(BINARY_ROW, min, a < b ? a : b)
static const ElementwiseOp MIN = { .rows = { FLOAT_ROWS(min) INT_ROWS(min) } };

FLOAT_TYPES(BINARY_ROW, max, a > b || a != a ? a : b)
INT_TYPES(BINARY_ROW, max, a > b ? a : b)
static const ElementwiseOp MAX = { .rows = { FLOAT_ROWS(max) INT_ROWS(max) } };

/* fmod=0: the sign of the divisor; fmod=1: of the dividend, as in C. */
#define SIGN_OF_DIVISOR(r, b) ((r) != 0 && ((r) < 0) != ((b) < 0) ? (r) + (b) : (r))
FLOAT_TYPES(BINARY_ROW, mod, SIGN_OF_DIVISOR(fmod(a, b), b))
SIGNED_TYPES(BINARY_ROW, mod, b == 0 || b == -1 ? 0 : SIGN_OF_DIVISOR(a % b, b))
UNSIGNED_TYPES(BINARY_ROW, mod, b == 0 ? 0 : a % b)
static const ElementwiseOp MOD = { .rows = { FLOAT_ROWS(mod) INT_ROWS(mod) } };

FLOAT_TYPES(BINARY_ROW, remainder, fmod(a, b))
SIGNED_TYPES(BINARY_ROW, remainder, b == 0 || b == -1 ? 0 : a % b)
UNSIGNED_TYPES(BINARY_ROW, remainder, b == 0 ? 0 : a % b)
static const ElementwiseOp REMAINDER = { .rows = { FLOAT_ROWS(remainder) INT_ROWS(remainder) } };

INT_TYPES(BINARY_ROW, bitwise_and, a &b)
static const ElementwiseOp BITWISE_AND = { .rows = { INT_ROWS(bitwise_and) } };
INT_TYPES(BINARY_ROW, bitwise_or, a | b)
static const ElementwiseOp BITWISE_OR = { .rows = { INT_ROWS(bitwise_or) } };
INT_TYPES(BINARY_ROW, bitwise_xor, a ^ b)
static const ElementwiseOp BITWISE_XOR = { .rows = { INT_ROWS(bitwise_xor) } };

UNSIGNED_TYPES(BINARY_ROW, shift_left, b < 8 * sizeof(Element) ? (uint64_t)a << b : 0)
static const ElementwiseOp SHIFT_LEFT = { .rows = { UNSIGNED_ROWS(shift_left) } };
UNSIGNED_TYPES(BINARY_ROW, shift_right, b < 8 * sizeof(Element) ? (uint64_t)a >> b : 0)
static const ElementwiseOp SHIFT_RIGHT = { .rows = { UNSIGNED_ROWS(shift_right) } };

/* min(max(x, low), high): where low > high the result is high. */
#define CLIP_ROW(name, S, T, unused)                                                               \
    static void name##_##S(const Row *row) {                                                       \
        const T *from = row->src[0], *low = row->src[1], *high = row->src[2];                      \
        T *to = row->dst;                                                                          \
        for (size_t i = 0; i < row->count; i++) {                                                  \
            T x = from[i];                                                                         \
            if (low && x < *low)                                                                   \
                x = *low;                                                                          \
            to[i] = high && x > *high ? *high : x;                                                 \
        }                                                                                          \
    }
FLOAT_TYPES(CLIP_ROW, clip, )
INT_TYPES(CLIP_ROW, clip, )
static const ElementwiseOp CLIP = { .rows = { FLOAT_ROWS(clip) INT_ROWS(clip) } };

FLOAT_TYPES(UNARY_ROW, scale, x *alpha)

#define BINARY_KERNEL(name, op)                                                                    \
    Status reference_##name(const KernelCall *call) {                                              \
        return elementwise_run(call, &(op), 2);                                                    \
    }
BINARY_KERNEL(add, ADD)
BINARY_KERNEL(sub, SUB)
BINARY_KERNEL(mul, MUL)
BINARY_KERNEL(div, DIV)
BINARY_KERNEL(bitwise_and, BITWISE_AND)
BINARY_KERNEL(bitwise_or, BITWISE_OR)
BINARY_KERNEL(bitwise_xor, BITWISE_XOR)

Status reference_mod(const KernelCall *call) {
    return elementwise_run(call, node_get_int(call->node, "fmod", 0) ? &REMAINDER : &MOD, 2);
}

Status reference_bit_shift(const KernelCall *call) {
    StringView direction = node_get_string(call->node, "direction", "");
    bool is_left = direction.length == 4 && memcmp(direction.data, "LEFT", 4) == 0;
    bool is_right = direction.length == 5 && memcmp(direction.data, "RIGHT", 5) == 0;
    if (!is_left && !is_right)
        return call_invalid(call, "direction must be LEFT or RIGHT");
    return elementwise_run(call, is_left ? &SHIFT_LEFT : &SHIFT_RIGHT, 2);
}

Status reference_clip(const KernelCall *call) {
    const Tensor *sources[3];
    Tensor *dst;
    TRY(call_get_first(call, &sources[0], &dst));
    TRY(call_check_shape(call, &sources[0]->shape, dst));
    for (size_t s = 1; s < 3; s++) {
        sources[s] = call_find_src(call, s);
        if (sources[s] && tensor_elements(sources[s]) != 1)
            return call_invalid(call, "bounds must be scalars, got %s",
                                SHAPE_TEXT(&sources[s]->shape));
    }
    return elementwise_apply(call, &CLIP, sources, 3, dst);
}

/* dst = op(... op(op(src 0, src 1), src 2) ...) */
static Status run_variadic(const KernelCall *call, const ElementwiseOp *op) {
    const Tensor *sources[2];
    Tensor *dst;
    TRY(call_get_first(call, &sources[0], &dst));
    if (call->node->input_count == 1) {
        TRY(call_check_dtype(call, sources[0]->dtype, dst));
        TRY(call_check_shape(call, &sources[0]->shape, dst));
        if (!op->rows[dst->dtype] && !dtype_is_narrow_float(dst->dtype))
            return call_lacks_dtype(call, dst->dtype);
        if (dst->bytes)
            memcpy(dst->data, sources[0]->data, dst->bytes);
        return status_ok();
    }
    for (size_t s = 1; s < call->node->input_count; s++) {
        TRY(call_get_src(call, s, &sources[1]));
        TRY(elementwise_apply(call, op, sources, 2, dst));
        sources[0] = dst;
    }
    return status_ok();
}

Status reference_min(const KernelCall *call) {
    return run_variadic(call, &MIN);
}

Status reference_max(const KernelCall *call) {
    return run_variadic(call, &MAX);
}

Status reference_sum(const KernelCall *call) {
    return run_variadic(call, &ADD);
}

Status reference_mean(const KernelCall *call) {
    TRY(run_variadic(call, &ADD));
    const Tensor *sum = &call->dst[0];
    ElementwiseOp scale = { .rows = { FLOAT_ROWS(scale) },
                            .alpha = 1.0f / (float)call->node->input_count };
    return elementwise_apply(call, &scale, &sum, 1, &call->dst[0]);
}

static uint64_t pow_int(int64_t base, int64_t exponent) {
    uint64_t power = (uint64_t)base, result = 1;
    if (exponent < 0)
        return base == 1 ? 1 : base == -1 ? (exponent & 1 ? UINT64_MAX : 1) : 0;
    for (; exponent; exponent >>= 1, power *= power)
        if (exponent & 1)
            result *= power;
    return result;
}

/* Base and exponent may be of different types; the result has the type of the base. */
static void pow_chunk(const Broadcast *walk, const Tensor *const *sources, Tensor *dst,
                      size_t begin, size_t count) {
    double base[ELEMENT_CHUNK], exponent[ELEMENT_CHUNK];
    int64_t base_int[ELEMENT_CHUNK], exponent_int[ELEMENT_CHUNK];
    const ElementIo *base_io = element_io_find(sources[0]->dtype),
                    *exponent_io = element_io_find(sources[1]->dtype);
    const int64_t step[2] = { (int64_t)walk->step[0], (int64_t)walk->step[1] };
    size_t first[2] = { walk->src[0] + begin * walk->step[0],
                        walk->src[1] + begin * walk->step[1] };

    if (dtype_info(sources[0]->dtype)->is_integer && dtype_info(sources[1]->dtype)->is_integer) {
        base_io->load_i64(sources[0]->data, first[0], step[0], count, base_int);
        exponent_io->load_i64(sources[1]->data, first[1], step[1], count, exponent_int);
        for (size_t i = 0; i < count; i++)
            base_int[i] = (int64_t)pow_int(base_int[i], exponent_int[i]);
        base_io->store_i64(dst->data, walk->dst + begin, count, base_int);
        return;
    }
    base_io->load_f64(sources[0]->data, first[0], step[0], count, base);
    exponent_io->load_f64(sources[1]->data, first[1], step[1], count, exponent);
    for (size_t i = 0; i < count; i++)
        base[i] = pow(base[i], exponent[i]);
    base_io->store_f64(dst->data, walk->dst + begin, count, base);
}

Status reference_pow(const KernelCall *call) {
    const Tensor *sources[2];
    Tensor *dst;
    Broadcast walk;
    TRY(call_get_first(call, &sources[0], &dst));
    TRY(call_get_src(call, 1, &sources[1]));
    TRY(call_check_dtype(call, sources[0]->dtype, dst));
    for (size_t s = 0; s < 2; s++)
        if (!element_io_find(sources[s]->dtype) || sources[s]->dtype == DTYPE_BOOL)
            return call_lacks_dtype(call, sources[s]->dtype);
    TRY(broadcast_init(&walk, call, sources, 2, &dst->shape));
    while (broadcast_next(&walk))
        for (size_t begin = 0; begin < walk.row_count; begin += ELEMENT_CHUNK)
            pow_chunk(&walk, sources, dst, begin,
                      MIN_OF((size_t)ELEMENT_CHUNK, walk.row_count - begin));
    return status_ok();
}
