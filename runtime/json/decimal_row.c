/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The commas and brackets of 64 bytes are found at once, so where a number begins and ends is known
 * before it is read, and reading one need not wait for the last. A number of up to 16 characters
 * without an exponent is then one load that ends where it does: digits stand where their weight is,
 * what lies before them counts as zeros, and those in front of the point move one place to the
 * right. All else is read character by character (decimal_scan), and both ways give the same digits
 * and exponent to decimal_to_f32. SSE2 is what every x86-64 has; elsewhere the slow way is the only
 * one. Reads its input only; any thread.
 */

#include "runtime/json/decimal_row.h"

#include "runtime/json/json_reader.h"

enum { BLOCK_BYTES = 64, QUICK_BYTES = 16 };

typedef struct Row {
    const char *text, *end;
    const float *room;
} Row;

#ifdef __SSE2__

#include <emmintrin.h>

/* Commas and closing brackets. */
static inline uint64_t ends_of(const char *block) {
    uint64_t ends = 0;
    for (unsigned i = 0; i < BLOCK_BYTES; i += QUICK_BYTES) {
        __m128i text = _mm_loadu_si128((const __m128i *)(const void *)(block + i));
        __m128i found = _mm_or_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8(',')),
                                     _mm_cmpeq_epi8(text, _mm_set1_epi8(']')));
        ends |= (uint64_t)_mm_movemask_epi8(found) << i;
    }
    return ends;
}

/* The last `length` bytes of 16 as ones. */
static inline __m128i last_bytes(unsigned length) {
    static const unsigned char edge[2 * QUICK_BYTES] = {
        [QUICK_BYTES... 2 * QUICK_BYTES - 1] = 0xFF,
    };
    return _mm_loadu_si128((const __m128i *)(const void *)(edge + length));
}

/* Sixteen digits, the first being the most significant. */
static inline uint64_t digits_value(__m128i digits) {
    const __m128i hundreds = _mm_set1_epi32(1 << 16 | 100);
    const __m128i myriads = _mm_set1_epi32(1 << 16 | 10000);
    __m128i tens = _mm_mullo_epi16(_mm_and_si128(digits, _mm_set1_epi16(0xFF)), _mm_set1_epi16(10));
    __m128i twos = _mm_add_epi16(tens, _mm_srli_epi16(digits, 8));
    __m128i fours = _mm_madd_epi16(twos, hundreds);
    __m128i eights = _mm_madd_epi16(_mm_packs_epi32(fours, fours), myriads);
    uint64_t both = (uint64_t)_mm_cvtsi128_si64(eights);
    return (both & UINT32_MAX) * 100000000 + (both >> 32);
}

/* The number that ends at `end`, in front of which 16 bytes are readable. false: not so simple. */
static inline bool scan_quick(const char *begin, const char *end, Decimal *decimal) {
    decimal->negative = *begin == '-';
    begin += decimal->negative;
    size_t length = (size_t)(end - begin);
    if (length - 1 >= QUICK_BYTES || (*begin == '0' && decimal_is_digit(begin[1])))
        return false;
    __m128i text = _mm_loadu_si128((const __m128i *)(const void *)(end - QUICK_BYTES));
    __m128i digits = _mm_sub_epi8(text, _mm_set1_epi8('0'));
    __m128i are_digits = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
    unsigned others = ~(unsigned)_mm_movemask_epi8(are_digits) & (0xFFFFU << (16 - length));
    others &= 0xFFFF;
    digits = _mm_and_si128(digits, last_bytes((unsigned)length));
    unsigned fraction = 0;
    if (others) {
        unsigned point = (unsigned)__builtin_ctz(others);
        fraction = 15 - point;
        if ((others & (others - 1)) || end[(int)point - QUICK_BYTES] != '.' || fraction == 0 ||
            *begin == '.')
            return false;
        __m128i behind = last_bytes(fraction);
        digits = _mm_or_si128(_mm_and_si128(behind, digits),
                              _mm_andnot_si128(behind, _mm_slli_si128(digits, 1)));
    }
    decimal->digits = digits_value(digits);
    decimal->exponent = -(int32_t)fraction;
    decimal->is_cut = false;
    return true;
}

/* As far as 64 bytes are there with an end in them. */
static const char *read_blocks(const Row *row, const char *at, float **ret_dst, bool *ret_ended) {
    float *dst = *ret_dst;
    Decimal decimal;
    while (row->end - at >= BLOCK_BYTES) {
        const char *block = at;
        uint64_t ends = ends_of(block);
        if (!ends)
            break;
        for (; ends; ends &= ends - 1) {
            const char *behind = block + __builtin_ctzll(ends);
            at = json_skip_blanks(at, behind);
            bool is_quick = behind - row->text >= QUICK_BYTES && scan_quick(at, behind, &decimal);
            if (dst == row->room || (!is_quick && decimal_scan(at, behind, &decimal) != behind)) {
                *ret_dst = dst;
                return at;
            }
            *dst++ = decimal_to_f32(&decimal);
            at = behind + 1;
            if (*behind == ']') {
                *ret_dst = dst;
                *ret_ended = true;
                return behind;
            }
        }
    }
    *ret_dst = dst;
    return at;
}

#else

static const char *read_blocks(const Row *row, const char *at, float **ret_dst, bool *ret_ended) {
    (void)row, (void)ret_dst, (void)ret_ended;
    return at;
}

#endif

/* Between blocks one of any length, with any blanks. */
const char *decimal_row_f32(const char *text, const char *at, const char *end, float **dst,
                            const float *room, bool *ret_ended) {
    Row row = { .text = text, .end = end, .room = room };
    Decimal decimal;
    *ret_ended = false;
    for (;;) {
        at = read_blocks(&row, at, dst, ret_ended);
        if (*ret_ended)
            return at;
        at = json_skip_blanks(at, end);
        const char *behind = *dst < room ? decimal_scan(at, end, &decimal) : NULL;
        if (!behind || behind - at > DECIMAL_LENGTH_MAX)
            return at;
        behind = json_skip_blanks(behind, end);
        if (behind == end || (*behind != ',' && *behind != ']'))
            return at;
        *(*dst)++ = decimal_to_f32(&decimal);
        *ret_ended = *behind == ']';
        at = behind + !*ret_ended;
        if (*ret_ended)
            return at;
    }
}
