/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The passes by name, for the table in pipeline.c and for their tests. Each is described at the top
 * of its file.
 */

#include "runtime/passes/pipeline.h"

Status pass_check_placement(Graph *graph, const PassContext *context);
Status pass_drop_identities(Graph *graph, const PassContext *context);
Status pass_fold_constants(Graph *graph, const PassContext *context);
Status pass_optimise_bodies(Graph *graph, const PassContext *context);
Status pass_drop_dead(Graph *graph, const PassContext *context);
Status pass_fuse_batch_norm(Graph *graph, const PassContext *context);
Status pass_fold_scalars(Graph *graph, const PassContext *context);
Status pass_share_equal(Graph *graph, const PassContext *context);
Status pass_mark_weights(Graph *graph, const PassContext *context);
Status pass_fuse_bias(Graph *graph, const PassContext *context);
Status pass_match_activations(Graph *graph, const PassContext *context);
Status pass_match_attention(Graph *graph, const PassContext *context);
Status pass_match_gelu(Graph *graph, const PassContext *context);
Status pass_match_quantized(Graph *graph, const PassContext *context);
Status pass_match_norm(Graph *graph, const PassContext *context);
Status pass_rewrite_conv_transpose(Graph *graph, const PassContext *context);
Status pass_fuse_epilogues(Graph *graph, const PassContext *context);
Status pass_assign_layouts(Graph *graph, const PassContext *context);
