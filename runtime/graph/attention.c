/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Binds the shapes of attention operators to names and checks that they belong together: packed
 * heads divide, groups of heads divide, past and new keys add up, a mask broadcasts.
 *
 * Pure functions, any thread. Source: ONNX Attention 24, LinearAttention 27.
 */

#include "runtime/graph/attention.h"

#include "runtime/base/size.h"

#include <inttypes.h>
#include <string.h>

/* A packed dim is heads * size. */
static Status split_heads(DimNames *names, const char *letters, int64_t heads, const char *what) {
    int64_t packed = *dim_name(names, letters[0]);
    if (heads < 1)
        return status_error(STATUS_INVALID_ARGUMENT, "%s: expected 1 or more, got %" PRId64, what,
                            heads);
    TRY(dim_names_set(names, letters[1], heads, what));
    if (packed == DIM_UNKNOWN)
        return status_ok();
    if (packed % heads != 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "%s: a dim of %" PRId64 " has no %" PRId64 " equal heads", what, packed,
                            heads);
    return dim_names_set(names, letters[2], packed / heads, what);
}

/* Heads of queries share those of keys in equal groups. */
static Status check_groups(const DimNames *names, char queries, char keys) {
    int64_t q = names->dims[queries - 'A'], k = names->dims[keys - 'A'];
    if (q == DIM_UNKNOWN || k == DIM_UNKNOWN || (k > 0 && q % k == 0) || q == 0)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT,
                        "%" PRId64 " heads of queries cannot share %" PRId64 " of keys", q, k);
}

/* name := a * b or a + b, as far as both are known */
static Status derive(DimNames *names, char name, int64_t a, int64_t b, bool is_sum) {
    int64_t dim = DIM_UNKNOWN;
    if (a != DIM_UNKNOWN && b != DIM_UNKNOWN &&
        (is_sum ? __builtin_add_overflow(a, b, &dim) : __builtin_mul_overflow(a, b, &dim)))
        return status_error(STATUS_INVALID_ARGUMENT, "dims %" PRId64 " and %" PRId64 " overflow", a,
                            b);
    *dim_name(names, name) = dim;
    return status_ok();
}

static Status check_mask(const DimNames *names, const Shape *mask) {
    Shape full = dim_names_shape(names, "bhst");
    if (!mask || mask->rank == SHAPE_UNRANKED)
        return status_ok();
    bool fits = mask->rank <= full.rank;
    for (int32_t i = 0; fits && i < mask->rank; i++) {
        int64_t dim = mask->dims[mask->rank - 1 - i], wanted = full.dims[full.rank - 1 - i];
        bool shorter = i == 0 && dim < wanted; /* what is missing is masked */
        fits = dim == DIM_UNKNOWN || wanted == DIM_UNKNOWN || dim == wanted ||
               (i == 0 ? shorter : dim == 1);
    }
    if (fits)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "input 3: mask %s cannot be broadcast to %s",
                        SHAPE_TEXT(mask), SHAPE_TEXT(&full));
}

static int32_t rank_of(const Shape *const shapes[], size_t count) {
    for (size_t i = 0; i < count; i++)
        if (shapes[i] && shapes[i]->rank != SHAPE_UNRANKED)
            return shapes[i]->rank;
    return SHAPE_UNRANKED;
}

static Status bind_operands(const Node *node, const Shape *const shapes[], DimNames *names) {
    static const char *const apart[] = { "bhsd", "bgkd", "bgkv" };
    static const char *const packed[] = { "bsQ", "bkK", "bkV" };
    int32_t rank = rank_of(shapes, ARRAY_LENGTH(apart));
    for (size_t i = 0; i < ARRAY_LENGTH(apart); i++)
        TRY(dim_names_bind(names, shapes[i], rank == 3 ? packed[i] : apart[i], i));
    if (rank == 3) {
        int64_t heads = node_get_int(node, "kv_num_heads", 0);
        TRY(split_heads(names, "Qhd", node_get_int(node, "q_num_heads", 0), "q_num_heads"));
        TRY(split_heads(names, "Kgd", heads, "kv_num_heads"));
        TRY(split_heads(names, "Vgv", heads, "kv_num_heads"));
    }
    return check_groups(names, 'h', 'g');
}

Status attention_bind(const Node *node, const Shape *const shapes[static ATTENTION_INPUTS],
                      DimNames *names) {
    dim_names_init(names);
    TRY(bind_operands(node, shapes, names));
    if (!shapes[4] != !shapes[5])
        return status_error(STATUS_INVALID_ARGUMENT,
                            "past_key and past_value: expected both or none");
    if (!shapes[4])
        *dim_name(names, 'p') = 0;
    TRY(dim_names_bind(names, shapes[4], "bgpd", 4));
    TRY(dim_names_bind(names, shapes[5], "bgpv", 5));
    TRY(dim_names_bind(names, shapes[6], "b", 6));
    TRY(derive(names, 't', *dim_name(names, 'p'), *dim_name(names, 'k'), true));
    TRY(derive(names, 'O', *dim_name(names, 'h'), *dim_name(names, 'v'), false));
    return check_mask(names, shapes[3]);
}

/* Which update rules want which input. */
static const struct {
    const char *name;
    bool decays, corrects;
} rules[] = {
    { "linear", false, false },
    { "gated", true, false },
    { "delta", false, true },
    { "gated_delta", true, true },
};

static Status check_rule(const Node *node, const Shape *const shapes[]) {
    StringView text = node_get_string(node, "update_rule", "gated_delta");
    for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
        if (strlen(rules[i].name) != text.length ||
            memcmp(rules[i].name, text.data, text.length) != 0)
            continue;
        if (rules[i].decays == (shapes[4] != NULL) && rules[i].corrects == (shapes[5] != NULL))
            return status_ok();
        return status_error(STATUS_INVALID_ARGUMENT,
                            "update_rule %s: expected %s decay and %s beta", rules[i].name,
                            rules[i].decays ? "a" : "no", rules[i].corrects ? "a" : "no");
    }
    return status_error(STATUS_INVALID_ARGUMENT,
                        "update_rule: expected linear, gated, delta or gated_delta, got '%.*s'",
                        (int)MIN_OF(text.length, (size_t)40), text.data);
}

/* The dim of a letter is one of two, as far as known. */
static Status check_either(const DimNames *names, char letter, int64_t a, int64_t b,
                           const char *what) {
    int64_t dim = names->dims[letter - 'A'];
    if (dim == DIM_UNKNOWN || a == DIM_UNKNOWN || b == DIM_UNKNOWN || dim == a || dim == b)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT,
                        "%s: last dim expected %" PRId64 " or %" PRId64 ", got %" PRId64, what, a,
                        b, dim);
}

Status linear_attention_bind(const Node *node,
                             const Shape *const shapes[static LINEAR_ATTENTION_INPUTS],
                             DimNames *names) {
    static const char *const patterns[] = { "btQ", "btK", "btV", "bhkv", "btD", "btE" };
    int64_t heads = node_get_int(node, "kv_num_heads", 0);
    dim_names_init(names);
    TRY(check_rule(node, shapes));
    for (size_t i = 0; i < LINEAR_ATTENTION_INPUTS; i++)
        TRY(dim_names_bind(names, shapes[i], patterns[i], i));
    TRY(split_heads(names, "Qgk", node_get_int(node, "q_num_heads", 0), "q_num_heads"));
    TRY(split_heads(names, "Khk", heads, "kv_num_heads"));
    TRY(split_heads(names, "Vhv", heads, "kv_num_heads"));
    TRY(check_groups(names, 'g', 'h'));
    TRY(check_either(names, 'D', heads, *dim_name(names, 'K'), "decay"));
    TRY(check_either(names, 'E', heads, 1, "beta"));
    return derive(names, 'O', *dim_name(names, 'g'), *dim_name(names, 'v'), false);
}
