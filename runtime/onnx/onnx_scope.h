/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Names across graphs: a body (a branch of an If, say) may read what the graphs around it define.
 * Each such name becomes an input of the body and of its node (runtime/graph/graph.h, captures);
 * constants are not passed but lent.
 */

#include "runtime/onnx/onnx_names.h"
#include "runtime/onnx/upgrade.h"

/* Value of one graph -> number; grows in the scratch arena. */
typedef struct CaptureMap {
    ValueId *keys; /* VALUE_NONE: empty */
    uint32_t *numbers;
    size_t count, capacity;
} CaptureMap;

/* What the bodies of one node read of the graph around them. */
struct NodeCaptures {
    CaptureMap places; /* value of the outer graph -> its place in values */
    ValueId *values;
    size_t count, capacity;
    struct BodyScope *scopes; /* of the node's bodies, last first */
};

struct BodyScope {
    Graph *body;
    NameTable *outer;       /* of the graph that the node stands in */
    NodeCaptures *captures; /* of the node */
    CaptureMap locals;      /* value of the outer graph -> value of this one */
    BodyScope *next;        /* another body of the node */
};

/* The value of names->graph under this name, captured where a graph around it defines it.
 * *ret_value may be VALUE_NONE: found, and left out (an input of a function). */
Status scope_find(ImportContext *context, NameTable *names, WireBytes name, ValueId *ret_value,
                  bool *ret_found);
/* INVALID_ARGUMENT naming an output of a node that a graph around defines too. */
Status scope_refuse_shadows(const NameTable *names);
/* Gives every body of the node every capture as an input, in one order, and the draft the list. */
Status captures_bind(ImportContext *context, NodeCaptures *captures, NodeDraft *draft);
