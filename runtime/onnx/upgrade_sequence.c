/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators of signals and sequences in older forms. DFT had its axis as an attribute, 1 by
 * default; today it is an input whose default is -2, so it is always written out.
 *
 * Source: ONNX DFT 17, 20.
 */

#include "runtime/onnx/upgrade.h"

static Status axis_to_input(ImportContext *context, NodeDraft *draft) {
    int64_t axis = draft_get_int(draft, "axis", 1);
    ValueId value;
    if (draft->input_count < 1 || draft->input_count > 2)
        return status_error(STATUS_INVALID_ARGUMENT, "has %u inputs, expected 1 or 2",
                            draft->input_count);
    TRY(upgrade_ints(context, &axis, 1, &value));
    draft_set_input(draft, 2, value);
    draft_drop(draft, "axis");
    return status_ok();
}

const UpgradeRow upgrade_rows_sequence[] = {
    { "DFT", 17, 19, axis_to_input },
    { NULL, 0, 0, NULL },
};
