/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Dims by one-letter names, as operator texts give them: "bth" is [batch, time, hidden]. Shapes are
 * bound to patterns one after the other; a letter that is known must be the same everywhere. Serves
 * shape inference, where much is unknown, and kernels, where nothing is.
 */

#include "runtime/tensor/shape.h"

enum { DIM_NAMES_COUNT = 'z' - 'A' + 1 };

typedef struct DimNames {
    int64_t dims[DIM_NAMES_COUNT];
} DimNames;

/* Everything unknown. */
void dim_names_init(DimNames *names);
/* The dim of that letter; DIM_UNKNOWN until it is bound. */
int64_t *dim_name(DimNames *names, char letter);
/**
 * Binds each dim of shape to its letter; a digit in pattern stands for itself.
 *
 * @shape  NULL or unranked: nothing to learn
 * @input  its number, for messages
 *
 * Errors: INVALID_ARGUMENT (rank, or a dim that is known to be another)
 */
Status dim_names_bind(DimNames *names, const Shape *shape, const char *pattern, size_t input);
/* Binds one letter to a number from elsewhere. @what  for messages */
Status dim_names_set(DimNames *names, char letter, int64_t dim, const char *what);
Shape dim_names_shape(const DimNames *names, const char *pattern);
