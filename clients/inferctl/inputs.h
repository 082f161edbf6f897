/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The --input options -> tensors for a model. */

#include "clients/inferctl/context.h"
#include "clients/inferctl/source.h"

typedef struct Inputs {
    ClientTensor *tensors;
    size_t count;
    bool has_picture;
    Image picture; /* the first input given as one */
} Inputs;

/* Everything lives in the context's arena. INVALID_ARGUMENT for names the model lacks, inputs it
 * misses, files that cannot be read and data that does not fit: always with what the model wants.
 */
Status inputs_read(Context *context, const ClientModel *model, Inputs *ret_inputs);

/* What bench sends when it was given none: numbers from 0 to 1 in a fixed pattern, 1 for each dim
 * that may be any. */
Status inputs_make(Context *context, const ClientModel *model, Inputs *ret_inputs);

/* A whole file in the arena, a NUL behind it; limited to SOURCE_MAX_BYTES. */
Status file_read(const char *path, Arena *arena, const char **ret_bytes, size_t *ret_length);
