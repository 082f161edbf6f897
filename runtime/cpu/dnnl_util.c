/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * oneDNN behind our own interface: making operations. One engine for the process and a stream a
 * thread; a primitive is immutable, keeps no scratchpad of its own (user mode) and so may run on
 * many threads at once (dnnl_run.c).
 *
 * Posts: the implementation chosen without any post is the yardstick. Posts are dropped from the
 * end until the library offers the same implementation with them: with a full-sized binary
 * post, 2.6 leaves its blocked-GEMM convolutions for ones up to 10x slower, and a pass of our own
 * over the result is cheaper.
 *
 * Versions: written for 2.x. With 3.x descriptors become handles, X_desc_init and
 * primitive_desc_create become one call, eltwise posts lose their scale and hard-swish gains alpha
 * and beta; all such calls are in this file.
 *
 * Thread: a loader, or a worker that meets new shapes.
 */

#include "runtime/cpu/dnnl_internal.h"

#include "runtime/base/size.h"
#include "runtime/base/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

_Static_assert(DNNL_VERSION_MAJOR == 2,
               "written for oneDNN 2.x; see the list above for what 3.x changes");

/* libgomp's, which Debian's oneDNN runs on. Declared here since omp.h comes with gcc alone, and
 * that of clang belongs to another library. */
void omp_set_num_threads(int count);

dnnl_engine_t dnnl_the_engine;
static dnnl_status_t engine_status;
static pthread_once_t engine_once = PTHREAD_ONCE_INIT;
static pthread_key_t stream_key; /* frees a thread's stream at its end */
_Thread_local dnnl_stream_t dnnl_thread_stream;
_Thread_local size_t dnnl_thread_slot;
static _Atomic size_t next_thread_slot;

Status dnnl_check(dnnl_status_t result, const char *what) {
    switch (result) {
    case dnnl_success:
        return status_ok();
    case dnnl_out_of_memory:
        return status_error(STATUS_RESOURCE_EXHAUSTED, "%s: out of memory", what);
    case dnnl_unimplemented:
        return status_error(STATUS_UNIMPLEMENTED, "%s: not offered by oneDNN", what);
    default:
        return status_error(STATUS_INTERNAL, "%s: oneDNN error %d", what, (int)result);
    }
}

static void stream_end(void *stream) {
    dnnl_stream_destroy(stream);
}

static void engine_start(void) {
    engine_status = dnnl_engine_create(&dnnl_the_engine, dnnl_cpu, 0);
    if (pthread_key_create(&stream_key, stream_end) != 0)
        engine_status = dnnl_out_of_memory;
}

/* Makes sure of dnnl_the_engine, stream and thread count; one load once that is done. */
Status dnnl_thread_ready(void) {
    if (dnnl_thread_stream)
        return status_ok();
    pthread_once(&engine_once, engine_start);
    TRY(dnnl_check(engine_status, "engine"));
    omp_set_num_threads(1);
    dnnl_stream_t stream;
    TRY(dnnl_check(dnnl_stream_create(&stream, dnnl_the_engine, dnnl_stream_default_flags),
                   "stream"));
    if (pthread_setspecific(stream_key, stream) != 0) {
        dnnl_stream_destroy(stream);
        return status_error(STATUS_RESOURCE_EXHAUSTED, "stream: out of memory");
    }
    dnnl_thread_stream = stream;
    dnnl_thread_slot = atomic_fetch_add_explicit(&next_thread_slot, 1, memory_order_relaxed);
    return status_ok();
}

void dnnl_thread_setup(void) {
    /* A failure is reported by the operation that needs it. */
    Status status = dnnl_thread_ready();
    (void)status;
}

/* Each set of instructions has the bits of those below it. */
static bool has_isa(unsigned wanted) {
    return (dnnl_get_effective_cpu_isa() & wanted) == wanted;
}

bool dnnl_has_bf16(void) {
    return has_isa(dnnl_cpu_isa_avx512_core_bf16);
}

/* Below VNNI pairs of products are summed in 16 bits. */
bool dnnl_has_int8(void) {
    return has_isa(dnnl_cpu_isa_avx512_core_vnni) || has_isa(dnnl_cpu_isa_avx2_vnni);
}

static const dnnl_data_type_t data_types[] = {
    [DTYPE_INVALID] = dnnl_f32, [DTYPE_F32] = dnnl_f32, [DTYPE_BF16] = dnnl_bf16,
    [DTYPE_I8] = dnnl_s8,       [DTYPE_U8] = dnnl_u8,   [DTYPE_I32] = dnnl_s32,
};

static Status describe(const DnnlView *view, bool any, dnnl_memory_desc_t *ret_desc) {
    if (view->dtype >= ARRAY_LENGTH(data_types) || !data_types[view->dtype])
        return status_error(STATUS_UNIMPLEMENTED, "oneDNN: no type %s", dtype_name(view->dtype));
    dnnl_data_type_t type = data_types[view->dtype];
    dnnl_dims_t dims, strides;
    for (int32_t i = 0; i < view->rank; i++) {
        dims[i] = view->dims[i];
        strides[i] = view->strides[i];
    }
    return dnnl_check(
        any ? dnnl_memory_desc_init_by_tag(ret_desc, view->rank, dims, type, dnnl_format_tag_any)
            : dnnl_memory_desc_init_by_strides(ret_desc, view->rank, dims, type, strides),
        "memory descriptor");
}

/* How a step is spelled as posts of the library: its operation, or a scaled sum of constants from
 * alpha and beta. */
typedef struct EltwiseRow {
    bool known, takes_alpha, takes_beta;
    dnnl_alg_kind_t algorithm;
    float alpha;
} EltwiseRow;

static const EltwiseRow eltwise_rows[] = {
    [EPILOGUE_RELU] = { .known = true, .algorithm = dnnl_eltwise_relu },
    [EPILOGUE_LEAKY_RELU] = { .known = true, .takes_alpha = true, .algorithm = dnnl_eltwise_relu },
    [EPILOGUE_CLIP] = { .known = true,
                        .takes_alpha = true,
                        .takes_beta = true,
                        .algorithm = dnnl_eltwise_clip },
    [EPILOGUE_SIGMOID] = { .known = true, .algorithm = dnnl_eltwise_logistic },
    [EPILOGUE_TANH] = { .known = true, .algorithm = dnnl_eltwise_tanh },
    [EPILOGUE_HARD_SIGMOID] = { .known = true,
                                .takes_alpha = true,
                                .takes_beta = true,
                                .algorithm = dnnl_eltwise_linear },
    [EPILOGUE_HARD_SWISH] = { .known = true, .algorithm = dnnl_eltwise_hardswish },
    [EPILOGUE_SWISH] = { .known = true, .takes_alpha = true, .algorithm = dnnl_eltwise_swish },
    [EPILOGUE_GELU] = { .known = true, .algorithm = dnnl_eltwise_gelu_erf },
    [EPILOGUE_LINEAR] = { .known = true,
                          .takes_alpha = true,
                          .takes_beta = true,
                          .algorithm = dnnl_eltwise_linear },
};

static Status append_eltwise(dnnl_post_ops_t posts, const EpilogueStep *step) {
    const EltwiseRow *row = &eltwise_rows[step->kind];
    TRY(dnnl_check(dnnl_post_ops_append_eltwise(posts, 1.0f, row->algorithm,
                                                row->takes_alpha ? step->alpha : 0,
                                                row->takes_beta ? step->beta : 0),
                   "post"));
    if (step->kind != EPILOGUE_HARD_SIGMOID)
        return status_ok();
    return dnnl_check(dnnl_post_ops_append_eltwise(posts, 1.0f, dnnl_eltwise_clip, 0, 1), "post");
}

static Status append_post(DnnlOp *op, dnnl_post_ops_t posts, const DnnlPost *post, size_t index) {
    if (post->step.kind != EPILOGUE_ADD && post->step.kind != EPILOGUE_MUL)
        return append_eltwise(posts, &post->step);
    if (post->in_dst)
        return dnnl_check(dnnl_post_ops_append_sum(posts, 1.0f), "post");
    DnnlOpArg *arg = &op->args[op->arg_count];
    TRY(describe(&post->operand, false, &arg->desc));
    arg->id = DNNL_ARG_ATTR_MULTIPLE_POST_OP(dnnl_post_ops_len(posts)) | DNNL_ARG_SRC_1;
    arg->slot = DNNL_SLOT_POST + (DnnlSlot)index;
    op->arg_count++;
    return dnnl_check(
        dnnl_post_ops_append_binary(
            posts, post->step.kind == EPILOGUE_ADD ? dnnl_binary_add : dnnl_binary_mul, &arg->desc),
        "post");
}

static Status set_quantization(dnnl_primitive_attr_t attributes, const DnnlQuantization *numbers) {
    int mask = numbers->scale_count > 1 ? 1 << 1 : 0;
    TRY(dnnl_check(dnnl_primitive_attr_set_output_scales(
                       attributes, (dnnl_dim_t)numbers->scale_count, mask, numbers->scales),
                   "scales"));
    const struct {
        int arg;
        int32_t zero;
    } zeros[] = { { DNNL_ARG_SRC, numbers->src_zero }, { DNNL_ARG_DST, numbers->dst_zero } };
    for (size_t i = 0; i < ARRAY_LENGTH(zeros); i++)
        if (zeros[i].zero != 0)
            TRY(dnnl_check(
                dnnl_primitive_attr_set_zero_points(attributes, zeros[i].arg, 1, 0, &zeros[i].zero),
                "zero points"));
    return status_ok();
}

/* Fills op->args with the operands of the first count posts. */
static Status attributes_new(DnnlOp *op, const DnnlPost *posts, size_t count,
                             dnnl_primitive_attr_t *ret_attributes) {
    dnnl_post_ops_t list = NULL;
    dnnl_primitive_attr_t attributes = NULL;
    op->arg_count = 0;
    Status status = dnnl_check(dnnl_post_ops_create(&list), "posts");
    for (size_t i = 0; i < count && status_is_ok(&status); i++)
        status = append_post(op, list, &posts[i], i);
    if (status_is_ok(&status))
        status = dnnl_check(dnnl_primitive_attr_create(&attributes), "attributes");
    if (status_is_ok(&status))
        status = dnnl_check(
            dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
            "attributes");
    if (status_is_ok(&status))
        status = dnnl_check(dnnl_primitive_attr_set_post_ops(attributes, list),
                            "attributes"); /* copies */
    if (status_is_ok(&status) && op->quantization)
        status = set_quantization(attributes, op->quantization);
    if (list)
        dnnl_post_ops_destroy(list);
    if (!status_is_ok(&status)) {
        if (attributes)
            dnnl_primitive_attr_destroy(attributes);
        return status;
    }
    *ret_attributes = attributes;
    return status_ok();
}

static const char *implementation_of(dnnl_primitive_desc_t desc) {
    const char *text = "?";
    return dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &text) == dnnl_success
               ? text
               : "?";
}

static Status desc_with_posts(DnnlOp *op, const_dnnl_op_desc_t what, const DnnlPost *posts,
                              size_t count, dnnl_primitive_desc_t *ret_desc) {
    dnnl_primitive_attr_t attributes;
    TRY(attributes_new(op, posts, count, &attributes));
    dnnl_status_t result =
        dnnl_primitive_desc_create(ret_desc, what, attributes, dnnl_the_engine, NULL);
    dnnl_primitive_attr_destroy(attributes);
    return dnnl_check(result, "primitive");
}

/* The longest run of leading posts that keeps the implementation chosen without posts. */
static Status desc_best(DnnlOp *op, const_dnnl_op_desc_t what, const DnnlPost *posts, size_t count,
                        dnnl_primitive_desc_t *ret_desc) {
    dnnl_primitive_desc_t bare;
    TRY(desc_with_posts(op, what, posts, 0, &bare));
    for (size_t taken = count; taken > 0; taken--) {
        dnnl_primitive_desc_t desc;
        Status status = desc_with_posts(op, what, posts, taken, &desc);
        if (!status_is_ok(&status))
            continue;
        if (strcmp(implementation_of(desc), implementation_of(bare)) == 0) {
            dnnl_primitive_desc_destroy(bare);
            op->post_count = taken;
            *ret_desc = desc;
            return status_ok();
        }
        dnnl_primitive_desc_destroy(desc);
    }
    op->arg_count = 0;
    op->post_count = 0;
    *ret_desc = bare;
    return status_ok();
}

typedef struct QueryRow {
    dnnl_query_t query;
    int index, id;
    DnnlSlot slot;
} QueryRow;

static const QueryRow query_rows[] = {
    { dnnl_query_src_md, 0, DNNL_ARG_SRC, DNNL_SLOT_SRC },
    { dnnl_query_weights_md, 0, DNNL_ARG_WEIGHTS, DNNL_SLOT_WEIGHTS },
    { dnnl_query_weights_md, 1, DNNL_ARG_BIAS, DNNL_SLOT_BIAS },
    { dnnl_query_dst_md, 0, DNNL_ARG_DST, DNNL_SLOT_DST },
    { dnnl_query_scratchpad_md, 0, DNNL_ARG_SCRATCHPAD, DNNL_SLOT_SCRATCH },
};

static void collect_args(DnnlOp *op, dnnl_primitive_desc_t desc) {
    for (size_t i = 0; i < ARRAY_LENGTH(query_rows); i++) {
        const QueryRow *row = &query_rows[i];
        const dnnl_memory_desc_t *memory =
            dnnl_primitive_desc_query_md(desc, row->query, row->index);
        size_t bytes = memory ? dnnl_memory_desc_get_size(memory) : 0;
        if (bytes == 0)
            continue;
        op->args[op->arg_count++] =
            (DnnlOpArg){ .id = row->id, .slot = row->slot, .desc = *memory };
        if (row->slot == DNNL_SLOT_WEIGHTS)
            op->weights_packed = *memory;
        if (row->slot == DNNL_SLOT_SCRATCH)
            op->scratch_bytes = bytes;
    }
}

static Status op_finish(DnnlOp *op, const_dnnl_op_desc_t what, const DnnlPost *posts,
                        size_t post_count) {
    dnnl_primitive_desc_t desc;
    TRY(desc_best(op, what, posts, post_count, &desc));
    op->implementation = implementation_of(desc);
    op->quantization = NULL;
    collect_args(op, desc);
    dnnl_status_t result = dnnl_primitive_create(&op->primitive, desc);
    dnnl_primitive_desc_destroy(desc);
    return dnnl_check(result, "primitive");
}

static DnnlOp *op_alloc(void) {
    DnnlOp *op = calloc(1, sizeof *op);
    if (!op)
        return NULL;
    op->slot_count = thread_core_count() + 2;
    op->slots = aligned_memory_new(op->slot_count * sizeof *op->slots);
    if (!op->slots) {
        free(op);
        return NULL;
    }
    for (size_t i = 0; i < op->slot_count; i++)
        atomic_init(&op->slots[i].set, NULL);
    return op;
}

static Status out_of_memory(void) {
    return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
}

/* Weights of floats take the type of what they are multiplied with. */
static DnnlView packed_view(const DnnlView *src, const DnnlView *weights) {
    DnnlView view = *weights;
    if (src->dtype == DTYPE_BF16)
        view.dtype = DTYPE_BF16;
    return view;
}

Status dnnl_conv_new(const DnnlConvSpec *spec, DnnlOp **ret_op) {
    TRY(dnnl_thread_ready());
    AUTO(dnnl_op_free) DnnlOp *op = op_alloc();
    if (!op)
        return out_of_memory();
    dnnl_memory_desc_t src, weights, bias, dst;
    DnnlView packed = packed_view(&spec->src, &spec->weights);
    TRY(describe(&spec->src, false, &src));
    TRY(describe(&spec->dst, false, &dst));
    TRY(describe(&packed, true, &weights));
    TRY(describe(&spec->weights, false, &op->weights_plain));
    DnnlView bias_view = dnnl_view_plain(&spec->dst.dims[1], 1);
    bias_view.dtype = spec->quantization ? DTYPE_I32 : DTYPE_F32;
    op->quantization = spec->quantization;
    TRY(describe(&bias_view, false, &bias));
    dnnl_dims_t strides, dilations, begin, end;
    for (int32_t i = 0; i < spec->src.rank - 2; i++) {
        strides[i] = spec->strides[i];
        dilations[i] = spec->dilations[i] - 1;
        begin[i] = spec->pads_begin[i];
        end[i] = spec->pads_end[i];
    }
    dnnl_convolution_desc_t desc;
    TRY(dnnl_check(dnnl_dilated_convolution_forward_desc_init(
                       &desc, dnnl_forward_inference, dnnl_convolution_direct, &src, &weights,
                       spec->has_bias ? &bias : NULL, &dst, strides, dilations, begin, end),
                   "convolution"));
    TRY(op_finish(op, &desc, spec->posts, spec->post_count));
    *ret_op = TAKE(op);
    return status_ok();
}

Status dnnl_matmul_new(const DnnlMatmulSpec *spec, DnnlOp **ret_op) {
    TRY(dnnl_thread_ready());
    AUTO(dnnl_op_free) DnnlOp *op = op_alloc();
    if (!op)
        return out_of_memory();
    dnnl_memory_desc_t src, weights, bias, dst;
    DnnlView packed = packed_view(&spec->src, &spec->weights);
    TRY(describe(&spec->src, false, &src));
    TRY(describe(&spec->dst, false, &dst));
    TRY(describe(&packed, spec->pack, &weights));
    TRY(describe(&spec->weights, false, &op->weights_plain));
    int64_t bias_dims[DNNL_VIEW_RANK];
    for (int32_t i = 0; i < spec->dst.rank; i++)
        bias_dims[i] = i + 1 < spec->dst.rank ? 1 : spec->dst.dims[i];
    DnnlView bias_view = dnnl_view_plain(bias_dims, spec->dst.rank);
    TRY(describe(&bias_view, false, &bias));
    dnnl_matmul_desc_t desc;
    TRY(dnnl_check(
        dnnl_matmul_desc_init(&desc, &src, &weights, spec->has_bias ? &bias : NULL, &dst),
        "matmul"));
    TRY(op_finish(op, &desc, spec->posts, spec->post_count));
    *ret_op = TAKE(op);
    return status_ok();
}

void dnnl_op_free(DnnlOp *op) {
    if (!op)
        return;
    for (size_t i = 0; i < op->slot_count; i++) {
        DnnlArgSet *set = atomic_load(&op->slots[i].set);
        if (set)
            dnnl_arg_set_free(op, set);
    }
    for (size_t i = 0; i < op->arg_count; i++)
        if (op->args[i].bound)
            dnnl_memory_destroy(op->args[i].bound);
    if (op->primitive)
        dnnl_primitive_destroy(op->primitive);
    free(op->slots);
    free(op);
}

size_t dnnl_op_post_count(const DnnlOp *op) {
    return op->post_count;
}

size_t dnnl_op_scratch_bytes(const DnnlOp *op) {
    return op->scratch_bytes;
}

const char *dnnl_op_implementation(const DnnlOp *op) {
    return op->implementation;
}

Status dnnl_op_bind(DnnlOp *op, const void *weights, const void *bias) {
    for (size_t i = 0; i < op->arg_count; i++) {
        DnnlOpArg *arg = &op->args[i];
        const void *data = arg->slot == DNNL_SLOT_WEIGHTS ? weights
                           : arg->slot == DNNL_SLOT_BIAS  ? bias
                                                          : NULL;
        if (data)
            TRY(dnnl_check(
                dnnl_memory_create(&arg->bound, &arg->desc, dnnl_the_engine, (void *)data),
                "constant"));
    }
    return status_ok();
}
