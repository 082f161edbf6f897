/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ONNX file -> Graph. The file's bytes are hostile until proven otherwise: the reader is bounded
 * (see OnnxLimits), does not recurse without a depth limit, and allocates from the graph's arena
 * only. Every operator arrives in its newest form.
 */

#include "runtime/base/file_source.h"
#include "runtime/graph/graph.h"

typedef struct OnnxLimits {
    size_t graph_bytes;    /* arena of the graph: names, attributes, typed data */
    size_t constant_bytes; /* decoded tensors together, those of zero-filled lying dims included */
    size_t nodes, values;  /* counts */
    size_t depth;          /* nested graphs, types */
    size_t external_bytes; /* read from files beside it; never more than the memory there is */
} OnnxLimits;

extern const OnnxLimits ONNX_LIMITS_DEFAULT;

/**
 * @bytes   the file; from malloc; taken on success (constants point into it), the caller's on
 * failure, and then no model any more: large initializers are moved in place
 * @limits  NULL for the default
 *
 * Errors: INVALID_ARGUMENT (malformed, naming where), UNIMPLEMENTED (naming operator, node and
 * opset; or a feature), RESOURCE_EXHAUSTED (a limit, named) Thread: loader Source: ONNX IR 14;
 * opset 7 to 27
 */
Status onnx_import(void *bytes, size_t length, const OnnxLimits *limits, Graph **ret_graph);

/* The same for a model that may have tensors in files beside it, of source (lent for the call).
 * bytes: emptied on success. Errors besides: PERMISSION_DENIED (a name that leads elsewhere), those
 * of the source */
Status onnx_import_from(const FileSource *source, FileBytes *bytes, const OnnxLimits *limits,
                        Graph **ret_graph);

/* What a file says of itself, for `inferctl inspect` and logs. Strings live in the graph. */
typedef struct OnnxInfo {
    int64_t ir_version, opset;
    const char *producer_name, *producer_version, *graph_name;
} OnnxInfo;
/* Of a graph made by onnx_import. */
const OnnxInfo *onnx_info(const Graph *graph);

/* A bare TensorProto as the conformance data holds it; tensor owned by the caller (tensor_deinit;
 * strings point into bytes, which must outlive it). */
Status onnx_read_tensor(const void *bytes, size_t length, Tensor *ret_tensor);
