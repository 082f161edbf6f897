/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Domain ai.onnx.ml. No protocol here has maps. A map that goes in is a tensor, a row a map, with
 * its values in the order that the operator which reads it would give them: that of the vocabulary
 * for DictVectorizer, that of the keys for CastMap, so that the one is the tensor itself and the
 * other a Cast. ZipMap makes a map from class to score out of each row of scores; scikit-learn's
 * converters end every classifier in one, so the scores pass through under the output's name, in
 * the order of the classes (import_port takes such an output for float). Trees are built once here,
 * so that a model whose trees are none is refused when it is loaded, whatever shapes are planned
 * later.
 *
 * Source: ONNX ai.onnx.ml CastMap 1, DictVectorizer 1, ZipMap 1, TreeEnsembleClassifier 1 to 5.
 */

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/graph/tree_ensemble.h"
#include "runtime/onnx/upgrade.h"

#include <string.h>

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

static Status drop_dict_vectorizer(ImportContext *context, NodeDraft *draft) {
    (void)context;
    const Attribute *words = draft_find(draft, "string_vocabulary");
    const Attribute *numbers = draft_find(draft, "int64_vocabulary");
    if (draft->input_count != 1 || draft->inputs[0] == VALUE_NONE || draft->output_count != 1 ||
        !words == !numbers)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "expected one input, one output and one vocabulary");
    draft->op = "Identity";
    draft->domain = "";
    draft->attribute_count = 0;
    return status_ok();
}

static Status cast_map(ImportContext *context, NodeDraft *draft) {
    static const struct {
        const char *name;
        DType dtype;
    } rows[] = { { "TO_FLOAT", DTYPE_F32 },
                 { "TO_STRING", DTYPE_STRING },
                 { "TO_INT64", DTYPE_I64 } };
    (void)context;
    const Attribute *given = draft_find(draft, "cast_to");
    StringView to =
        given && given->kind == ATTRIBUTE_STRING ? given->s : (StringView){ "TO_FLOAT", 8 };
    DType dtype = DTYPE_INVALID;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (strlen(rows[i].name) == to.length && memcmp(rows[i].name, to.data, to.length) == 0)
            dtype = rows[i].dtype;
    if (draft->input_count != 1 || draft->inputs[0] == VALUE_NONE || draft->output_count != 1 ||
        dtype == DTYPE_INVALID)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "expected one input, one output and cast_to that is TO_FLOAT, "
                            "TO_STRING or TO_INT64");
    draft->op = "Cast";
    draft->domain = "";
    draft->attribute_count = 0;
    draft_set_int(draft, "to", dtype);
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
    { "CastMap", 1, 5, cast_map },
    { "DictVectorizer", 1, 5, drop_dict_vectorizer },
    { "TreeEnsemble", 5, 5, check_trees },
    { "TreeEnsembleClassifier", 1, 5, check_trees },
    { "TreeEnsembleRegressor", 1, 5, check_trees },
    { "ZipMap", 1, 5, drop_zip_map },
    { NULL, 0, 0, NULL },
};
