/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Domain ai.onnx.ml. ZipMap makes a map from class to score out of each row of scores; no protocol
 * here has maps, and scikit-learn's converters end every classifier in one, so the scores pass
 * through under the output's name, in the order of the classes (import_port takes such an output
 * for float). Trees are built once here, so that a model whose trees are none is refused when it is
 * loaded, whatever shapes are planned later.
 *
 * Source: ONNX ai.onnx.ml ZipMap 1, TreeEnsembleClassifier 1 to 5.
 */

#include "runtime/graph/op_schema.h"
#include "runtime/graph/tree_ensemble.h"
#include "runtime/onnx/upgrade.h"

static Status drop_zip_map(ImportContext *context, NodeDraft *draft) {
    (void)context;
    if (draft->input_count != 1 || draft->inputs[0] == VALUE_NONE || draft->output_count != 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "has %u inputs and %u outputs, expected 1 and 1", draft->input_count,
                            draft->output_count);
    draft->op = "Identity";
    draft->domain = "";
    draft->attribute_count = 0;
    return status_ok();
}

static Status check_trees(ImportContext *context, NodeDraft *draft) {
    (void)context;
    AUTO(tree_ensemble_free) TreeEnsemble *ensemble = NULL;
    Node node = { .op = op_schema_find(draft->domain, draft->op),
                  .name = draft->name,
                  .attributes = draft->attributes,
                  .attribute_count = draft->attribute_count };
    return tree_ensemble_new(&node, &ensemble);
}

const UpgradeRow upgrade_rows_ml[] = {
    { "TreeEnsemble", 5, 5, check_trees },
    { "TreeEnsembleClassifier", 1, 5, check_trees },
    { "TreeEnsembleRegressor", 1, 5, check_trees },
    { "ZipMap", 1, 5, drop_zip_map },
    { NULL, 0, 0, NULL },
};
