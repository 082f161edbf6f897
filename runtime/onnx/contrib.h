/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Operators of com.microsoft, which optimising tools write, and those of ONNX's preview domains:
 * each is said in standard ones when a model is read, by a recipe or by a function where shapes or
 * attributes decide. There are no kernels for them: what is fast for the standard ones is fast for
 * these.
 */

#include "runtime/onnx/recipe.h"

typedef struct ContribRow {
    const char *domain, *op;
    Recipe recipe; /* its inputs are checked for either way; of several rows the first that fits */
    UpgradeFn upgrade;   /* in place of the body; NULL: the body */
    const char *summary; /* one line for docs/OPERATORS.md */
} ContribRow;

/* In order of domain and name. */
const ContribRow *contrib_table(size_t *ret_count);
bool contrib_covers(const char *domain, const char *op);
/* Is it a domain of the table? */
bool contrib_has_domain(WireBytes domain);
/* Errors: as upgrade_node */
Status contrib_upgrade(ImportContext *context, NodeDraft *draft);

/* The functions of rows, in contrib_<family>.c. */
Status contrib_fused_conv(ImportContext *context, NodeDraft *draft);
Status contrib_fused_gemm(ImportContext *context, NodeDraft *draft);
Status contrib_fused_matmul(ImportContext *context, NodeDraft *draft);
Status contrib_matmul_nbits(ImportContext *context, NodeDraft *draft);
Status contrib_qlinear_concat(ImportContext *context, NodeDraft *draft);
Status contrib_qlinear_pool(ImportContext *context, NodeDraft *draft);
Status contrib_attention(ImportContext *context, NodeDraft *draft);
Status contrib_multi_head_attention(ImportContext *context, NodeDraft *draft);
Status contrib_rotary_embedding(ImportContext *context, NodeDraft *draft);
Status contrib_flex_attention(ImportContext *context, NodeDraft *draft);
Status contrib_gradient(ImportContext *context, NodeDraft *draft);
Status contrib_optimiser(ImportContext *context, NodeDraft *draft);
