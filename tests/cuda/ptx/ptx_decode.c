/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What instructions do: a row of name, class of type and handler for each. Integers are computed in
 * 64 bits from operands extended as their type says, and cut to the result's width. An instruction
 * without a row makes the module fail to load.
 */

#include "tests/cuda/ptx/ptx_internal.h"

#include <math.h>
#include <string.h>

static const PtxType types[] = {
    { "pred", PTX_PRED, 1 },  { "b8", PTX_BITS, 1 },    { "b16", PTX_BITS, 2 },
    { "b32", PTX_BITS, 4 },   { "b64", PTX_BITS, 8 },   { "u8", PTX_BITS, 1 },
    { "u16", PTX_BITS, 2 },   { "u32", PTX_BITS, 4 },   { "u64", PTX_BITS, 8 },
    { "s8", PTX_SIGNED, 1 },  { "s16", PTX_SIGNED, 2 }, { "s32", PTX_SIGNED, 4 },
    { "s64", PTX_SIGNED, 8 }, { "f16", PTX_F16, 2 },    { "bf16", PTX_BF16, 2 },
    { "f32", PTX_F32, 4 },    { "f64", PTX_F64, 8 },
};
enum { TYPE_COUNT = sizeof types / sizeof *types };

const PtxType *ptx_type_find(const char *name) {
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

static const struct {
    const char *name;
    PtxFlag flag;
} flags[] = {
    { "and", PTX_FLAG_AND },   { "bfly", PTX_FLAG_BFLY },     { "down", PTX_FLAG_DOWN },
    { "hi", PTX_FLAG_HI },     { "lo", PTX_FLAG_LO },         { "or", PTX_FLAG_OR },
    { "rm", PTX_FLAG_RM },     { "rmi", PTX_FLAG_RMI },       { "rni", PTX_FLAG_RNI },
    { "rpi", PTX_FLAG_RPI },   { "rz", PTX_FLAG_RZ },         { "rzi", PTX_FLAG_RZI },
    { "sat", PTX_FLAG_SAT },   { "shared", PTX_FLAG_SHARED }, { "sync", PTX_FLAG_SYNC },
    { "to", PTX_FLAG_TO },     { "up", PTX_FLAG_UP },         { "warp", PTX_FLAG_WARP },
    { "wide", PTX_FLAG_WIDE },
};
enum { FLAGS = sizeof flags / sizeof *flags };

uint32_t ptx_flag_find(const char *modifier) {
    for (size_t i = 0; i < FLAGS; i++)
        if (strcmp(flags[i].name, modifier) == 0)
            return flags[i].flag;
    return 0;
}

static bool has(const PtxInsn *insn, PtxFlag flag) {
    return insn->flags & flag;
}

/* --- numbers in registers --- */

static float as_f32(uint64_t bits) {
    uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof value);
    return value;
}
static uint64_t of_f32(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
static double as_f64(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static uint64_t of_f64(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
static int64_t as_signed(uint64_t bits, const PtxType *type) {
    int shift = 64 - 8 * type->bytes;
    return (int64_t)(bits << shift) >> shift;
}
static uint64_t as_unsigned(uint64_t bits, const PtxType *type) {
    int shift = 64 - 8 * type->bytes;
    return bits << shift >> shift;
}
static double as_number(uint64_t bits, const PtxType *type) {
    uint16_t narrow = (uint16_t)bits;
    _Float16 half;
    switch (type->kind) {
    case PTX_F32:
        return (double)as_f32(bits);
    case PTX_F64:
        return as_f64(bits);
    case PTX_F16:
        memcpy(&half, &narrow, sizeof half);
        return (double)half;
    case PTX_BF16:
        return (double)as_f32((uint64_t)narrow << 16);
    case PTX_SIGNED:
        return (double)as_signed(bits, type);
    default:
        return (double)as_unsigned(bits, type);
    }
}

#define SRC(n) ptx_value(t, &i->src[n])

/* --- whole numbers --- */

#define BITS_OP(name, expression)                                                                  \
    static void do_##name(PtxThread *t, const PtxInsn *i) {                                        \
        uint64_t a = as_unsigned(SRC(0), i->type), b = as_unsigned(SRC(1), i->type);               \
        uint64_t c = as_unsigned(SRC(2), i->type);                                                 \
        (void)b, (void)c;                                                                          \
        t->registers[i->dst[0]] = (expression)&i->mask;                                            \
    }
#define SIGNED_OP(name, expression)                                                                \
    static void do_##name(PtxThread *t, const PtxInsn *i) {                                        \
        int64_t a = as_signed(SRC(0), i->type), b = as_signed(SRC(1), i->type);                    \
        int64_t c = as_signed(SRC(2), i->type);                                                    \
        (void)b, (void)c;                                                                          \
        t->registers[i->dst[0]] = (uint64_t)(expression)&i->mask;                                  \
    }

static uint64_t bit_count(const PtxInsn *i) {
    return 8 * (uint64_t)i->type->bytes;
}
static uint64_t insert_bits(uint64_t a, uint64_t b, uint64_t at, uint64_t length) {
    uint64_t field = (length >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << length) - 1) << (at & 63);
    return (b & ~field) | (a << (at & 63) & field);
}

BITS_OP(add, a + b)
BITS_OP(sub, a - b)
BITS_OP(mul_lo, a *b)
BITS_OP(mad_lo, a *b + c)
BITS_OP(mul_wide_u, a *b)
BITS_OP(mad_wide_u, a *b + SRC(2))
BITS_OP(mul_hi_u, (uint64_t)(((unsigned __int128)a * b) >> bit_count(i)))
BITS_OP(div_u, b ? a / b : ~UINT64_C(0))
BITS_OP(rem_u, b ? a % b : a)
BITS_OP(and, a &b)
BITS_OP(or, a | b)
BITS_OP(xor, a ^ b)
BITS_OP(not, ~a)
BITS_OP(not_pred, !a)
BITS_OP(neg, 0 - a)
BITS_OP(min_u, a < b ? a : b)
BITS_OP(max_u, a > b ? a : b)
BITS_OP(shl, (uint32_t)SRC(1) >= bit_count(i) ? 0 : a << (uint32_t)SRC(1))
BITS_OP(shr_u, (uint32_t)SRC(1) >= bit_count(i) ? 0 : a >> (uint32_t)SRC(1))
BITS_OP(bfi, insert_bits(a, b, (uint32_t)SRC(2), (uint32_t)SRC(3)))
SIGNED_OP(mul_wide_s, a *b)
SIGNED_OP(mad_wide_s, a *b + (int64_t)SRC(2))
SIGNED_OP(mul_hi_s, (((__int128)a * b) >> bit_count(i)))
SIGNED_OP(div_s, b == 0 ? -1 : b == -1 ? -a : a / b)
SIGNED_OP(rem_s, b == 0 || b == -1 ? 0 : a % b)
SIGNED_OP(abs_s, a < 0 ? -a : a)
SIGNED_OP(min_s, a < b ? a : b)
SIGNED_OP(max_s, a > b ? a : b)
SIGNED_OP(shr_s, a >> ((uint32_t)SRC(1) >= bit_count(i) ? 63 : (uint32_t)SRC(1)))

/* --- floats --- */

#define F32_OP(name, expression)                                                                   \
    static void do_##name(PtxThread *t, const PtxInsn *i) {                                        \
        float x = as_f32(SRC(0)), y = as_f32(SRC(1)), z = as_f32(SRC(2));                          \
        (void)y, (void)z;                                                                          \
        t->registers[i->dst[0]] = of_f32(expression);                                              \
    }
#define F64_OP(name, expression)                                                                   \
    static void do_##name(PtxThread *t, const PtxInsn *i) {                                        \
        double x = as_f64(SRC(0)), y = as_f64(SRC(1)), z = as_f64(SRC(2));                         \
        (void)y, (void)z;                                                                          \
        t->registers[i->dst[0]] = of_f64(expression);                                              \
    }

/* A step towards zero or down, when rounding to nearest went the other way. */
static float rounded_toward(double exact, bool to_zero) {
    float near = (float)exact;
    if (!to_zero && (double)near > exact)
        return nextafterf(near, -INFINITY);
    if (to_zero && fabs((double)near) > fabs(exact))
        return nextafterf(near, 0);
    return near;
}
static float add_f32(const PtxInsn *i, float x, float y) {
    return has(i, PTX_FLAG_RZ) ? rounded_toward((double)x + (double)y, true) : x + y;
}
/* The product of two floats is exact in double; the sum rounds once more, far below f32's last
 * bit. */
static float fma_f32(const PtxInsn *i, float x, float y, float z) {
    if (has(i, PTX_FLAG_RM))
        return rounded_toward((double)x * (double)y + (double)z, false);
    if (has(i, PTX_FLAG_RZ))
        return rounded_toward((double)x * (double)y + (double)z, true);
    return fmaf(x, y, z);
}
static float min_f32(float x, float y) {
    return isnan(x) ? y : isnan(y) ? x : x < y ? x : y;
}
static float max_f32(float x, float y) {
    return isnan(x) ? y : isnan(y) ? x : x > y ? x : y;
}
F32_OP(add_f32, add_f32(i, x, y))
F32_OP(sub_f32, x - y)
F32_OP(mul_f32, x *y)
F32_OP(fma_f32, fma_f32(i, x, y, z))
F32_OP(div_f32, x / y)
F32_OP(rcp_f32, 1.0f / x)
F32_OP(sqrt_f32, sqrtf(x))
F32_OP(rsqrt_f32, (float)(1.0 / sqrt((double)x)))
F32_OP(ex2_f32, (float)exp2((double)x))
F32_OP(lg2_f32, (float)log2((double)x))
F32_OP(sin_f32, (float)sin((double)x))
F32_OP(cos_f32, (float)cos((double)x))
F32_OP(tanh_f32, (float)tanh((double)x))
F32_OP(neg_f32, -x)
F32_OP(abs_f32, fabsf(x))
F32_OP(min_f32, min_f32(x, y))
F32_OP(max_f32, max_f32(x, y))
F32_OP(copysign_f32, copysignf(y, x))
F64_OP(add_f64, x + y)
F64_OP(sub_f64, x - y)
F64_OP(mul_f64, x *y)
F64_OP(fma_f64, fma(x, y, z))
F64_OP(div_f64, x / y)
F64_OP(rcp_f64, 1.0 / x)
F64_OP(sqrt_f64, sqrt(x))
F64_OP(neg_f64, -x)

/* --- moves --- */

static void do_mov(PtxThread *t, const PtxInsn *i) {
    if (i->dst_count > 1) { /* {a, b} = c */
        uint64_t whole = SRC(0);
        uint32_t bits = 8u * i->type->bytes / i->dst_count;
        for (uint32_t k = 0; k < i->dst_count; k++)
            t->registers[i->dst[k]] = whole >> (k * bits) & ((UINT64_C(1) << bits) - 1);
    } else if (i->src_count > 1) { /* c = {a, b} */
        uint64_t whole = 0;
        uint32_t bits = 8u * i->type->bytes / i->src_count;
        for (uint32_t k = 0; k < i->src_count; k++)
            whole |= (SRC(k) & ((UINT64_C(1) << bits) - 1)) << (k * bits);
        t->registers[i->dst[0]] = whole;
    } else {
        t->registers[i->dst[0]] = SRC(0) & i->mask;
    }
}

static void do_cvta(PtxThread *t, const PtxInsn *i) {
    uint64_t address = SRC(0);
    if (has(i, PTX_FLAG_SHARED) && !has(i, PTX_FLAG_TO) && !(address & PTX_TAG_MASK))
        address |= PTX_SHARED_TAG;
    t->registers[i->dst[0]] = address;
}

static void do_selp(PtxThread *t, const PtxInsn *i) {
    t->registers[i->dst[0]] = (SRC(2) & 1 ? SRC(0) : SRC(1)) & i->mask;
}

/* --- comparison --- */

/* -1, 0, 1; 2: one of them is not a number */
static int order(const PtxThread *t, const PtxInsn *i) {
    if (i->type->kind == PTX_F32 || i->type->kind == PTX_F64) {
        double x = as_number(SRC(0), i->type), y = as_number(SRC(1), i->type);
        return isnan(x) || isnan(y) ? 2 : x < y ? -1 : x > y;
    }
    if (i->type->kind == PTX_SIGNED) {
        int64_t x = as_signed(SRC(0), i->type), y = as_signed(SRC(1), i->type);
        return x < y ? -1 : x > y;
    }
    uint64_t x = as_unsigned(SRC(0), i->type), y = as_unsigned(SRC(1), i->type);
    return x < y ? -1 : x > y;
}

static const struct {
    const char *name;
    bool less, equal, greater, unordered;
} comparisons[] = {
    { "eq", false, true, false, false }, { "ne", true, false, true, false },
    { "lt", true, false, false, false }, { "le", true, true, false, false },
    { "gt", false, false, true, false }, { "ge", false, true, true, false },
    { "lo", true, false, false, false }, { "ls", true, true, false, false },
    { "hi", false, false, true, false }, { "hs", false, true, true, false },
    { "equ", false, true, false, true }, { "neu", true, false, true, true },
    { "ltu", true, false, false, true }, { "leu", true, true, false, true },
    { "gtu", false, false, true, true }, { "geu", false, true, true, true },
    { "num", true, true, true, false },  { "nan", false, false, false, true },
};
enum { COMPARISONS = sizeof comparisons / sizeof *comparisons };

/* The row of setp's first modifier, kept where a branch has its target. */
static bool find_comparison(PtxInsn *insn) {
    for (uint32_t k = 0; k < COMPARISONS; k++)
        if (strcmp(comparisons[k].name, insn->first_modifier) == 0) {
            insn->target = k;
            return true;
        }
    return false;
}

static void do_setp(PtxThread *t, const PtxInsn *i) {
    int compared = order(t, i);
    bool result;
    uint32_t k = i->target;
    result = compared == 2   ? comparisons[k].unordered
             : compared < 0  ? comparisons[k].less
             : compared == 0 ? comparisons[k].equal
                             : comparisons[k].greater;
    bool other = i->src_count > 2 && (SRC(2) & 1);
    result = has(i, PTX_FLAG_AND)  ? result && other
             : has(i, PTX_FLAG_OR) ? result || other
                                   : result;
    t->registers[i->dst[0]] = result;
    if (i->second != UINT32_MAX)
        t->registers[i->second] = !result;
}

/* --- conversion --- */

static double round_as(const PtxInsn *i, double x) {
    if (has(i, PTX_FLAG_RNI))
        return rint(x);
    if (has(i, PTX_FLAG_RZI))
        return trunc(x);
    if (has(i, PTX_FLAG_RMI))
        return floor(x);
    return has(i, PTX_FLAG_RPI) ? ceil(x) : x;
}

static uint64_t to_whole(const PtxType *type, double x) {
    if (isnan(x))
        return 0;
    int bits = 8 * type->bytes;
    double low = type->kind == PTX_SIGNED ? -ldexp(1, bits - 1) : 0;
    double high = ldexp(1, type->kind == PTX_SIGNED ? bits - 1 : bits);
    if (x < low)
        x = low;
    if (x >= high)
        return type->kind == PTX_SIGNED ? (UINT64_C(1) << (bits - 1)) - 1
                                        : UINT64_MAX >> (64 - bits);
    return x < 0 ? (uint64_t)(int64_t)x : (uint64_t)x;
}

static uint64_t to_narrow(const PtxType *type, float x) {
    uint16_t bits;
    if (type->kind == PTX_F16) {
        _Float16 half = (_Float16)x;
        memcpy(&bits, &half, sizeof bits);
        return bits;
    }
    uint32_t wide = (uint32_t)of_f32(x);
    return isnan(x) ? 0x7fff : (wide + 0x7fff + (wide >> 16 & 1)) >> 16;
}

static bool is_float(const PtxType *type) {
    return type->kind == PTX_F16 || type->kind == PTX_F32 || type->kind == PTX_F64 ||
           type->kind == PTX_BF16;
}

static void do_cvt(PtxThread *t, const PtxInsn *i) {
    uint64_t bits = SRC(0), result;
    if (!is_float(i->type) && !is_float(i->from)) {
        result = i->from->kind == PTX_SIGNED ? (uint64_t)as_signed(bits, i->from)
                                             : as_unsigned(bits, i->from);
    } else if (!is_float(i->type)) {
        result = to_whole(i->type, round_as(i, as_number(bits, i->from)));
    } else if (i->type->kind == PTX_F64) {
        result = of_f64(round_as(i, as_number(bits, i->from)));
    } else if (!is_float(i->from) && i->type->kind == PTX_F32) { /* 64 bits do not fit a double */
        result = of_f32(i->from->kind == PTX_SIGNED ? (float)as_signed(bits, i->from)
                                                    : (float)as_unsigned(bits, i->from));
    } else {
        float x = (float)round_as(i, as_number(bits, i->from));
        if (has(i, PTX_FLAG_SAT))
            x = isnan(x) || x < 0 ? 0 : x > 1 ? 1 : x;
        result = i->type->kind == PTX_F32 ? of_f32(x) : to_narrow(i->type, x);
    }
    t->registers[i->dst[0]] = result & i->mask;
}

/* --- control --- */

static void do_bra(PtxThread *t, const PtxInsn *i) {
    t->pc = i->target;
}
static void do_ret(PtxThread *t, const PtxInsn *i) {
    (void)i;
    t->state = PTX_ENDED;
}
static void do_bar(PtxThread *t, const PtxInsn *i) {
    t->state = has(i, PTX_FLAG_WARP) ? PTX_READY : PTX_AT_BARRIER;
}
static void do_shfl(PtxThread *t, const PtxInsn *i) {
    t->shuffled = SRC(0);
    t->state = PTX_AT_SHUFFLE;
}

/* --- the table --- */

#define ANY_CLASS   0xffu
#define CLASS(kind) (1u << (kind))
#define WHOLE       (CLASS(PTX_BITS) | CLASS(PTX_SIGNED))

static const struct {
    const char *op;
    uint32_t flag; /* 0: whatever */
    unsigned classes;
    PtxHandler run;
} handlers[] = {
    { "ld", 0, ANY_CLASS, ptx_do_ld },
    { "st", 0, ANY_CLASS, ptx_do_st },
    { "mov", 0, ANY_CLASS, do_mov },
    { "cvta", 0, ANY_CLASS, do_cvta },
    { "cvt", 0, ANY_CLASS, do_cvt },
    { "selp", 0, ANY_CLASS, do_selp },
    { "setp", 0, ANY_CLASS, do_setp },
    { "bra", 0, ANY_CLASS, do_bra },
    { "ret", 0, ANY_CLASS, do_ret },
    { "exit", 0, ANY_CLASS, do_ret },
    { "bar", 0, ANY_CLASS, do_bar },
    { "barrier", 0, ANY_CLASS, do_bar },
    { "shfl", PTX_FLAG_SYNC, ANY_CLASS, do_shfl },
    { "add", 0, WHOLE, do_add },
    { "sub", 0, WHOLE, do_sub },
    { "mul", PTX_FLAG_LO, WHOLE, do_mul_lo },
    { "mul", PTX_FLAG_WIDE, CLASS(PTX_BITS), do_mul_wide_u },
    { "mul", PTX_FLAG_WIDE, CLASS(PTX_SIGNED), do_mul_wide_s },
    { "mul", PTX_FLAG_HI, CLASS(PTX_BITS), do_mul_hi_u },
    { "mul", PTX_FLAG_HI, CLASS(PTX_SIGNED), do_mul_hi_s },
    { "mad", PTX_FLAG_LO, WHOLE, do_mad_lo },
    { "mad", PTX_FLAG_WIDE, CLASS(PTX_BITS), do_mad_wide_u },
    { "mad", PTX_FLAG_WIDE, CLASS(PTX_SIGNED), do_mad_wide_s },
    { "div", 0, CLASS(PTX_BITS), do_div_u },
    { "div", 0, CLASS(PTX_SIGNED), do_div_s },
    { "rem", 0, CLASS(PTX_BITS), do_rem_u },
    { "rem", 0, CLASS(PTX_SIGNED), do_rem_s },
    { "and", 0, WHOLE | CLASS(PTX_PRED), do_and },
    { "or", 0, WHOLE | CLASS(PTX_PRED), do_or },
    { "xor", 0, WHOLE | CLASS(PTX_PRED), do_xor },
    { "not", 0, WHOLE, do_not },
    { "not", 0, CLASS(PTX_PRED), do_not_pred },
    { "neg", 0, WHOLE, do_neg },
    { "abs", 0, CLASS(PTX_SIGNED), do_abs_s },
    { "min", 0, CLASS(PTX_BITS), do_min_u },
    { "min", 0, CLASS(PTX_SIGNED), do_min_s },
    { "max", 0, CLASS(PTX_BITS), do_max_u },
    { "max", 0, CLASS(PTX_SIGNED), do_max_s },
    { "shl", 0, WHOLE, do_shl },
    { "shr", 0, CLASS(PTX_BITS), do_shr_u },
    { "shr", 0, CLASS(PTX_SIGNED), do_shr_s },
    { "bfi", 0, WHOLE, do_bfi },
    { "add", 0, CLASS(PTX_F32), do_add_f32 },
    { "sub", 0, CLASS(PTX_F32), do_sub_f32 },
    { "mul", 0, CLASS(PTX_F32), do_mul_f32 },
    { "fma", 0, CLASS(PTX_F32), do_fma_f32 },
    { "div", 0, CLASS(PTX_F32), do_div_f32 },
    { "rcp", 0, CLASS(PTX_F32), do_rcp_f32 },
    { "sqrt", 0, CLASS(PTX_F32), do_sqrt_f32 },
    { "rsqrt", 0, CLASS(PTX_F32), do_rsqrt_f32 },
    { "ex2", 0, CLASS(PTX_F32), do_ex2_f32 },
    { "lg2", 0, CLASS(PTX_F32), do_lg2_f32 },
    { "sin", 0, CLASS(PTX_F32), do_sin_f32 },
    { "cos", 0, CLASS(PTX_F32), do_cos_f32 },
    { "tanh", 0, CLASS(PTX_F32), do_tanh_f32 },
    { "neg", 0, CLASS(PTX_F32), do_neg_f32 },
    { "abs", 0, CLASS(PTX_F32), do_abs_f32 },
    { "min", 0, CLASS(PTX_F32), do_min_f32 },
    { "max", 0, CLASS(PTX_F32), do_max_f32 },
    { "copysign", 0, CLASS(PTX_F32), do_copysign_f32 },
    { "add", 0, CLASS(PTX_F64), do_add_f64 },
    { "sub", 0, CLASS(PTX_F64), do_sub_f64 },
    { "mul", 0, CLASS(PTX_F64), do_mul_f64 },
    { "fma", 0, CLASS(PTX_F64), do_fma_f64 },
    { "div", 0, CLASS(PTX_F64), do_div_f64 },
    { "rcp", 0, CLASS(PTX_F64), do_rcp_f64 },
    { "sqrt", 0, CLASS(PTX_F64), do_sqrt_f64 },
    { "neg", 0, CLASS(PTX_F64), do_neg_f64 },
};
enum { HANDLERS = sizeof handlers / sizeof *handlers };

bool ptx_decode(PtxInsn *insn) {
    unsigned own = insn->type ? CLASS(insn->type->kind) : ANY_CLASS;
    size_t bits = insn->type ? 8 * (size_t)insn->type->bytes : 64;
    if (has(insn, PTX_FLAG_WIDE))
        bits *= 2;
    insn->mask = insn->type && insn->type->kind == PTX_PRED ? 1 : UINT64_MAX >> (64 - bits);
    for (size_t i = 0; i < HANDLERS; i++)
        if (strcmp(handlers[i].op, insn->op) == 0 && (handlers[i].classes & own) &&
            (handlers[i].flag & insn->flags) == handlers[i].flag) {
            insn->run = handlers[i].run;
            return insn->run != do_setp || find_comparison(insn);
        }
    return false;
}
