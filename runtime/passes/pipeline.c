/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The order of the passes. On load: what needs no concrete shape, all that makes new weights
 * included, so that weights are packed once. On plan: what wants shapes (epilogues, layouts), after
 * inference and folding have run on them.
 *
 * A pass leaves a valid, sorted graph. Thread: loader, or a worker that plans.
 */

#include "runtime/passes/pipeline.h"

#include "runtime/base/size.h"
#include "runtime/passes/passes.h"

static const Pass passes[] = {
    { "drop_identities", PASS_ON_LOAD, pass_drop_identities },
    { "match_quantized", PASS_ON_LOAD, pass_match_quantized },
    { "fold_constants", PASS_ON_LOAD, pass_fold_constants },
    { "drop_identities", PASS_ON_LOAD, pass_drop_identities }, /* of branches that came in */
    { "drop_dead", PASS_ON_LOAD, pass_drop_dead },
    { "optimise_bodies", PASS_ON_LOAD, pass_optimise_bodies },
    { "match_norm", PASS_ON_LOAD, pass_match_norm },
    { "match_gelu", PASS_ON_LOAD, pass_match_gelu },
    { "fuse_batch_norm", PASS_ON_LOAD, pass_fuse_batch_norm },
    { "fold_scalars", PASS_ON_LOAD, pass_fold_scalars },
    { "match_activations", PASS_ON_LOAD, pass_match_activations },
    { "rewrite_conv_transpose", PASS_ON_LOAD, pass_rewrite_conv_transpose },
    { "share_equal", PASS_ON_LOAD, pass_share_equal },
    { "check_placement", PASS_ON_LOAD, pass_check_placement },
    { "drop_dead", PASS_ON_LOAD, pass_drop_dead },
    { "mark_weights", PASS_ON_LOAD, pass_mark_weights },

    { "fold_constants", PASS_ON_PLAN, pass_fold_constants },
    { "drop_dead", PASS_ON_PLAN, pass_drop_dead },
    { "match_attention", PASS_ON_PLAN, pass_match_attention },
    { "fuse_bias", PASS_ON_PLAN, pass_fuse_bias },
    { "fuse_epilogues", PASS_ON_PLAN, pass_fuse_epilogues },
    { "assign_layouts", PASS_ON_PLAN, pass_assign_layouts },
    { "drop_dead", PASS_ON_PLAN, pass_drop_dead },
};

const Pass *pass_table(size_t *ret_count) {
    *ret_count = ARRAY_LENGTH(passes);
    return passes;
}

Status pipeline_run(Graph *graph, PassStage stage, const PassContext *context) {
    for (size_t i = 0; i < ARRAY_LENGTH(passes); i++)
        if (passes[i].stage == stage)
            TRY(passes[i].run(graph, context));
    return status_ok();
}

Status pipeline_check_placement(Graph *graph, const PassContext *context) {
    return pass_check_placement(graph, context);
}
