/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What dnnl_util.c (making operations) and dnnl_run.c (running them) share. Included by these two
 * only. */

#include "runtime/cpu/dnnl_util.h"

#include <oneapi/dnnl/dnnl.h>
#include <stdatomic.h>

/* One argument of a primitive. */
typedef struct DnnlOpArg {
    int id; /* DNNL_ARG_... */
    DnnlSlot slot;
    dnnl_memory_desc_t desc;
    dnnl_memory_t bound; /* constant: shared by all runs, never written */
} DnnlOpArg;

/* Memory objects of one run at a time. */
typedef struct DnnlArgSet {
    dnnl_exec_arg_t args[DNNL_SLOT_COUNT];
} DnnlArgSet;

typedef struct DnnlArgSlot {
    _Alignas(64) _Atomic(DnnlArgSet *) set; /* NULL: in use, or not made yet */
} DnnlArgSlot;

struct DnnlOp {
    const DnnlQuantization *quantization; /* while the operation is made */
    dnnl_primitive_t primitive;
    dnnl_memory_desc_t weights_plain, weights_packed;
    const char *implementation; /* static text of the library */
    size_t post_count, scratch_bytes, arg_count, slot_count;
    DnnlOpArg args[DNNL_SLOT_COUNT];
    DnnlArgSlot *slots;
};

extern dnnl_engine_t dnnl_the_engine;
extern _Thread_local dnnl_stream_t dnnl_thread_stream;
extern _Thread_local size_t dnnl_thread_slot; /* a number of the thread's own */

/* The library's result as ours; what: in a word or two. */
Status dnnl_check(dnnl_status_t result, const char *what);
/* Makes sure of engine, stream and thread count; one load once that is done. */
Status dnnl_thread_ready(void);
void dnnl_arg_set_free(const DnnlOp *op, DnnlArgSet *set);
