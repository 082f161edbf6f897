/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Writes protobuf and small ONNX files, right or deliberately wrong, into memory. Nested messages
 * are closed by their start: `size_t at = wire_open(&w, 7); ... wire_close(&w, at);`. Out of memory
 * ends the test.
 */

#include "runtime/base/cleanup.h"
#include "runtime/tensor/dtype.h"

#include <stddef.h>
#include <stdint.h>

typedef struct WireWriter {
    uint8_t *data; /* malloc: may be given to onnx_import */
    size_t length, capacity;
} WireWriter;

void wire_writer_deinit(WireWriter *writer);
DEFINE_AUTO_VALUE(WireWriter, wire_writer_deinit);
void wire_put_raw(WireWriter *writer, const void *bytes, size_t length);
void wire_put_varint(WireWriter *writer, uint64_t value);
void wire_put_int(WireWriter *writer, uint32_t field, int64_t value);
void wire_put_float(WireWriter *writer, uint32_t field, float value);
void wire_put_bytes(WireWriter *writer, uint32_t field, const void *bytes, size_t length);
void wire_put_text(WireWriter *writer, uint32_t field, const char *text);
size_t wire_open(WireWriter *writer, uint32_t field);
void wire_close(WireWriter *writer, size_t at);

/* A model: ir_version 10 and one opset; returns the open graph. */
size_t onnx_open_model(WireWriter *writer, int64_t opset);
/* Names are separated by spaces; "-" is an empty one. Returns the open node, for attributes. */
size_t onnx_open_node(WireWriter *writer, const char *op, const char *inputs, const char *outputs);
void onnx_put_node(WireWriter *writer, const char *op, const char *inputs, const char *outputs);
void onnx_put_attr_int(WireWriter *writer, const char *name, int64_t value);
void onnx_put_attr_ints(WireWriter *writer, const char *name, const int64_t *values, size_t count);
void onnx_put_attr_float(WireWriter *writer, const char *name, float value);
void onnx_put_attr_text(WireWriter *writer, const char *name, const char *value);
/* A body of the open node, under this attribute name. */
typedef struct OpenBody {
    size_t attribute, graph;
} OpenBody;
OpenBody onnx_open_body(WireWriter *writer, const char *name);
void onnx_close_body(WireWriter *writer, OpenBody body);
/* field: 11 input, 12 output. dims of -1 are written as a name. rank -1: no shape. */
void onnx_put_port(WireWriter *writer, uint32_t field, const char *name, DType dtype,
                   const int64_t *dims, int rank);
/* field: 5 for an initializer, 0 for a bare TensorProto; raw may be NULL: no data. */
void onnx_put_tensor(WireWriter *writer, uint32_t field, const char *name, DType dtype,
                     const int64_t *dims, size_t rank, const void *raw, size_t bytes);
