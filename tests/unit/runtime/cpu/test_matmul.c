/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * MatMul and Gemm against loops written from the ONNX text, in double; and the promise that
 * batching rests on: a row's bits do not depend on how many rows travel with it.
 *
 * Tolerance: as in test_conv: 2^-18 of the sum of magnitudes for the product, and a few 1e-6 for
 * the steps.
 */

#include "runtime/base/size.h"
#include "runtime/base/thread.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/matmul_columns.h"
#include "tests/support/check.h"
#include "tests/support/kernel_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct MatmulCase {
    const char *name;
    Shape a, b, dst;
    bool constant;
} MatmulCase;

static const MatmulCase matmuls[] = {
    { "plain", { 2, { 5, 7 } }, { 2, { 7, 3 } }, { 2, { 5, 3 } }, true },
    { "computed right side", { 2, { 5, 7 } }, { 2, { 7, 3 } }, { 2, { 5, 3 } }, false },
    { "one row", { 2, { 1, 784 } }, { 2, { 784, 512 } }, { 2, { 1, 512 } }, true },
    { "large", { 2, { 37, 300 } }, { 2, { 300, 129 } }, { 2, { 37, 129 } }, true },
    { "left vector", { 1, { 12 } }, { 2, { 12, 9 } }, { 1, { 9 } }, true },
    { "right vector", { 2, { 6, 12 } }, { 1, { 12 } }, { 1, { 6 } }, true },
    { "two vectors", { 1, { 12 } }, { 1, { 12 } }, { 0, { 0 } }, false },
    { "rows of rank 4", { 4, { 2, 3, 5, 8 } }, { 2, { 8, 6 } }, { 4, { 2, 3, 5, 6 } }, true },
    { "batch on both sides",
      { 4, { 2, 3, 5, 8 } },
      { 4, { 2, 3, 8, 6 } },
      { 4, { 2, 3, 5, 6 } },
      false },
    { "batch broadcast from the left",
      { 4, { 1, 3, 5, 8 } },
      { 4, { 2, 1, 8, 6 } },
      { 4, { 2, 3, 5, 6 } },
      false },
    { "right side has more dims", { 2, { 5, 8 } }, { 3, { 4, 8, 6 } }, { 3, { 4, 5, 6 } }, true },
    { "left vector, batched right", { 1, { 8 } }, { 3, { 4, 8, 6 } }, { 2, { 4, 6 } }, false },
    { "one column", { 2, { 64, 33 } }, { 2, { 33, 1 } }, { 2, { 64, 1 } }, true },
    { "inner dim of 1", { 2, { 4, 1 } }, { 2, { 1, 5 } }, { 2, { 4, 5 } }, true },
};

static const EpilogueStep steps[] = {
    { .kind = EPILOGUE_RELU },
    { .kind = EPILOGUE_CLIP, .alpha = -1, .beta = 1 },
    { .kind = EPILOGUE_SIGMOID },
    { .kind = EPILOGUE_TANH },
    { .kind = EPILOGUE_HARD_SIGMOID, .alpha = 0.2f, .beta = 0.5f },
    { .kind = EPILOGUE_HARD_SWISH },
    { .kind = EPILOGUE_SWISH, .alpha = 1 },
    { .kind = EPILOGUE_GELU },
    { .kind = EPILOGUE_LINEAR, .alpha = 2, .beta = 1 },
    { .kind = EPILOGUE_ADD },
    { .kind = EPILOGUE_MUL },
    { .kind = EPILOGUE_LEAKY_RELU, .alpha = 0.01f },
};

/* Offset of the matrix of batch number index in an operand, numpy rules. */
static size_t matrix_at(const Shape *operand, const Shape *batch, size_t index) {
    size_t offset = 0, step = 1;
    for (int32_t i = batch->rank, k = operand->rank - 2; i-- > 0;) {
        size_t at = index % (size_t)batch->dims[i];
        index /= (size_t)batch->dims[i];
        if (--k < 0)
            continue;
        offset += operand->dims[k] == 1 ? 0 : at * step;
        step *= (size_t)operand->dims[k];
    }
    return offset;
}

static void check_matmul(const KernelCase *test, const MatmulCase *row) {
    Shape a = row->a, b = row->b;
    if (a.rank == 1)
        a = SHAPE(1, a.dims[0]);
    if (b.rank == 1)
        b = SHAPE(b.dims[0], 1);
    size_t rows = (size_t)a.dims[a.rank - 2], inner = (size_t)a.dims[a.rank - 1],
           columns = (size_t)b.dims[b.rank - 1];
    Shape batch = { .rank = (a.rank > b.rank ? a.rank : b.rank) - 2 };
    for (int32_t i = 0; i < batch.rank; i++) {
        int32_t from_a = i - batch.rank + a.rank - 2, from_b = i - batch.rank + b.rank - 2;
        int64_t left = from_a < 0 ? 1 : a.dims[from_a], right = from_b < 0 ? 1 : b.dims[from_b];
        batch.dims[i] = left > right ? left : right;
    }
    for (size_t i = 0; i < test->result_count; i++) {
        size_t column = i % columns, line = i / columns % rows, matrix = i / columns / rows;
        const float *left =
            test->inputs[0].data + matrix_at(&a, &batch, matrix) * rows * inner + line * inner;
        const float *right =
            test->inputs[1].data + matrix_at(&b, &batch, matrix) * inner * columns + column;
        double want = 0, magnitude = 0;
        for (size_t k = 0; k < inner; k++) {
            double product = (double)left[k] * right[k * columns];
            want += product;
            magnitude += fabs(product);
        }
        want = case_steps(test, want, i);
        double tolerance = 2 * ldexp(magnitude, -18) + 4e-6 * (1 + fabs(want));
        if (!(fabs(test->result[i] - want) <= tolerance))
            fail_msg("%s: element %zu: got %g, want %g", row->name, i, (double)test->result[i],
                     want);
    }
}

static void test_matmul_equals_the_loops(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(matmuls); i++)
        for (size_t step = 0; step <= ARRAY_LENGTH(steps); step++) {
            const MatmulCase *row = &matmuls[i];
            KernelCase test;
            case_start(&test, "MatMul");
            case_input(&test, row->a, LAYOUT_PLAIN, false, 1);
            case_input(&test, row->b, LAYOUT_PLAIN, row->constant, 2);
            for (size_t k = step; k < ARRAY_LENGTH(steps) && k < step + 2; k++) {
                EpilogueStep used = steps[k];
                if (used.kind == EPILOGUE_ADD || used.kind == EPILOGUE_MUL)
                    used.input = (uint32_t)case_input(&test, row->dst, LAYOUT_PLAIN, false, 7);
                case_step(&test, used);
            }
            case_prepare(&test, &matmul_kernel_type, row->dst, LAYOUT_PLAIN);
            case_run(&test);
            check_matmul(&test, row);
            case_end(&test);
        }
}

/* trans, alpha, beta and the forms of C. */
static void test_gemm_equals_the_loops(void **state) {
    (void)state;
    enum { M = 6, K = 9, N = 20 };
    static const Shape c_shapes[] = { { 0, { 0 } },    { 1, { N } },    { 2, { 1, N } },
                                      { 2, { M, N } }, { 2, { M, 1 } }, { 1, { 1 } } };
    for (size_t i = 0; i < 4 * 4 * 7; i++) {
        bool trans_a = i & 1, trans_b = i & 2, constant = i & 4, scaled = i & 8;
        size_t form = i / 16; /* 6: no C */
        float alpha = scaled ? 0.5f : 1, beta = scaled ? -2 : 1;
        KernelCase test;
        case_start(&test, "Gemm");
        case_input(&test, trans_a ? SHAPE(K, M) : SHAPE(M, K), LAYOUT_PLAIN, false, 1);
        case_input(&test, trans_b ? SHAPE(N, K) : SHAPE(K, N), LAYOUT_PLAIN, constant, 2);
        if (form < 6)
            case_input(&test, c_shapes[form], LAYOUT_PLAIN, constant, 3);
        case_int(&test, "transA", trans_a);
        case_int(&test, "transB", trans_b);
        case_float(&test, "alpha", alpha);
        case_float(&test, "beta", beta);
        case_step(&test, (EpilogueStep){ .kind = EPILOGUE_RELU });
        case_prepare(&test, &matmul_kernel_type, SHAPE(M, N), LAYOUT_PLAIN);
        case_run(&test);
        for (size_t m = 0; m < M; m++)
            for (size_t n = 0; n < N; n++) {
                double want = 0;
                for (size_t k = 0; k < K; k++)
                    want += (double)test.inputs[0].data[trans_a ? k * M + m : m * K + k] *
                            test.inputs[1].data[trans_b ? n * K + k : k * N + n];
                want *= alpha;
                if (form < 6) {
                    const Shape *c = &c_shapes[form];
                    size_t rows = c->rank == 2 ? (size_t)c->dims[0] : 1,
                           columns = c->rank ? (size_t)c->dims[c->rank - 1] : 1;
                    want +=
                        (double)beta *
                        test.inputs[2].data[(rows == 1 ? 0 : m * columns) + (columns == 1 ? 0 : n)];
                }
                want = want > 0 ? want : 0;
                assert_true(fabs(test.result[m * N + n] - want) <= 1e-5);
            }
        case_end(&test);
    }
}

/* A third input of MatMul that no step claims. */
static void test_bias_and_residual_together(void **state) {
    (void)state;
    enum { M = 4, K = 16, N = 33 };
    KernelCase test;
    case_start(&test, "MatMul");
    case_input(&test, SHAPE(M, K), LAYOUT_PLAIN, false, 1);
    case_input(&test, SHAPE(K, N), LAYOUT_PLAIN, true, 2);
    case_input(&test, SHAPE(N), LAYOUT_PLAIN, true, 3);
    case_input(&test, SHAPE(M, N), LAYOUT_PLAIN, false, 4);
    case_step(&test, (EpilogueStep){ .kind = EPILOGUE_ADD, .input = 3 });
    case_prepare(&test, &matmul_kernel_type, SHAPE(M, N), LAYOUT_PLAIN);
    case_run(&test);
    for (size_t i = 0; i < M * N; i++) {
        double want = (double)test.inputs[2].data[i % N] + test.inputs[3].data[i];
        for (size_t k = 0; k < K; k++)
            want += (double)test.inputs[0].data[i / N * K + k] * test.inputs[1].data[k * N + i % N];
        assert_true(fabs(test.result[i] - want) <= 1e-5);
    }
    case_end(&test);
}

static float *rows_result(int64_t m, int64_t k, int64_t n, bool constant, Pool *pool) {
    KernelCase test;
    case_start(&test, "MatMul");
    test.pool = pool;
    /* The generator runs on: fewer rows are the beginning of more. */
    case_input(&test, SHAPE(m, k), LAYOUT_PLAIN, false, 1);
    case_input(&test, SHAPE(k, n), LAYOUT_PLAIN, constant, 2);
    case_input(&test, SHAPE(n), LAYOUT_PLAIN, true, 3);
    case_step(&test, (EpilogueStep){ .kind = EPILOGUE_GELU });
    case_prepare(&test, &matmul_kernel_type, SHAPE(m, n), LAYOUT_PLAIN);
    case_run(&test);
    float *result = test.result;
    test.result = NULL;
    case_end(&test);
    return result;
}

/* Does this machine's implementation of such a product promise equal bits? */
static bool keeps_bits(int64_t k, int64_t n, bool constant) {
    DnnlMatmulSpec spec = { .src = dnnl_view_plain((int64_t[]){ 64, k }, 2),
                            .weights = dnnl_view_plain((int64_t[]){ k, n }, 2),
                            .dst = dnnl_view_plain((int64_t[]){ 64, n }, 2),
                            .pack = constant };
    DnnlOp *op;
    check_ok(dnnl_matmul_new(&spec, &op));
    bool keeps = matmul_keeps_bits(op);
    dnnl_op_free(op);
    return keeps;
}

/* |x| and |w| are below 1 and GELU's slope below 1.2, so the sum of magnitudes is below K: 2^-20 of
 * it. */
static void check_rows(const float *few, const float *many, size_t count, int64_t k, bool exact) {
    if (exact)
        assert_memory_equal(few, many, count * sizeof *few);
    for (size_t i = 0; i < count; i++)
        assert_true(fabs((double)few[i] - many[i]) <= ldexp((double)k, -20));
}

static void test_a_row_has_the_same_bits_among_any_number_of_rows(void **state) {
    (void)state;
    static const int64_t shapes[][2] = { { 64, 10 }, { 784, 512 }, { 512, 10 }, { 20, 10 },
                                         { 33, 17 }, { 768, 200 }, { 3000, 65 } };
    for (size_t i = 0; i < ARRAY_LENGTH(shapes) * 2; i++) {
        int64_t k = shapes[i / 2][0], n = shapes[i / 2][1];
        bool constant = i % 2, exact = keeps_bits(k, n, constant);
        float *many = rows_result(64, k, n, constant, NULL);
        for (int64_t m = 1; m <= 33; m++) {
            float *few = rows_result(m, k, n, constant, NULL);
            check_rows(few, many, (size_t)(m * n), k, exact);
            free(few);
        }
        free(many);
    }
}

static void test_slices_give_the_same_bits(void **state) {
    (void)state;
    AUTO(pool_free) Pool *pool = NULL;
    check_ok(pool_new(3, &pool));
    static const int64_t rows[] = { 64, 128, 200, 257 };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        float *alone = rows_result(rows[i], 512, 300, true, NULL);
        float *sliced = rows_result(rows[i], 512, 300, true, pool);
        assert_memory_equal(alone, sliced, (size_t)rows[i] * 300 * sizeof *alone);
        free(alone);
        free(sliced);
    }
}

/* The whole and its slices by columns, with bias, a sum over dst and an activation. */
static void check_columns(int64_t m, int64_t k, int64_t n, Pool *pool) {
    const DnnlPost posts[] = { { .step = { .kind = EPILOGUE_ADD }, .in_dst = true },
                               { .step = { .kind = EPILOGUE_RELU } } };
    DnnlMatmulSpec spec = { .src = dnnl_view_plain((int64_t[]){ m, k }, 2),
                            .weights = dnnl_view_plain((int64_t[]){ k, n }, 2),
                            .dst = dnnl_view_plain((int64_t[]){ m, n }, 2),
                            .pack = true,
                            .has_bias = true,
                            .posts = posts,
                            .post_count = ARRAY_LENGTH(posts) };
    AUTO(dnnl_op_free) DnnlOp *whole = NULL;
    AUTO(matmul_columns_free) MatmulColumns *columns = NULL;
    check_ok(dnnl_matmul_new(&spec, &whole));
    AUTO(free) char *packed = aligned_memory_new(dnnl_op_weights_bytes(whole));
    AUTO(free) char *scratch = aligned_memory_new(dnnl_op_scratch_bytes(whole) + 1);
    KernelCase data;
    case_start(&data, "MatMul");
    case_input(&data, SHAPE(m, k), LAYOUT_PLAIN, false, 1);
    case_input(&data, SHAPE(k, n), LAYOUT_PLAIN, true, 2);
    case_input(&data, SHAPE(n), LAYOUT_PLAIN, true, 3);
    case_input(&data, SHAPE(m, n), LAYOUT_PLAIN, false, 4);
    case_input(&data, SHAPE(m, n), LAYOUT_PLAIN, false, 4); /* the same numbers */
    check_ok(dnnl_op_pack_weights(whole, data.inputs[1].data, packed));
    check_ok(dnnl_op_bind(whole, packed, data.inputs[2].data));
    MatmulColumnsSource source = { .spec = &spec,
                                   .whole = whole,
                                   .packed = packed,
                                   .bias = data.inputs[2].data,
                                   .threads = pool_thread_count(pool) };
    check_ok(matmul_columns_new(&source, &columns));
    assert_int_equal(columns != NULL, matmul_keeps_bits(whole) && m < 32);
    check_ok(
        dnnl_op_run(whole, (const void *[DNNL_SLOT_COUNT]){ [DNNL_SLOT_SRC] = data.inputs[0].data,
                                                            [DNNL_SLOT_DST] = data.inputs[3].data,
                                                            [DNNL_SLOT_SCRATCH] = scratch }));
    MatmulColumnsRun run = { .src = data.inputs[0].data,
                             .dst = data.inputs[4].data,
                             .has_sum = true };
    if (columns) {
        check_ok(matmul_columns_run(columns, pool, &run));
        assert_memory_equal(data.inputs[3].data, data.inputs[4].data,
                            (size_t)(m * n) * sizeof(float));
    }
    check_ok(packed_weights_new(&data.weights));
    case_end(&data);
}

static void test_slices_by_columns_give_the_same_bits(void **state) {
    (void)state;
    static const int64_t sizes[][3] = { { 1, 512, 300 }, { 1, 768, 768 },  { 2, 784, 512 },
                                        { 8, 512, 320 }, { 31, 700, 193 }, { 32, 512, 512 } };
    AUTO(pool_free) Pool *pool = NULL;
    check_ok(pool_new(3, &pool));
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++)
        check_columns(sizes[i][0], sizes[i][1], sizes[i][2], pool);
}

/* [2,B/2,rows,48] by [2,B/2,48,columns], both computed. */
static float *batch_result(int64_t count, Pool *pool, size_t *ret_bytes) {
    KernelCase test;
    case_start(&test, "MatMul");
    test.pool = pool;
    case_input(&test, SHAPE(2, count, 96, 48), LAYOUT_PLAIN, false, 1);
    case_input(&test, SHAPE(2, count, 48, 128), LAYOUT_PLAIN, false, 2);
    case_prepare(&test, &matmul_kernel_type, SHAPE(2, count, 96, 128), LAYOUT_PLAIN);
    for (int i = 0; i < (pool ? 20 : 1); i++) /* whoever helps, and if nobody does */
        case_run(&test);
    float *result = test.result;
    *ret_bytes = test.result_count * sizeof *result;
    test.result = NULL;
    case_end(&test);
    return result;
}

static void test_a_batch_of_products_in_slices_gives_the_same_bits(void **state) {
    (void)state;
    AUTO(pool_free) Pool *pool = NULL;
    check_ok(pool_new(3, &pool));
    for (int64_t count = 3; count <= 13; count += 5) {
        size_t bytes;
        float *alone = batch_result(count, NULL, &bytes);
        float *sliced = batch_result(count, pool, &bytes);
        assert_memory_equal(alone, sliced, bytes);
        free(alone);
        free(sliced);
    }
}

typedef struct Runner {
    const KernelCase *test;
    float *dst;
} Runner;

static void run_many(void *user) {
    const Runner *runner = user;
    for (int i = 0; i < 100; i++)
        case_run_into(runner->test, runner->dst);
}

static void test_threads_share_a_kernel(void **state) {
    (void)state;
    enum { THREADS = 8 };
    KernelCase test;
    case_start(&test, "MatMul");
    case_input(&test, SHAPE(9, 100), LAYOUT_PLAIN, false, 1);
    case_input(&test, SHAPE(100, 50), LAYOUT_PLAIN, true, 2);
    case_prepare(&test, &matmul_kernel_type, SHAPE(9, 50), LAYOUT_PLAIN);
    case_run(&test);
    Thread threads[THREADS] = { 0 };
    Runner runners[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        runners[i] = (Runner){ .test = &test, .dst = calloc(test.result_count, sizeof(float)) };
        check_ok(thread_start(&threads[i], THREAD_OTHER, "runner", run_many, &runners[i]));
    }
    for (size_t i = 0; i < THREADS; i++) {
        thread_join(&threads[i]);
        assert_memory_equal(runners[i].dst, test.result, test.result_count * sizeof(float));
        free(runners[i].dst);
    }
    case_end(&test);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matmul_equals_the_loops),
        cmocka_unit_test(test_gemm_equals_the_loops),
        cmocka_unit_test(test_bias_and_residual_together),
        cmocka_unit_test(test_a_row_has_the_same_bits_among_any_number_of_rows),
        cmocka_unit_test(test_slices_give_the_same_bits),
        cmocka_unit_test(test_slices_by_columns_give_the_same_bits),
        cmocka_unit_test(test_a_batch_of_products_in_slices_gives_the_same_bits),
        cmocka_unit_test(test_threads_share_a_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
