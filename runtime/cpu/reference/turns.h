/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What kernels with bodies share: the inputs of a body, memory for what its outputs hold between
 * turns, and handing a tensor on as a result.
 */

#include "runtime/cpu/reference/reference_util.h"

/* A zeroed array for the length of the node's run. */
Status turns_array(const KernelCall *call, size_t count, size_t item_bytes, void *ret_array);

/* Memory that is written anew by every turn: grows, and is given up when it does. */
typedef struct TurnMemory {
    char *data;
    size_t capacity;
} TurnMemory;

/* NULL when it is over the limit. */
char *turn_memory_get(const KernelCall *call, TurnMemory *memory, size_t bytes);

/* The tensors of one run of a body. */
typedef struct Turn {
    const KernelCall *call;
    const Graph *body;
    Tensor *inputs; /* as the body has them */
    Tensor *outputs;
    TurnMemory *memory; /* one an output: where the next turn writes it */
    size_t input_count, output_count;
} Turn;

/* With the captures in place. The body has formal inputs of its own before them. */
Status turn_init(Turn *turn, const KernelCall *call, const char *body, size_t formal);
/* Outputs go to turn->memory. */
Status turn_run(Turn *turn);
/* The tensor as result number index, copied. Strings and lists: what they refer to is shared. */
Status turns_output(const KernelCall *call, size_t index, const Tensor *tensor);
