/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a model's outputs mean to Classify and Regress: which one holds scores, which one names
 * classes, and what they say of one row.
 */

#include "server/wire/wire_examples.h"

/**
 * Chooses outputs by name ("scores" and "classes", or "outputs"), else the first that fits.
 *
 * Errors: INVALID_ARGUMENT naming what was looked for
 */
Status wire_scores_choose(const ModelVersion *version, WireTask *task);

/* One task's results. */
typedef struct WireScores {
    const Tensor *values;
    const Tensor *names; /* NULL: labels, or "" */
    const char *const *labels;
    size_t label_count;
    size_t rows, per_row;
} WireScores;

/* INVALID_ARGUMENT when the outputs are not [rows, classes], or [rows] or [rows, 1]. */
Status wire_scores_of(const InferRequest *request, const WireTask *task, size_t rows,
                      WireScores *ret_scores);
float wire_score(const WireScores *scores, size_t row, size_t column);
StringView wire_score_label(const WireScores *scores, size_t row, size_t column);
