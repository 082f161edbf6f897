/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * cublasLt without a GPU, as strict as its text: layouts must fit their operations, operands must
 * be aligned as the heuristics were told, an algorithm belongs to the problem it was chosen for,
 * the workspace must be as large as asked, and everything must lie in live device memory when the
 * call is made and again when it runs. Unknown attributes and types are violations, not guesses.
 *
 * Column-major, as the library is. Sums are f32; the workspace is overwritten.
 */

#include "tests/cuda/sim/sim.h"
#include "tests/cuda/sim/sim_numbers.h"

#include <cublasLt.h>

#include <stdlib.h>
#include <string.h>

enum { WORKSPACE_BYTES = 1 << 20 };

typedef struct Desc {
    cublasOperation_t of_a, of_b;
    cublasLtEpilogue_t epilogue;
    const void *bias;
    cudaDataType_t bias_type;
} Desc;

typedef struct Layout {
    cudaDataType_t type;
    uint64_t rows, columns;
    int64_t leading, stride;
    int32_t batch;
} Layout;

typedef struct Preference {
    uint32_t alignment[4];
    uint64_t workspace;
} Preference;

typedef struct Algo {
    uint64_t magic, key;
    uint32_t alignment[4];
} Algo;
#define ALGO_MAGIC UINT64_C(0x414C474F)
_Static_assert(sizeof(Algo) <= sizeof(cublasLtMatmulAlgo_t), "fits");

static long handles;

static void *must(void *memory) {
    if (!memory)
        abort();
    return memory;
}

size_t cublasLtGetVersion(void) {
    return CUBLAS_VERSION;
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle) {
    sim_lock();
    bool ok = sim_call("cublasLtCreate") && sim_sticky() == cudaSuccess;
    handles += ok;
    sim_unlock();
    if (!ok)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    *handle = must(calloc(1, 64));
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
    sim_lock();
    handles--;
    sim_unlock();
    free(handle);
    return CUBLAS_STATUS_SUCCESS;
}

__attribute__((destructor)) static void finish(void) {
    if (handles != 0 && sim_sticky() == cudaSuccess)
        sim_violation("leak: %ld cublasLt handles", handles);
}

/* --- descriptors --- */

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *desc, cublasComputeType_t compute,
                                        cudaDataType_t scale) {
    if (compute != CUBLAS_COMPUTE_32F || scale != CUDA_R_32F)
        sim_violation("cublasLt: compute type %d, expected exact f32", (int)compute);
    Desc *made = must(calloc(1, sizeof *made));
    made->epilogue = CUBLASLT_EPILOGUE_DEFAULT;
    *desc = (cublasLtMatmulDesc_t)(void *)made;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t desc) {
    free(desc);
    return CUBLAS_STATUS_SUCCESS;
}

typedef struct Field {
    int attribute;
    size_t offset, bytes;
} Field;

static cublasStatus_t set_field(const char *what, const Field *fields, size_t count, void *object,
                                int attribute, const void *value, size_t bytes) {
    for (size_t i = 0; i < count; i++)
        if (fields[i].attribute == attribute && fields[i].bytes == bytes) {
            memcpy((char *)object + fields[i].offset, value, bytes);
            return CUBLAS_STATUS_SUCCESS;
        }
    sim_violation("cublasLt: %s attribute %d of %zu bytes", what, attribute, bytes);
    return CUBLAS_STATUS_INVALID_VALUE;
}
#define FIELD(type, member, attribute)                                                             \
    { attribute, offsetof(type, member), sizeof(((type *)0)->member) }

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc,
                                              cublasLtMatmulDescAttributes_t attribute,
                                              const void *value, size_t bytes) {
    static const Field fields[] = {
        FIELD(Desc, of_a, CUBLASLT_MATMUL_DESC_TRANSA),
        FIELD(Desc, of_b, CUBLASLT_MATMUL_DESC_TRANSB),
        FIELD(Desc, epilogue, CUBLASLT_MATMUL_DESC_EPILOGUE),
        FIELD(Desc, bias, CUBLASLT_MATMUL_DESC_BIAS_POINTER),
        FIELD(Desc, bias_type, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE),
    };
    return set_field("matmul", fields, sizeof fields / sizeof *fields, desc, (int)attribute, value,
                     bytes);
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *layout, cudaDataType type,
                                          uint64_t rows, uint64_t columns, int64_t leading) {
    if (leading < (int64_t)rows)
        sim_violation("cublasLt: leading dimension %lld of a matrix of %llu rows",
                      (long long)leading, (unsigned long long)rows);
    Layout *made = must(calloc(1, sizeof *made));
    *made =
        (Layout){ .type = type, .rows = rows, .columns = columns, .leading = leading, .batch = 1 };
    *layout = (cublasLtMatrixLayout_t)(void *)made;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
    free(layout);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute,
                                                const void *value, size_t bytes) {
    static const Field fields[] = {
        FIELD(Layout, batch, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT),
        FIELD(Layout, stride, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET),
    };
    return set_field("layout", fields, sizeof fields / sizeof *fields, layout, (int)attribute,
                     value, bytes);
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *preference) {
    *preference = must(calloc(1, sizeof(Preference)));
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
    free(preference);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void *value, size_t bytes) {
    static const Field fields[] = {
        FIELD(Preference, alignment[0], CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES),
        FIELD(Preference, alignment[1], CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES),
        FIELD(Preference, alignment[2], CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES),
        FIELD(Preference, alignment[3], CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES),
        FIELD(Preference, workspace, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES),
    };
    return set_field("preference", fields, sizeof fields / sizeof *fields, preference,
                     (int)attribute, value, bytes);
}

/* --- problems --- */

typedef struct Problem {
    Desc desc;
    Layout a, b, c, d;
    float alpha, beta;
    const void *at_a, *at_b, *at_c;
    void *at_d, *workspace;
    size_t workspace_bytes;
} Problem;

static uint64_t mix(uint64_t key, uint64_t number) {
    return (key ^ number) * UINT64_C(0x9E3779B97F4A7C15) + (key >> 31);
}

static uint64_t problem_key(const Problem *p) {
    const Layout *layouts[] = { &p->a, &p->b, &p->c, &p->d };
    uint64_t key = mix(mix(mix(1, p->desc.of_a), p->desc.of_b), p->desc.epilogue);
    for (size_t i = 0; i < 4; i++) {
        key = mix(mix(mix(key, layouts[i]->type), layouts[i]->rows), layouts[i]->columns);
        key = mix(mix(mix(key, (uint64_t)layouts[i]->leading), (uint64_t)layouts[i]->batch),
                  (uint64_t)layouts[i]->stride);
    }
    return key;
}

static bool turned(cublasOperation_t operation) {
    return operation == CUBLAS_OP_T;
}

static bool shapes_fit(const Problem *p) {
    uint64_t m = turned(p->desc.of_a) ? p->a.columns : p->a.rows;
    uint64_t k = turned(p->desc.of_a) ? p->a.rows : p->a.columns;
    uint64_t k_b = turned(p->desc.of_b) ? p->b.columns : p->b.rows;
    uint64_t n = turned(p->desc.of_b) ? p->b.rows : p->b.columns;
    bool fit = k == k_b && m == p->d.rows && n == p->d.columns && p->c.rows == m &&
               p->c.columns == n && p->a.batch == p->b.batch && p->a.batch == p->d.batch &&
               p->a.type == p->b.type && p->a.type == p->d.type && sim_number_bytes(p->a.type) > 0;
    if (!fit)
        sim_violation("cublasLt: %llux%llu times %llux%llu is not %llux%llu", (unsigned long long)m,
                      (unsigned long long)k, (unsigned long long)k_b, (unsigned long long)n,
                      (unsigned long long)p->d.rows, (unsigned long long)p->d.columns);
    if (p->d.batch > 1 && p->d.stride == 0)
        sim_violation("cublasLt: a batch of results in one place");
    return fit;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int wanted,
                                              cublasLtMatmulHeuristicResult_t *results,
                                              int *ret_count) {
    (void)handle;
    const Preference *asked = (const void *)preference;
    Problem problem = { .desc = *(const Desc *)(const void *)desc,
                        .a = *(const Layout *)(const void *)a,
                        .b = *(const Layout *)(const void *)b,
                        .c = *(const Layout *)(const void *)c,
                        .d = *(const Layout *)(const void *)d };
    sim_lock();
    bool ok = sim_call("cublasLtMatmulAlgoGetHeuristic") && shapes_fit(&problem);
    sim_unlock();
    *ret_count = 0;
    if (!ok || wanted < 1)
        return CUBLAS_STATUS_NOT_SUPPORTED;
    Algo algo = { .magic = ALGO_MAGIC, .key = problem_key(&problem) };
    memcpy(algo.alignment, asked->alignment, sizeof algo.alignment);
    memset(&results[0], 0, sizeof results[0]);
    memcpy(&results[0].algo, &algo, sizeof algo);
    results[0].workspaceSize =
        asked->workspace < WORKSPACE_BYTES ? asked->workspace : (size_t)WORKSPACE_BYTES;
    *ret_count = 1;
    return CUBLAS_STATUS_SUCCESS;
}

static size_t extent_bytes(const Layout *layout) {
    int64_t last = (int64_t)(layout->columns - 1) * layout->leading + (int64_t)layout->rows +
                   (layout->batch - 1) * layout->stride;
    return (size_t)last * sim_number_bytes(layout->type);
}

static bool memory_ok(const Problem *p, const char *when) {
    struct {
        const char *name;
        const void *at;
        size_t bytes;
    } parts[] = {
        { "A", p->at_a, extent_bytes(&p->a) },
        { "B", p->at_b, extent_bytes(&p->b) },
        { "C", p->at_c, p->beta != 0 ? extent_bytes(&p->c) : 0 },
        { "D", p->at_d, extent_bytes(&p->d) },
        { "workspace", p->workspace, p->workspace_bytes },
        { "bias", p->desc.bias, p->d.rows * sim_number_bytes(p->d.type) },
    };
    bool has_bias = p->desc.epilogue == CUBLASLT_EPILOGUE_BIAS ||
                    p->desc.epilogue == CUBLASLT_EPILOGUE_RELU_BIAS;
    for (size_t i = 0; i < sizeof parts / sizeof *parts - !has_bias; i++)
        if (!sim_range_ok(parts[i].at, parts[i].bytes)) {
            sim_violation("cublasLt: %s (%zu bytes) leaves its device allocation %s", parts[i].name,
                          parts[i].bytes, when);
            return false;
        }
    return true;
}

/* --- the product --- */

/* One matrix of a batch as dense rows of f32: [rows][columns] of op(matrix), row by row. */
static float *read_matrix(const Layout *layout, const void *at, int32_t batch, bool turn) {
    float *dense = must(malloc(layout->rows * layout->columns * sizeof *dense));
    for (uint64_t column = 0; column < layout->columns; column++)
        for (uint64_t row = 0; row < layout->rows; row++) {
            int64_t from =
                (int64_t)column * layout->leading + (int64_t)row + batch * layout->stride;
            uint64_t to = turn ? column * layout->rows + row : row * layout->columns + column;
            dense[to] = sim_number_get(layout->type, at, from);
        }
    return dense;
}

static void write_result(const Problem *p, const float *sums, int32_t batch) {
    bool relu = p->desc.epilogue == CUBLASLT_EPILOGUE_RELU ||
                p->desc.epilogue == CUBLASLT_EPILOGUE_RELU_BIAS;
    bool bias = p->desc.epilogue == CUBLASLT_EPILOGUE_BIAS ||
                p->desc.epilogue == CUBLASLT_EPILOGUE_RELU_BIAS;
    for (uint64_t column = 0; column < p->d.columns; column++)
        for (uint64_t row = 0; row < p->d.rows; row++) {
            int64_t at = (int64_t)column * p->d.leading + (int64_t)row + batch * p->d.stride;
            int64_t of_c = (int64_t)column * p->c.leading + (int64_t)row + batch * p->c.stride;
            float x = p->alpha * sums[column * p->d.rows + row];
            if (p->beta != 0)
                x += p->beta * sim_number_get(p->c.type, p->at_c, of_c);
            if (bias)
                x += sim_number_get(p->d.type, p->desc.bias, (int64_t)row);
            sim_number_set(p->d.type, p->at_d, at, relu && x < 0 ? 0 : x);
        }
}

static void run_matmul(void *context) {
    const Problem *p = context;
    if (!memory_ok(p, "when it runs"))
        return;
    memset(p->workspace, 0xEE, p->workspace_bytes);
    uint64_t m = p->d.rows, n = p->d.columns;
    uint64_t k = turned(p->desc.of_a) ? p->a.rows : p->a.columns;
    float *sums = must(malloc(m * n * sizeof *sums));
    for (int32_t batch = 0; batch < p->d.batch; batch++) {
        /* A as [k][m], B as [n][k] */
        float *a = read_matrix(&p->a, p->at_a, batch, !turned(p->desc.of_a));
        float *b = read_matrix(&p->b, p->at_b, batch, !turned(p->desc.of_b));
        memset(sums, 0, m * n * sizeof *sums);
        for (uint64_t column = 0; column < n; column++)
            for (uint64_t inner = 0; inner < k; inner++)
                for (uint64_t row = 0; row < m; row++)
                    sums[column * m + row] += a[inner * m + row] * b[column * k + inner];
        write_result(p, sums, batch);
        free(a);
        free(b);
    }
    free(sums);
}

static bool aligned(const Problem *p, const Algo *algo) {
    const void *at[] = { p->at_a, p->at_b, p->beta != 0 ? p->at_c : NULL, p->at_d };
    for (size_t i = 0; i < 4; i++)
        if (algo->alignment[i] && (uintptr_t)at[i] % algo->alignment[i] != 0) {
            sim_violation("cublasLt: operand %zu is not aligned to %u, as the heuristics were told",
                          i, algo->alignment[i]);
            return false;
        }
    return true;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void *alpha,
                              const void *at_a, cublasLtMatrixLayout_t a, const void *at_b,
                              cublasLtMatrixLayout_t b, const void *beta, const void *at_c,
                              cublasLtMatrixLayout_t c, void *at_d, cublasLtMatrixLayout_t d,
                              const cublasLtMatmulAlgo_t *chosen, void *workspace,
                              size_t workspace_bytes, cudaStream_t stream) {
    (void)handle;
    Problem p = { .desc = *(const Desc *)(const void *)desc,
                  .a = *(const Layout *)(const void *)a,
                  .b = *(const Layout *)(const void *)b,
                  .c = *(const Layout *)(const void *)c,
                  .d = *(const Layout *)(const void *)d,
                  .alpha = *(const float *)alpha,
                  .beta = *(const float *)beta,
                  .at_a = at_a,
                  .at_b = at_b,
                  .at_c = at_c,
                  .at_d = at_d,
                  .workspace = workspace,
                  .workspace_bytes = workspace_bytes };
    Algo algo;
    memcpy(&algo, chosen, sizeof algo);
    sim_lock();
    cublasStatus_t status = CUBLAS_STATUS_INVALID_VALUE;
    if (!sim_call("cublasLtMatmul") || sim_sticky() != cudaSuccess)
        status = CUBLAS_STATUS_EXECUTION_FAILED;
    else if (algo.magic != ALGO_MAGIC || algo.key != problem_key(&p))
        sim_violation("cublasLt: the algorithm was chosen for another product");
    else if (workspace_bytes < WORKSPACE_BYTES)
        sim_violation("cublasLt: a workspace of %zu bytes is too small", workspace_bytes);
    else if (shapes_fit(&p) && memory_ok(&p, "when it is asked for") && aligned(&p, &algo))
        status = sim_enqueue(stream, "product", run_matmul, &p, sizeof p) == cudaSuccess
                     ? CUBLAS_STATUS_SUCCESS
                     : CUBLAS_STATUS_EXECUTION_FAILED;
    sim_unlock();
    return status;
}
