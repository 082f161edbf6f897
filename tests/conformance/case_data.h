/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The official test data as files: which tests there are under a root, and their tensors.
 */

#include "runtime/base/status.h"
#include "runtime/tensor/tensor.h"

typedef struct CaseList {
    char **names; /* "node/test_abs", "light/light_vgg19"; sorted */
    size_t count;
} CaseList;

/* Aborts when memory is out. An absent root gives an empty list. */
CaseList case_list_new(const char *root);
void case_list_free(CaseList *list);

/* "light/..." are single files without inputs of their own. */
bool case_is_light(const char *name);

/* Path of the model, or of an input_ or output_ file of data set `set`; buffer is PATH_MAX bytes.
 */
void case_model_path(const char *root, const char *name, char *buffer);
void case_tensor_path(const char *root, const char *name, size_t set, const char *kind,
                      size_t index, char *buffer);
bool case_file_exists(const char *path);

/* NULL when it cannot be read. */
void *case_read_file(const char *path, size_t *ret_length);
/* @dtype  what is expected: lists are read as such, all else as a tensor, whatever its type
 * *ret_bytes holds the strings of a string tensor: free after tensor_deinit. */
Status case_read_tensor(const char *path, DType dtype, Tensor *ret_tensor, void **ret_bytes);

/* The runner's tolerances, as data.json beside the model may override them. */
void case_tolerances(const char *root, const char *name, double *ret_relative,
                     double *ret_absolute);
