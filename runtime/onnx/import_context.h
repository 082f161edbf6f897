/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Private to runtime/onnx: what the parts of one import share. One import, one thread, one context.
 */

#include "runtime/base/arena.h"
#include "runtime/graph/graph.h"
#include "runtime/onnx/onnx_import.h"
#include "runtime/onnx/wire_reader.h"

typedef struct OpsetImport {
    WireBytes domain; /* "" for ai.onnx */
    int64_t version;
} OpsetImport;

typedef struct CopiedBytes {
    struct CopiedBytes *next;
    WireBytes raw;
} CopiedBytes;

enum { NEWEST_OPSET = 27 };

typedef struct BodyScope BodyScope;
typedef struct FunctionFrame FunctionFrame;
typedef struct OnnxFunction OnnxFunction;
typedef struct NameTable NameTable;
typedef struct NodeCaptures NodeCaptures;

typedef struct ImportContext {
    Graph *graph;
    Arena *arena;      /* the graph's: what lives as long as it does */
    Arena *scratch;    /* until the import ends */
    Arena *node_arena; /* until the next node */
    OnnxLimits limits;
    size_t budget_bytes; /* of a graph's arena */
    int64_t ir_version;
    OpsetImport *opsets;
    size_t opset_count;
    bool has_contrib;        /* some have upgrades that want ranks */
    OnnxFunction *functions; /* of the model, sorted */
    size_t function_count;
    FunctionFrame *frame;                /* of the function that is being read; NULL: none */
    size_t node_count, definition_count; /* of all graphs so far, against the limits */
    size_t graph_count, body_depth;      /* of bodies; how deep in them we are */
    bool told_where; /* an error has named its node, in a body or function: those around need not */
    NameTable *names;         /* of the graph that is being read */
    NodeCaptures *captures;   /* of the node that is being read */
    size_t constant_bytes;    /* decoded so far, counted against the limit */
    const FileSource *source; /* of external data */
    size_t external_bytes;    /* read so far, against the limit */
    CopiedBytes *copied;      /* large tensors of the file that have a copy in the graph */
} ImportContext;

/* Where the bytes of a tensor are, when they are in a file of their own. */
typedef struct OnnxExternal {
    WireBytes location;
    uint64_t offset, length;
    bool is_external, has_length;
} OnnxExternal;

/* Field numbers and checks of TensorProto; sizes are checked against the data present before
 * anything is allocated. */
typedef struct OnnxTensor {
    WireReader reader; /* of the whole message, for the second walk */
    WireBytes name, raw;
    DType dtype;
    Shape shape;
    size_t elements, bytes; /* bytes: in memory */
    size_t entries;         /* of the typed field */
    bool has_raw;
    bool read_once; /* nobody looks into the message after import_tensor */
    OnnxExternal external;
} OnnxTensor;

/* onnx_tensor.c */
Status onnx_tensor_parse(WireReader reader, OnnxTensor *ret_tensor);
/* dst: tensor->bytes long, zeroed, aligned for the type. */
Status onnx_tensor_decode(const OnnxTensor *tensor, void *dst);
/* Lends the file's bytes where alignment allows, else copies into the graph's arena. */
Status import_tensor(ImportContext *context, const OnnxTensor *source, Tensor *ret_tensor);

/* onnx_external.c */
/* One StringStringEntryProto of external_data; keys that are not known are skipped. */
Status onnx_external_parse(WireReader entry, OnnxExternal *external);
/* source->bytes of the file, in memory that context->graph keeps; bytes is not 0. */
Status import_external(ImportContext *context, const OnnxTensor *source, void **ret_data);

/* onnx_sparse.c */
/* SparseTensorProto -> a dense tensor in the graph's arena. */
Status import_sparse(ImportContext *context, WireReader reader, Tensor *ret_tensor);
/* The name of its values; empty when there is none. */
Status import_sparse_name(WireReader reader, WireBytes *ret_name);

/* attribute_kinds.c */
/* Bits 1 << AttributeKind; 0: anything. */
uint32_t attribute_kinds_expected(const char *op, const char *name);

/* onnx_attribute.c */
/* All attributes of a NodeProto; array in node_arena with room for ATTRIBUTE_SPARE more, contents
 * in the graph. */
enum { ATTRIBUTE_SPARE = 4 };
/* @op  for what is expected under a name; NULL: anything, as for the call of a function */
Status import_attributes(ImportContext *context, WireReader node, const char *op,
                         Attribute **ret_attributes, uint32_t *ret_count);
/* The same, of AttributeProtos under another field number. */
Status import_attribute_list(ImportContext *context, WireReader message, uint32_t number,
                             const char *op, Attribute **ret_attributes, uint32_t *ret_count);

/* onnx_type.c */
/* ValueInfoProto -> Port without its value. @what "input" or "output", for messages */
Status import_port(ImportContext *context, WireReader reader, const char *what, Port *ret_port);

/* onnx_constant.c */
/* Node Constant -> graph constant of this name. */
Status import_constant_node(ImportContext *context, WireReader node, const char *name,
                            ValueId *ret_value);

/* onnx_graph.c */
/* Into context->graph. scope: NULL for the model's own. */
Status import_graph(ImportContext *context, WireReader reader, BodyScope *scope);

/* NodeProtos under this field number of a graph or function, in three walks. */
/* Counted against the limits; adds the number of named outputs. */
Status import_count_nodes(ImportContext *context, WireReader reader, uint32_t number,
                          size_t *definitions);
Status import_collect_nodes(ImportContext *context, WireReader reader, uint32_t number,
                            NameTable *names);
/* Values for their outputs, entries first and following, then the nodes. */
Status import_add_nodes(ImportContext *context, WireReader reader, uint32_t number,
                        NameTable *names, size_t first);

/* onnx_scope.c */
/* GraphProto -> a body of the node that is being read, kept by context->graph. */
Status import_body(ImportContext *context, WireReader reader, Graph **ret_body);

/* onnx_import.c */
/* NUL-terminated copy in `arena`; INVALID_ARGUMENT when it is no UTF-8 or holds a NUL. */
Status import_text(ImportContext *context, Arena *arena, WireBytes bytes, const char *what,
                   const char **ret_text);
/* OperatorSetIdProtos under this field number of a model or function, to context->opsets. */
Status import_opsets(ImportContext *context, WireReader reader, uint32_t number);
/* RESOURCE_EXHAUSTED naming the limit. */
Status import_charge_constant(ImportContext *context, size_t bytes);
/* Of a domain that was imported; INVALID_ARGUMENT otherwise. "" and "ai.onnx" are one. */
Status import_find_opset(const ImportContext *context, const char *domain, int64_t *ret_version);
