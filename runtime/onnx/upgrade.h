/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Older forms of operators become the newest one while a node is still a draft: attributes that
 * became inputs turn into constants, changed defaults are written out, and where one node cannot
 * say it, helper nodes are added around it. One row per (operator, opset range); the rows are in
 * the upgrade_<family>.c files. See docs/ADDING_AN_OPERATOR.
 */

#include "runtime/onnx/import_context.h"

/* A node of the file before it enters the graph. Arrays live in the context's node_arena. */
typedef struct NodeDraft {
    const char *op, *domain, *name;
    int64_t opset;
    ValueId *inputs, *outputs; /* inputs: room for DRAFT_SPARE more */
    Attribute *attributes;     /* room for ATTRIBUTE_SPARE more */
    uint32_t input_count, output_count, attribute_count;
    const ValueId *captures; /* what its bodies read of the graph */
    uint32_t capture_count;
} NodeDraft;

enum { DRAFT_SPARE = 4 };

typedef Status (*UpgradeFn)(ImportContext *context, NodeDraft *draft);

typedef struct UpgradeRow {
    const char *op;
    int64_t first_opset, last_opset; /* forms it upgrades, both included */
    UpgradeFn upgrade;
} UpgradeRow;

/* Ends with op NULL. */
extern const UpgradeRow upgrade_rows_attribute_input[];
extern const UpgradeRow upgrade_rows_broadcast[];
extern const UpgradeRow upgrade_rows_image[];
extern const UpgradeRow upgrade_rows_ml[]; /* of ai.onnx.ml */
extern const UpgradeRow upgrade_rows_normalization[];
extern const UpgradeRow upgrade_rows_scan[];
extern const UpgradeRow upgrade_rows_sequence[];

/**
 * Applies every row that fits, in table order. May add nodes and constants to the graph, and change
 * everything in the draft but its name.
 *
 * Errors: UNIMPLEMENTED (a form that cannot be expressed), INVALID_ARGUMENT; the caller adds
 * operator and node
 */
Status upgrade_node(ImportContext *context, NodeDraft *draft);
/* Is there a row for this operator at this opset, older than its schema says it can read? */
bool upgrade_covers(const char *domain, const char *op, int64_t opset);
/* draft enters the graph: looks up the operator, checks arity. Errors: UNIMPLEMENTED,
 * INVALID_ARGUMENT */
Status draft_add(ImportContext *context, const NodeDraft *draft);

/* Helpers for rows. */
const Attribute *draft_find(const NodeDraft *draft, const char *name);
int64_t draft_get_int(const NodeDraft *draft, const char *name, int64_t fallback);
void draft_drop(NodeDraft *draft, const char *name);
/* Replaces or adds; at most ATTRIBUTE_SPARE more. */
void draft_set_int(NodeDraft *draft, const char *name, int64_t value);
/* Fills what is between with VALUE_NONE; index < input_count + DRAFT_SPARE at import. */
void draft_set_input(NodeDraft *draft, uint32_t index, ValueId value);
bool draft_has_input(const NodeDraft *draft, uint32_t index);
/* A one-dim int64 constant. */
Status upgrade_ints(ImportContext *context, const int64_t *values, size_t count,
                    ValueId *ret_value);
/* If the draft has INTS attribute `name`, it becomes constant input `index`. */
Status upgrade_ints_to_input(ImportContext *context, NodeDraft *draft, const char *name,
                             uint32_t index);
/* A scalar of the type of the draft's input 0, through CastLike where that is not known. */
Status upgrade_scalar_like(ImportContext *context, const NodeDraft *draft, float value,
                           ValueId *ret_value);
/* A node of the newest form beside the draft: op(inputs) -> new value. attribute may be NULL. */
Status upgrade_emit(ImportContext *context, const NodeDraft *draft, const char *op,
                    const ValueId *inputs, size_t input_count, const Attribute *attribute,
                    ValueId *ret_value);
/* A new value without a name or producer. */
Status upgrade_value(ImportContext *context, ValueId *ret_value);
