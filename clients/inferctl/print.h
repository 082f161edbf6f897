/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Tensors for people and for programs. */

#include "clients/inferctl/context.h"
#include "clients/inferctl/source.h"

/* Name, type, shape; then values, a line for each step of the last dim, long ones cut in the
 * middle. */
void print_tensor(const Context *context, FILE *out, const ClientTensor *tensor);

/* {"name", "dtype", "shape", "data": nested}. NaN and infinities become strings, bytes that are no
 * UTF-8 {"b64": ...}, complex numbers [re, im]. NULL: out of memory. */
json_t *json_tensor(const ClientTensor *tensor);
/* Significant digits that tell any value of these tensors from its neighbours. */
int json_digits(const ClientTensor *tensors, size_t count);
/* [1, -1, 8] */
json_t *json_dims(const int64_t *dims, size_t rank);

/* The K best of a row. */
typedef struct Score {
    size_t index;
    double score;
    const char *label; /* its text, or the index as text */
} Score;

typedef struct Ranking {
    const ClientTensor *tensor;
    size_t rows, per_row; /* per_row: min(K, length of the last dim) */
    Score *scores;        /* rows * per_row, best first */
} Ranking;

typedef struct Labels {
    const char **lines;
    size_t count;
} Labels;

/* One label a line; \r is dropped. */
Status labels_read(const char *path, Arena *arena, Labels *ret_labels);
/* INVALID_ARGUMENT for strings, complex numbers and scalars, naming the tensor. NaN ranks last;
 * equals rank by index. */
Status ranking_make(const ClientTensor *tensor, size_t top, const Labels *labels, Arena *arena,
                    Ranking *ret_ranking);
void print_ranking(const Context *context, FILE *out, const Ranking *ranking);
/* {"output", "rows": [[{"index", "label", "score"}, ...], ...]} */
json_t *json_ranking(const Ranking *ranking);

/* The picture in characters, two a pixel, at most `columns` wide (averaged down); `beside` is
 * printed to its right, line by line. */
void print_picture(const Context *context, const Image *image, size_t columns, const char *beside);
