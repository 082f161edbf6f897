/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Detours that let a kernel ignore rare element types: it is run on a shadow call whose tensors
 * hold the same values in a friendlier type, in scratch, and the results are brought back.
 * run_unpacked gives 4- and 2-bit elements a byte each, run_widened gives f16 and bf16 a float.
 * Tensors of other types are handed through as they are.
 *
 * Thread: any that runs kernels. Invariant: the whole scratch is one piece (a second request would
 * return the same memory), so kernels run this way must not ask for any.
 */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/reference_util.h"

typedef struct Shadow {
    const KernelCall *call;
    bool (*takes)(DType dtype);
    DType dtype; /* what the shadows hold */
    Tensor *src, *dst;
    const Tensor **src_pointers;
    char *next; /* free scratch */
} Shadow;

static bool is_half(DType dtype) {
    return dtype == DTYPE_F16 || dtype == DTYPE_BF16;
}

static bool add_aligned(size_t *total, size_t count, size_t item_bytes) {
    size_t bytes;
    return size_mul(count, item_bytes, &bytes) && size_align(bytes, TENSOR_ALIGNMENT, &bytes) &&
           size_add(*total, bytes, total);
}

static bool shadow_bytes(const Shadow *shadow, size_t *ret_bytes) {
    const Node *node = shadow->call->node;
    size_t total = 0, width = dtype_bytes(shadow->dtype);
    bool fits = add_aligned(&total, node->input_count, sizeof(Tensor)) &&
                add_aligned(&total, node->input_count, sizeof(Tensor *)) &&
                add_aligned(&total, node->output_count, sizeof(Tensor));
    for (size_t i = 0; i < node->input_count && fits; i++)
        if (shadow->call->src[i] && shadow->takes(shadow->call->src[i]->dtype))
            fits = add_aligned(&total, tensor_elements(shadow->call->src[i]), width);
    for (size_t i = 0; i < node->output_count && fits; i++)
        if (shadow->takes(shadow->call->dst[i].dtype))
            fits = add_aligned(&total, tensor_elements(&shadow->call->dst[i]), width);
    *ret_bytes = total;
    return fits;
}

static void *take(Shadow *shadow, size_t count, size_t item_bytes) {
    size_t used = 0;
    (void)add_aligned(&used, count, item_bytes); /* cannot fail: shadow_bytes has summed the same */
    void *memory = shadow->next;
    shadow->next += used;
    return memory;
}

static void convert(const Tensor *from, Tensor *to) {
    double wide[ELEMENT_CHUNK];
    int64_t ints[ELEMENT_CHUNK];
    size_t count = tensor_elements(from);
    const ElementIo *load = element_io_find(from->dtype), *store = element_io_find(to->dtype);
    bool is_float = to->dtype == DTYPE_F32 || from->dtype == DTYPE_F32;
    for (size_t i = 0; i < count; i += ELEMENT_CHUNK) {
        size_t chunk = MIN_OF((size_t)ELEMENT_CHUNK, count - i);
        if (is_float) {
            load->load_f64(from->data, i, 1, chunk, wide);
            store->store_f64(to->data, i, chunk, wide);
        } else {
            load->load_i64(from->data, i, 1, chunk, ints);
            store->store_i64(to->data, i, chunk, ints);
        }
    }
}

/* F4E2M1 is moved by its code: to the bit copy it is as good as U4. */
static Tensor as_code(const Tensor *tensor) {
    Tensor code = *tensor;
    if (code.dtype == DTYPE_F4E2M1)
        code.dtype = DTYPE_U4;
    return code;
}

static Tensor shadow_of(Shadow *shadow, const Tensor *tensor) {
    Tensor copy = *tensor;
    copy.dtype = shadow->dtype;
    copy.bytes = tensor_elements(tensor) * dtype_bytes(shadow->dtype);
    copy.data = take(shadow, tensor_elements(tensor), dtype_bytes(shadow->dtype));
    return copy;
}

static void shadow_tensors(Shadow *shadow) {
    const KernelCall *call = shadow->call;
    size_t src_count = call->node->input_count, dst_count = call->node->output_count;
    shadow->src = take(shadow, src_count, sizeof(Tensor));
    shadow->src_pointers = take(shadow, src_count, sizeof(Tensor *));
    shadow->dst = take(shadow, dst_count, sizeof(Tensor));
    for (size_t i = 0; i < src_count; i++) {
        shadow->src_pointers[i] = call->src[i];
        if (!call->src[i] || !shadow->takes(call->src[i]->dtype))
            continue;
        Tensor from = as_code(call->src[i]);
        shadow->src[i] = shadow_of(shadow, call->src[i]);
        shadow->src_pointers[i] = &shadow->src[i];
        convert(&from, &shadow->src[i]);
    }
    for (size_t i = 0; i < dst_count; i++)
        shadow->dst[i] =
            shadow->takes(call->dst[i].dtype) ? shadow_of(shadow, &call->dst[i]) : call->dst[i];
}

static Status run_shadow(const KernelCall *call, ReferenceKernel kernel, bool (*takes)(DType),
                         DType dtype) {
    Shadow shadow = { .call = call, .takes = takes, .dtype = dtype };
    size_t bytes;
    void *memory;
    if (!shadow_bytes(&shadow, &bytes))
        return call_invalid(call, "size of the operands overflows");
    TRY(call_get_scratch(call, bytes, &memory));
    shadow.next = memory;
    shadow_tensors(&shadow);

    KernelCall inner = *call;
    inner.src = shadow.src_pointers;
    inner.dst = shadow.dst;
    TRY(kernel(&inner));
    for (size_t i = 0; i < call->node->output_count; i++)
        if (takes(call->dst[i].dtype)) {
            Tensor to = as_code(&call->dst[i]);
            convert(&shadow.dst[i], &to);
        }
    return status_ok();
}

static bool call_has(const KernelCall *call, bool (*takes)(DType)) {
    bool has = false;
    for (size_t i = 0; i < call->node->input_count; i++)
        has |= call->src[i] && takes(call->src[i]->dtype);
    for (size_t i = 0; i < call->node->output_count; i++)
        has |= takes(call->dst[i].dtype);
    return has;
}

Status run_unpacked(const KernelCall *call, ReferenceKernel kernel) {
    if (!call_has(call, dtype_is_packed))
        return kernel(call);
    return run_shadow(call, kernel, dtype_is_packed, DTYPE_U8);
}

Status run_widened(const KernelCall *call, ReferenceKernel kernel) {
    if (!call_has(call, is_half))
        return kernel(call);
    return run_shadow(call, kernel, is_half, DTYPE_F32);
}
