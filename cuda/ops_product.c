/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Matrix products through cublasLt. Row-major Y = A B is asked for as the column-major Yt = Bt At,
 * so its bias runs along ONNX's columns. Every operand lies at 256 bytes, which the heuristics are
 * told; the algorithm is chosen when the plan is made, never while a request runs. f32 is computed
 * in f32 exactly; narrow floats are summed in f32.
 *
 * A batch that both operands share, or that one of them repeats as a whole, is one strided call;
 * irregular broadcasting stays on the CPU.
 *
 * Thread: whoever plans; enqueueing on a lane's feeder.
 */

#include "cuda/build.h"

#include "runtime/base/size.h"

#include <string.h>

static cudaDataType_t data_type(DType dtype) {
    return dtype == DTYPE_F16 ? CUDA_R_16F : dtype == DTYPE_BF16 ? CUDA_R_16BF : CUDA_R_32F;
}

static bool has_type(DType dtype) {
    return dtype == DTYPE_F32 || dtype == DTYPE_F16 || dtype == DTYPE_BF16;
}

/* --- one call --- */

static Status make_layout(const Product *product, uint32_t rows, uint32_t columns, int64_t row,
                          int64_t stride, cublasLtMatrixLayout_t *ret_layout) {
    TRY_CUBLAS(
        cublasLtMatrixLayoutCreate(ret_layout, data_type(product->dtype), columns, rows, row));
    int32_t batch = (int32_t)product->batch;
    TRY_CUBLAS(cublasLtMatrixLayoutSetAttribute(*ret_layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT,
                                                &batch, sizeof batch));
    TRY_CUBLAS(cublasLtMatrixLayoutSetAttribute(
        *ret_layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, sizeof stride));
    return status_ok();
}

static cublasLtEpilogue_t epilogue_of(const Product *product) {
    if (product->bias)
        return product->relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS;
    return product->relu ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT;
}

static Status make_desc(const Product *product, cublasLtMatmulDesc_t *ret_desc) {
    TRY_CUBLAS(cublasLtMatmulDescCreate(ret_desc, CUBLAS_COMPUTE_32F, CUDA_R_32F));
    cublasOperation_t of_b = product->turned_b ? CUBLAS_OP_T : CUBLAS_OP_N;
    cublasOperation_t of_a = product->turned_a ? CUBLAS_OP_T : CUBLAS_OP_N;
    cublasLtEpilogue_t epilogue = epilogue_of(product);
    TRY_CUBLAS(
        cublasLtMatmulDescSetAttribute(*ret_desc, CUBLASLT_MATMUL_DESC_TRANSA, &of_b, sizeof of_b));
    TRY_CUBLAS(
        cublasLtMatmulDescSetAttribute(*ret_desc, CUBLASLT_MATMUL_DESC_TRANSB, &of_a, sizeof of_a));
    TRY_CUBLAS(cublasLtMatmulDescSetAttribute(*ret_desc, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue,
                                              sizeof epilogue));
    if (product->bias) {
        cudaDataType_t type = data_type(product->dtype);
        TRY_CUBLAS(cublasLtMatmulDescSetAttribute(*ret_desc, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE,
                                                  &type, sizeof type));
    }
    return status_ok();
}

static Status ask_heuristics(const CudaDevice *device, Gemm *gemm,
                             cublasLtMatmulPreference_t preference) {
    uint32_t alignment = DEVICE_ALIGNMENT;
    static const cublasLtMatmulPreferenceAttributes_t alignments[] = {
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(alignments); i++)
        TRY_CUBLAS(cublasLtMatmulPreferenceSetAttribute(preference, alignments[i], &alignment,
                                                        sizeof alignment));
    TRY_CUBLAS(cublasLtMatmulPreferenceSetAttribute(
        preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &device->workspace_bytes,
        sizeof device->workspace_bytes));
    cublasLtMatmulHeuristicResult_t result;
    int count = 0;
    TRY_CUBLAS(cublasLtMatmulAlgoGetHeuristic(device->blas, gemm->desc, gemm->a, gemm->b, gemm->c,
                                              gemm->d, preference, 1, &result, &count));
    if (count == 0)
        return status_error(STATUS_UNIMPLEMENTED, "cublasLt has no algorithm for this product");
    gemm->algo = result.algo;
    gemm->workspace_bytes = result.workspaceSize;
    return status_ok();
}

/* Column-major: cuBLAS' A is our B, and the other way round. */
static Status fill_gemm(const CudaDevice *device, const Product *product, Gemm *gemm) {
    TRY(make_desc(product, &gemm->desc));
    uint32_t m = product->m, n = product->n, k = product->k;
    TRY(make_layout(product, product->turned_b ? n : k, product->turned_b ? k : n, product->row_b,
                    product->stride_b, &gemm->a));
    TRY(make_layout(product, product->turned_a ? k : m, product->turned_a ? m : k, product->row_a,
                    product->stride_a, &gemm->b));
    TRY(make_layout(product, m, n, product->row_d, product->stride_d, &gemm->c));
    TRY(make_layout(product, m, n, product->row_d, product->stride_d, &gemm->d));
    cublasLtMatmulPreference_t preference;
    TRY_CUBLAS(cublasLtMatmulPreferenceCreate(&preference));
    Status status = ask_heuristics(device, gemm, preference);
    (void)cublasLtMatmulPreferenceDestroy(preference);
    return status;
}

bool build_product(NodeBuild *build, const Product *product) {
    if (!has_type(product->dtype) || product->m == 0 || product->n == 0 || product->k == 0)
        return false;
    if (!build->program)
        return true;
    Step *step = build_step(build, &gemm_step);
    if (!step)
        return false;
    step->gemm = (Gemm){ .place_a = product->b,
                         .place_b = product->a,
                         .place_c = product->c ? product->c : product->d,
                         .place_d = product->d,
                         .bias = product->bias,
                         .alpha = product->alpha,
                         .beta = product->c ? 1 : 0 };
    Status status = fill_gemm(build->model->device, product, &step->gemm);
    if (!status_is_ok(&status))
        return build_failed(build, status);
    Program *program = build->program;
    program->workspace_bytes = MAX_OF(program->workspace_bytes, step->gemm.workspace_bytes);
    return true;
}

static Status enqueue_gemm(const Step *step, const Enqueue *enqueue) {
    const Gemm *gemm = &step->gemm;
    if (gemm->bias) { /* of one lane, and one run at a time is enqueued */
        const void *bias = enqueue_address(enqueue, gemm->bias);
        TRY_CUBLAS(cublasLtMatmulDescSetAttribute(gemm->desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER,
                                                  &bias, sizeof bias));
    }
    TRY_CUBLAS(cublasLtMatmul(
        enqueue->blas, gemm->desc, &gemm->alpha, enqueue_address(enqueue, gemm->place_a), gemm->a,
        enqueue_address(enqueue, gemm->place_b), gemm->b, &gemm->beta,
        enqueue_address(enqueue, gemm->place_c), gemm->c, enqueue_address(enqueue, gemm->place_d),
        gemm->d, &gemm->algo, enqueue->arena, gemm->workspace_bytes, enqueue->stream));
    return status_ok();
}

static void deinit_gemm(Step *step) {
    Gemm *gemm = &step->gemm;
    cublasLtMatrixLayout_t layouts[] = { gemm->a, gemm->b, gemm->c, gemm->d };
    for (size_t i = 0; i < ARRAY_LENGTH(layouts); i++)
        if (layouts[i])
            (void)cublasLtMatrixLayoutDestroy(layouts[i]);
    if (gemm->desc)
        (void)cublasLtMatmulDescDestroy(gemm->desc);
}

const StepType gemm_step = { .name = "cublas", .enqueue = enqueue_gemm, .deinit = deinit_gemm };

/* --- operators --- */

static bool plain_port(const Value *value, DType dtype) {
    return value && value->dtype == dtype && value_count(value) > 0 && value_is_plain(value);
}

static bool read_epilogue(const NodeBuild *build, Product *product) {
    const Node *node = build->node;
    for (uint32_t i = 0; i < node->epilogue_count; i++) {
        const EpilogueStep *step = &node->epilogue[i];
        if (step->kind == EPILOGUE_ADD && i == 0)
            product->c = arg_input(build, step->input).place;
        else if (step->kind == EPILOGUE_RELU && i + 1 == node->epilogue_count)
            product->relu = true;
        else
            return false;
    }
    return true;
}

/* Batch dims of both sides, read against the result's: the same, one or none. */
static bool batch_of(const Shape *factor, const Shape *result, int32_t own, int64_t *ret_stride) {
    int32_t batch_rank = factor->rank - own, shift = result->rank - own - batch_rank;
    int64_t count = 1, all = 1;
    for (int32_t i = 0; i < result->rank - own; i++)
        all *= result->dims[i];
    for (int32_t i = 0; i < batch_rank; i++)
        count *= factor->dims[i];
    *ret_stride = count == 1 ? 0 : factor->dims[factor->rank - 2] * factor->dims[factor->rank - 1];
    return shift >= 0 && (count == 1 || count == all);
}

bool build_matmul(NodeBuild *build) {
    const Value *a = build_input(build, 0), *b = build_input(build, 1),
                *result = build_output(build, 0);
    if (!plain_port(result, result->dtype) || !plain_port(a, result->dtype) ||
        !plain_port(b, result->dtype) || a->shape.rank < 2 || b->shape.rank < 2)
        return false;
    Product product = { .dtype = result->dtype, .batch = 1, .alpha = 1 };
    product.m = (uint32_t)a->shape.dims[a->shape.rank - 2];
    product.k = (uint32_t)a->shape.dims[a->shape.rank - 1];
    product.n = (uint32_t)b->shape.dims[b->shape.rank - 1];
    if (!batch_of(&a->shape, &result->shape, 2, &product.stride_a) ||
        !batch_of(&b->shape, &result->shape, 2, &product.stride_b))
        return false;
    uint32_t batch = value_count(result) / product.m / product.n;
    if (product.stride_b == 0 && (product.stride_a != 0 || batch == 1)) {
        product.m *= batch; /* one tall product */
        product.stride_a = 0;
    } else {
        product.batch = batch;
        product.stride_d = (int64_t)product.m * product.n;
    }
    product.row_a = product.k;
    product.row_b = product.row_d = product.n;
    product.a = arg_input(build, 0).place;
    product.b = arg_input(build, 1).place;
    product.d = arg_output(build, 0).place;
    if (build_input(build, 2) && value_count(build_input(build, 2)) != product.n)
        return false;
    product.bias = arg_input(build, 2).place;
    return read_epilogue(build, &product) && build_product(build, &product);
}

/* C as a bias of one number a column, or as a residual of the result's own shape. */
static bool read_c(const NodeBuild *build, const Value *result, Product *product) {
    const Value *c = build_input(build, 2);
    float beta = node_get_float(build->node, "beta", 1);
    if (!c || beta == 0.0f)
        return true;
    if (beta != 1.0f || product->alpha != 1.0f || !plain_port(c, result->dtype))
        return false;
    bool is_row = value_count(c) == product->n && c->shape.dims[c->shape.rank - 1] == product->n;
    if (c->shape.rank >= 1 && is_row)
        product->bias = arg_input(build, 2).place;
    else if (shape_equal(&c->shape, &result->shape) && product->c == 0)
        product->c = arg_input(build, 2).place;
    else
        return false;
    return true;
}

bool build_gemm(NodeBuild *build) {
    const Value *a = build_input(build, 0), *b = build_input(build, 1),
                *result = build_output(build, 0);
    if (!plain_port(result, result->dtype) || !plain_port(a, result->dtype) ||
        !plain_port(b, result->dtype))
        return false;
    Product product = { .dtype = result->dtype,
                        .batch = 1,
                        .turned_a = node_get_int(build->node, "transA", 0) != 0,
                        .turned_b = node_get_int(build->node, "transB", 0) != 0,
                        .alpha = node_get_float(build->node, "alpha", 1) };
    product.m = (uint32_t)result->shape.dims[0];
    product.n = (uint32_t)result->shape.dims[1];
    product.k = (uint32_t)a->shape.dims[product.turned_a ? 0 : 1];
    product.row_a = product.turned_a ? product.m : product.k;
    product.row_b = product.turned_b ? product.k : product.n;
    product.row_d = product.n;
    product.a = arg_input(build, 0).place;
    product.b = arg_input(build, 1).place;
    product.d = arg_output(build, 0).place;
    return read_epilogue(build, &product) && read_c(build, result, &product) &&
           build_product(build, &product);
}
