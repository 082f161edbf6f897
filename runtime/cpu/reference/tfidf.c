/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TfIdfVectorizer: counts the n-grams of a pool in each row. The pool's n-grams are put into a hash
 * table by their number, in scratch, so that a long vocabulary costs nothing a token. One that is
 * in the pool twice counts for the last, as single tokens do once however many may be skipped.
 *
 * A weight belongs to the output's coordinate, not to the n-gram's number in the pool: that is what
 * the reference implementation and ONNX Runtime do where the two differ.
 *
 * Thread: any that runs kernels. Source: ONNX TfIdfVectorizer 9.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/reference_util.h"

#include <string.h>

typedef enum Weighting { WEIGHTING_TF, WEIGHTING_IDF, WEIGHTING_TFIDF } Weighting;

/* Tokens with a step between them: of the pool, or of a row. */
typedef struct Tokens {
    const int64_t *numbers; /* one of the three is set */
    const int32_t *small_numbers;
    const StringView *texts;
} Tokens;

typedef struct Vectorizer {
    Tokens pool;
    size_t pool_count, size_count; /* tokens; lengths of n-grams */
    const int64_t *counts;         /* where the n-grams of each length begin in the pool */
    const int64_t *indexes;
    size_t index_count, row_size, least, most, skips;
    Weighting weighting;
    const float *weights; /* NULL: 1 each */
    uint32_t *table;      /* number of n-gram + 1; 0: free */
    size_t mask;
} Vectorizer;

static uint64_t token_hash(const Tokens *tokens, size_t at) {
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    if (!tokens->texts) {
        int64_t number = tokens->numbers ? tokens->numbers[at] : tokens->small_numbers[at];
        return ((uint64_t)number + 1) * UINT64_C(0x9E3779B97F4A7C15);
    }
    for (size_t i = 0; i < tokens->texts[at].length; i++)
        hash = (hash ^ (unsigned char)tokens->texts[at].data[i]) * UINT64_C(0x100000001B3);
    return hash;
}

static bool token_equal(const Tokens *a, size_t a_at, const Tokens *b, size_t b_at) {
    if (a->texts)
        return a->texts[a_at].length == b->texts[b_at].length &&
               (a->texts[a_at].length == 0 ||
                memcmp(a->texts[a_at].data, b->texts[b_at].data, a->texts[a_at].length) == 0);
    int64_t left = a->numbers ? a->numbers[a_at] : a->small_numbers[a_at];
    return left == (b->numbers ? b->numbers[b_at] : b->small_numbers[b_at]);
}

static size_t size_begin(const Vectorizer *v, size_t size) {
    return size <= v->size_count ? (size_t)v->counts[size - 1] : v->pool_count;
}

/* Number of the first n-gram of that many tokens. */
static size_t first_of_size(const Vectorizer *v, size_t size) {
    size_t first = 0;
    for (size_t n = 1; n < size; n++)
        first += (size_begin(v, n + 1) - size_begin(v, n)) / n;
    return first;
}

static bool gram_equal(const Vectorizer *v, size_t gram, size_t first, size_t size,
                       const Tokens *row, const size_t place[2]) {
    size_t at = size_begin(v, size) + (gram - first) * size;
    for (size_t i = 0; i < size; i++)
        if (!token_equal(&v->pool, at + i, row, place[0] + i * place[1]))
            return false;
    return true;
}

/* Slot of the n-gram at place (begin, step) of tokens, or the free one where it would go. */
static uint32_t *find_slot(const Vectorizer *v, const Tokens *tokens, const size_t place[2],
                           size_t size, size_t first) {
    uint64_t hash = size;
    size_t end = first + (size_begin(v, size + 1) - size_begin(v, size)) / size;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ token_hash(tokens, place[0] + i * place[1])) * UINT64_C(0x9E3779B97F4A7C15);
    for (size_t at = (size_t)(hash >> 20) & v->mask;; at = (at + 1) & v->mask) {
        uint32_t *slot = &v->table[at];
        size_t gram = *slot - 1;
        if (*slot == 0 ||
            (gram >= first && gram < end && gram_equal(v, gram, first, size, tokens, place)))
            return slot;
    }
}

static void fill_table(const Vectorizer *v) {
    memset(v->table, 0, (v->mask + 1) * sizeof *v->table);
    for (size_t size = 1; size <= v->size_count; size++) {
        size_t first = first_of_size(v, size), begin = size_begin(v, size);
        for (size_t i = 0; i < (size_begin(v, size + 1) - begin) / size; i++)
            *find_slot(v, &v->pool, (size_t[]){ begin + i * size, 1 }, size, first) =
                (uint32_t)(first + i + 1);
    }
}

/* Adds what one row has to the counts of its outputs. */
static void count_row(const Vectorizer *v, const Tokens *tokens, size_t begin, size_t count,
                      float *dst) {
    for (size_t size = MAX_OF(v->least, (size_t)1); size <= MIN_OF(v->most, v->size_count);
         size++) {
        size_t first = first_of_size(v, size), steps = size == 1 ? 1 : v->skips + 1;
        for (size_t step = 1; step <= steps && (size - 1) < (count + step - 1) / step; step++)
            for (size_t at = 0; at + (size - 1) * step < count; at++) {
                uint32_t *slot = find_slot(v, tokens, (size_t[]){ begin + at, step }, size, first);
                if (*slot != 0)
                    dst[v->indexes[*slot - 1]] += 1.0f;
            }
    }
    for (size_t i = 0; i < v->row_size && v->weighting != WEIGHTING_TF; i++) {
        float seen = v->weighting == WEIGHTING_IDF && dst[i] > 0 ? 1.0f : dst[i];
        dst[i] = seen * (v->weights ? v->weights[i] : 1.0f);
    }
}

static Status read_mode(const KernelCall *call, Weighting *ret_weighting) {
    static const char *const names[] = { "TF", "IDF", "TFIDF" };
    StringView mode = node_get_string(call->node, "mode", "");
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strlen(names[i]) == mode.length && memcmp(names[i], mode.data, mode.length) == 0) {
            *ret_weighting = (Weighting)i;
            return status_ok();
        }
    return call_invalid(call, "mode: expected TF, IDF or TFIDF, got '%.*s'",
                        (int)MIN_OF(mode.length, (size_t)40), mode.data);
}

/* The pool is cut into n-grams, each with its coordinate. */
static Status check_pool(const KernelCall *call, const Vectorizer *v) {
    for (size_t n = 1; n <= v->size_count; n++) {
        int64_t begin = v->counts[n - 1];
        int64_t end = n < v->size_count ? v->counts[n] : (int64_t)v->pool_count;
        if (begin < 0 || end < begin || end > (int64_t)v->pool_count ||
            (end - begin) % (int64_t)n != 0)
            return call_invalid(call, "ngram_counts: %zu-grams from %lld to %lld of %zu tokens", n,
                                (long long)begin, (long long)end, v->pool_count);
    }
    size_t grams = first_of_size(v, v->size_count + 1);
    if (grams > v->index_count || grams >= UINT32_MAX / 4)
        return call_invalid(call, "ngram_indexes: %zu for %zu n-grams", v->index_count, grams);
    for (size_t i = 0; i < v->index_count; i++)
        if (v->indexes[i] < 0 || (size_t)v->indexes[i] >= v->row_size)
            return call_invalid(call, "ngram_indexes: %lld is none of %zu",
                                (long long)v->indexes[i], v->row_size);
    return status_ok();
}

static Status vectorizer_open(const KernelCall *call, const Tensor *dst, Vectorizer *v) {
    const Attribute *texts = node_find_attribute(call->node, "pool_strings");
    const Attribute *weights = node_find_attribute(call->node, "weights");
    int64_t skips = node_get_int(call->node, "max_skip_count", 0);
    int64_t least = node_get_int(call->node, "min_gram_length", 1);
    int64_t most = node_get_int(call->node, "max_gram_length", 1);
    *v = (Vectorizer){ .row_size = (size_t)dst->shape.dims[dst->shape.rank - 1],
                       .skips = skips > 0 ? (size_t)MIN_OF(skips, INT32_MAX) : 0,
                       .least = least > 0 ? (size_t)least : 1,
                       .most = most > 0 ? (size_t)most : 0 };
    v->pool.numbers = node_get_ints(call->node, "pool_int64s", &v->pool_count);
    if (!v->pool.numbers && texts && texts->kind == ATTRIBUTE_STRINGS) {
        v->pool.texts = texts->strings;
        v->pool_count = texts->count;
    }
    v->counts = node_get_ints(call->node, "ngram_counts", &v->size_count);
    v->indexes = node_get_ints(call->node, "ngram_indexes", &v->index_count);
    if (weights && weights->kind == ATTRIBUTE_FLOATS && weights->count > 0) {
        if (weights->count < v->row_size)
            return call_invalid(call, "weights: expected %zu, got %zu", v->row_size,
                                weights->count);
        v->weights = weights->floats;
    }
    TRY(read_mode(call, &v->weighting));
    return check_pool(call, v);
}

Status reference_tf_idf_vectorizer(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    Vectorizer v;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_dtype(call, DTYPE_F32, dst));
    if (src->shape.rank < 1 || src->shape.rank > 2 || dst->shape.rank != src->shape.rank)
        return call_invalid(call, "expected shape [C] or [N,C], got %s", SHAPE_TEXT(&src->shape));
    TRY(vectorizer_open(call, dst, &v));
    Tokens tokens = { .texts = src->dtype == DTYPE_STRING ? src->data : NULL,
                      .numbers = src->dtype == DTYPE_I64 ? src->data : NULL,
                      .small_numbers = src->dtype == DTYPE_I32 ? src->data : NULL };
    size_t rows = src->shape.rank == 2 ? (size_t)src->shape.dims[0] : 1, slots = 2;
    size_t columns = (size_t)src->shape.dims[src->shape.rank - 1];
    bool is_text = src->dtype == DTYPE_STRING;
    if (v.pool_count > 0 && is_text != (v.pool.texts != NULL))
        return call_invalid(call, "the pool does not fit tokens of %s", dtype_name(src->dtype));
    if (tensor_elements(dst) != rows * v.row_size)
        return call_shape_mismatch(call, &SHAPE((int64_t)rows, (int64_t)v.row_size), &dst->shape);
    if (dst->bytes > 0)
        memset(dst->data, 0, dst->bytes);
    while (slots < 2 * first_of_size(&v, v.size_count + 1))
        slots *= 2;
    void *memory;
    TRY(call_get_scratch(call, slots * sizeof *v.table, &memory));
    v.table = memory;
    v.mask = slots - 1;
    fill_table(&v);
    for (size_t row = 0; src->bytes > 0 && row < rows; row++)
        count_row(&v, &tokens, row * columns, columns, (float *)dst->data + row * v.row_size);
    return status_ok();
}
