/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Weights in the formats that oneDNN's operations want: how large, which format, and the way there
 * and back. A DnnlFormat is what is left of an operation when only that is needed, so that packed
 * weights outlive the operation they were packed for.
 *
 * Thread: a loader, or a worker that meets new shapes.
 */

#include "runtime/cpu/dnnl_internal.h"

#include "runtime/base/size.h"

#include <stdio.h>
#include <string.h>

struct DnnlFormat {
    dnnl_memory_desc_t plain, packed;
};

size_t dnnl_op_weights_bytes(const DnnlOp *op) {
    return dnnl_memory_desc_get_size(&op->weights_packed);
}

bool dnnl_op_weights_plain(const DnnlOp *op) {
    return dnnl_memory_desc_equal(&op->weights_packed, &op->weights_plain) != 0;
}

static uint64_t hash_dims(uint64_t hash, const dnnl_dim_t *values, int count) {
    for (int i = 0; i < count; i++)
        hash = (hash ^ (uint64_t)values[i]) * 1099511628211u; /* FNV-1a, a word at a time */
    return hash;
}

/* Dims, strides and inner blocks, types and what 8-bit formats carry besides say all there is about
 * a format, and about how the plain weights were read. */
void dnnl_op_weights_format(const DnnlOp *op, char *buffer, size_t buffer_bytes) {
    const dnnl_memory_desc_t *packed = &op->weights_packed, *plain = &op->weights_plain;
    const dnnl_blocking_desc_t *blocks = &packed->format_desc.blocking;
    uint64_t hash = 14695981039346656037u;
    hash = hash_dims(hash, packed->dims, packed->ndims);
    hash = hash_dims(hash, packed->padded_dims, packed->ndims);
    hash = hash_dims(hash, blocks->strides, packed->ndims);
    hash = hash_dims(hash, plain->format_desc.blocking.strides, plain->ndims);
    hash = hash_dims(hash, blocks->inner_blks, blocks->inner_nblks);
    hash = hash_dims(hash, blocks->inner_idxs, blocks->inner_nblks);
    memset(buffer, 0, buffer_bytes);
    const dnnl_dim_t extra[] = { packed->data_type, plain->data_type,
                                 (dnnl_dim_t)packed->extra.flags, packed->extra.compensation_mask,
                                 packed->extra.asymm_compensation_mask };
    hash = hash_dims(hash, extra, ARRAY_LENGTH(extra));
    snprintf(buffer, buffer_bytes, "dnnl%d:%d:%zu:%016llx", DNNL_VERSION_MAJOR, packed->ndims,
             dnnl_memory_desc_get_size(packed), (unsigned long long)hash);
}

bool dnnl_op_weights_part(const DnnlOp *whole, const DnnlOp *part, size_t first,
                          size_t *ret_offset) {
    const dnnl_memory_desc_t *a = &whole->weights_packed, *b = &part->weights_packed;
    const dnnl_blocking_desc_t *x = &a->format_desc.blocking, *y = &b->format_desc.blocking;
    size_t blocks = (size_t)x->inner_nblks, columns = 1;
    if (a->ndims != 2 || b->ndims != 2 || a->data_type != b->data_type ||
        a->extra.flags != dnnl_memory_extra_flag_none ||
        b->extra.flags != dnnl_memory_extra_flag_none || x->inner_nblks != y->inner_nblks ||
        memcmp(x->strides, y->strides, 2 * sizeof x->strides[0]) != 0 ||
        memcmp(x->inner_blks, y->inner_blks, blocks * sizeof x->inner_blks[0]) != 0 ||
        memcmp(x->inner_idxs, y->inner_idxs, blocks * sizeof x->inner_idxs[0]) != 0 ||
        a->dims[0] != b->dims[0])
        return false;
    for (size_t i = 0; i < blocks; i++)
        columns *= x->inner_idxs[i] == 1 ? (size_t)x->inner_blks[i] : 1;
    if (first % columns != 0)
        return false;
    *ret_offset = first / columns * (size_t)x->strides[1] * dnnl_data_type_size(a->data_type);
    return true;
}

static Status reorder(const dnnl_memory_desc_t *from_desc, const void *src,
                      const dnnl_memory_desc_t *to_desc, void *dst) {
    TRY(dnnl_thread_ready());
    dnnl_primitive_desc_t desc;
    TRY(dnnl_check(dnnl_reorder_primitive_desc_create(&desc, from_desc, dnnl_the_engine, to_desc,
                                                      dnnl_the_engine, NULL),
                   "weights"));
    dnnl_primitive_t primitive;
    dnnl_status_t result = dnnl_primitive_create(&primitive, desc);
    dnnl_primitive_desc_destroy(desc);
    TRY(dnnl_check(result, "weights"));
    dnnl_memory_t from = NULL, to = NULL;
    result = dnnl_memory_create(&from, from_desc, dnnl_the_engine, (void *)src);
    if (result == dnnl_success)
        result = dnnl_memory_create(&to, to_desc, dnnl_the_engine, dst);
    dnnl_exec_arg_t args[] = { { DNNL_ARG_FROM, from }, { DNNL_ARG_TO, to } };
    if (result == dnnl_success)
        result = dnnl_primitive_execute(primitive, dnnl_thread_stream, ARRAY_LENGTH(args), args);
    if (result == dnnl_success)
        result = dnnl_stream_wait(dnnl_thread_stream);
    if (to)
        dnnl_memory_destroy(to);
    if (from)
        dnnl_memory_destroy(from);
    dnnl_primitive_destroy(primitive);
    return dnnl_check(result, "weights");
}

Status dnnl_op_pack_weights(const DnnlOp *op, const void *weights, void *dst) {
    return reorder(&op->weights_plain, weights, &op->weights_packed, dst);
}

Status dnnl_format_new(const DnnlOp *op, DnnlFormat **ret_format) {
    DnnlFormat *format = malloc(sizeof *format);
    if (!format)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    *format = (DnnlFormat){ .plain = op->weights_plain, .packed = op->weights_packed };
    *ret_format = format;
    return status_ok();
}

void dnnl_format_free(DnnlFormat *format) {
    free(format);
}

Status dnnl_format_pack(const DnnlFormat *format, const void *plain, void *packed) {
    return reorder(&format->plain, plain, &format->packed, packed);
}

Status dnnl_format_unpack(const DnnlFormat *format, const void *packed, void *plain) {
    return reorder(&format->packed, packed, &format->plain, plain);
}
