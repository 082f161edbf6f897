/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Dropout. In inference, or with ratio 0, a copy and a mask of true. In training each element is
 * kept with the probability 1 - ratio and scaled up so that its mean stays. The text leaves the
 * numbers open; ours are those of the Mersenne Twister (MT19937, 53 bits a number), as in the
 * reference implementation, so that a seed means the same here as there. Without a seed every run
 * has numbers of its own.
 *
 * Thread: any that runs kernels; the count of runs is atomic. Source: ONNX Dropout 22; Matsumoto
 * and Nishimura, 1998.
 */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/reference_util.h"

#include <stdatomic.h>
#include <string.h>

static const float RATIO_DEFAULT = 0.5f;

enum { TWISTER_WORDS = 624, TWISTER_MIDDLE = 397 };

typedef struct Twister {
    uint32_t words[TWISTER_WORDS];
    size_t next;
} Twister;

static void twister_init(Twister *twister, uint32_t seed) {
    twister->words[0] = seed;
    for (uint32_t i = 1; i < TWISTER_WORDS; i++) {
        uint32_t before = twister->words[i - 1];
        twister->words[i] = 1812433253u * (before ^ before >> 30) + i;
    }
    twister->next = TWISTER_WORDS;
}

static void twister_turn(Twister *twister) {
    uint32_t *words = twister->words;
    for (size_t i = 0; i < TWISTER_WORDS; i++) {
        uint32_t joined = (words[i] & 0x80000000u) | (words[(i + 1) % TWISTER_WORDS] & 0x7fffffffu);
        words[i] = words[(i + TWISTER_MIDDLE) % TWISTER_WORDS] ^ joined >> 1 ^
                   (joined & 1 ? 0x9908b0dfu : 0);
    }
    twister->next = 0;
}

static uint32_t twister_bits(Twister *twister) {
    if (twister->next == TWISTER_WORDS)
        twister_turn(twister);
    uint32_t bits = twister->words[twister->next++];
    bits ^= bits >> 11;
    bits ^= bits << 7 & 0x9d2c5680u;
    bits ^= bits << 15 & 0xefc60000u;
    return bits ^ bits >> 18;
}

/* [0, 1) */
static double twister_uniform(Twister *twister) {
    uint32_t high = twister_bits(twister) >> 5, low = twister_bits(twister) >> 6;
    return ((double)high * 67108864.0 + (double)low) / 9007199254740992.0;
}

static uint32_t run_seed(const KernelCall *call) {
    static _Atomic uint32_t runs;
    const Attribute *seed = node_find_attribute(call->node, "seed");
    if (seed && seed->kind == ATTRIBUTE_INT)
        return (uint32_t)seed->i;
    return atomic_fetch_add_explicit(&runs, 1, memory_order_relaxed) * 2654435761u;
}

static Status train(const KernelCall *call, const Tensor *src, Tensor *dst, double ratio) {
    const ElementIo *io = element_io_find(src->dtype);
    Tensor *mask = call_find_dst(call, 1);
    double values[ELEMENT_CHUNK], scale = 1.0 / (1.0 - ratio);
    Twister twister;
    if (!io)
        return call_lacks_dtype(call, src->dtype);
    twister_init(&twister, run_seed(call));
    size_t count = tensor_elements(src);
    for (size_t at = 0; at < count; at += ELEMENT_CHUNK) {
        size_t chunk = MIN_OF(count - at, (size_t)ELEMENT_CHUNK);
        io->load_f64(src->data, at, 1, chunk, values);
        for (size_t i = 0; i < chunk; i++) {
            bool kept = twister_uniform(&twister) >= ratio;
            values[i] = kept ? values[i] * scale : 0.0;
            if (mask)
                ((uint8_t *)mask->data)[at + i] = kept;
        }
        io->store_f64(dst->data, at, chunk, values);
    }
    return status_ok();
}

static Status get_ratio(const KernelCall *call, double *ret_ratio) {
    const Tensor *ratio = call_find_src(call, 1);
    if (ratio && (tensor_elements(ratio) != 1 || !element_io_find(ratio->dtype)))
        return call_invalid(call, "ratio must be a number");
    double value = ratio ? tensor_get_float(ratio, 0) : (double)RATIO_DEFAULT;
    if (!(value >= 0.0 && value < 1.0))
        return call_invalid(call, "ratio is %g, expected 0 to less than 1", value);
    *ret_ratio = value;
    return status_ok();
}

Status reference_dropout(const KernelCall *call) {
    const Tensor *src, *training = call_find_src(call, 2);
    Tensor *dst, *mask = call_find_dst(call, 1);
    double ratio;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_dtype(call, src->dtype, dst));
    TRY(call_check_shape(call, &src->shape, dst));
    if (mask) {
        TRY(call_check_dtype(call, DTYPE_BOOL, mask));
        TRY(call_check_shape(call, &src->shape, mask));
    }
    if (training && (tensor_elements(training) != 1 || training->dtype != DTYPE_BOOL))
        return call_invalid(call, "training_mode must be one bool");
    if (training && *(const uint8_t *)training->data) {
        TRY(get_ratio(call, &ratio));
        if (ratio > 0.0)
            return train(call, src, dst, ratio);
    }
    if (src->bytes && src->data != dst->data)
        memmove(dst->data, src->data, src->bytes);
    if (mask && mask->bytes)
        memset(mask->data, 1, mask->bytes);
    return status_ok();
}
