/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What binding a decoded request to a model's signature needs in either protocol. The words differ,
 * the checks do not.
 */

#include "server/wire/wire_tensor.h"

/* Room for inputs and outputs in the request, from the arena. */
Status bind_rooms(const Signature *signature, Arena *arena, InferRequest *request);
/* One decoded tensor into its place; counts payload bytes. */
void bind_input(InferRequest *request, size_t index, const WireTensor *tensor);
/* What stands for an optional input that was left out. */
Status bind_otherwise(const Signature *signature, size_t index, Arena *arena,
                      InferRequest *request);
/* Finds a decoded input by name; NULL. */
const WireTensor *wire_find_input(const WireInfer *infer, const char *name);
/* Pointers to count names, stride bytes apart, sorted so that equal ones are neighbours in the
 * order given. A request may name a thousand long ones: comparing each with each is an attack. */
Status wire_sort_names(const StringView *first, size_t stride, size_t count, Arena *arena,
                       const StringView ***ret_sorted);
/* Two of the wanted outputs, or two inputs, of one name: the first that was there before, else
 * NULL. */
Status wire_duplicate_output(const WireInfer *infer, Arena *arena, const StringView **ret_name);
Status wire_duplicate_input(const WireInfer *infer, Arena *arena, const StringView **ret_name);

typedef enum RowsProblem { ROWS_OK, ROWS_SCALAR, ROWS_UNEQUAL } RowsProblem;
/* Entries of axis 0 over all inputs when the model is batched, else 1. ret_input: the one that is
 * wrong. */
RowsProblem bind_rows(const Signature *signature, const InferRequest *request, size_t *ret_rows,
                      size_t *ret_input);

/* "a, b" of the names, cut with "..." where they do not fit. */
enum { NAME_LIST_BYTES = 160 };
typedef struct NameList {
    char text[NAME_LIST_BYTES];
    size_t used;
    bool is_cut;
} NameList;
void name_list_add(NameList *list, StringView name, const char *separator);
