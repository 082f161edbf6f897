/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A growing byte buffer with protobuf's few rules on top, and the handful of ONNX messages that
 * tests write. Lengths of nested messages are inserted when they are closed, so a message can be
 * written without knowing its size first.
 */

#include "tests/support/onnx_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void wire_writer_deinit(WireWriter *writer) {
    free(writer->data);
    *writer = (WireWriter){ 0 };
}

static void reserve(WireWriter *writer, size_t more) {
    if (writer->length + more <= writer->capacity)
        return;
    writer->capacity = 2 * (writer->length + more);
    writer->data = realloc(writer->data, writer->capacity);
    if (!writer->data) {
        fputs("onnx_writer: out of memory\n", stderr);
        abort();
    }
}

void wire_put_raw(WireWriter *writer, const void *bytes, size_t length) {
    reserve(writer, length + 1);
    if (length > 0)
        memcpy(writer->data + writer->length, bytes, length);
    writer->length += length;
}

void wire_put_varint(WireWriter *writer, uint64_t value) {
    uint8_t bytes[10];
    size_t count = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[count++] = (uint8_t)(value | 0x80);
    bytes[count++] = (uint8_t)value;
    wire_put_raw(writer, bytes, count);
}

void wire_put_int(WireWriter *writer, uint32_t field, int64_t value) {
    wire_put_varint(writer, (uint64_t)field << 3);
    wire_put_varint(writer, (uint64_t)value);
}

void wire_put_float(WireWriter *writer, uint32_t field, float value) {
    wire_put_varint(writer, (uint64_t)field << 3 | 5);
    wire_put_raw(writer, &value, sizeof value);
}

void wire_put_bytes(WireWriter *writer, uint32_t field, const void *bytes, size_t length) {
    wire_put_varint(writer, (uint64_t)field << 3 | 2);
    wire_put_varint(writer, length);
    wire_put_raw(writer, bytes, length);
}

void wire_put_text(WireWriter *writer, uint32_t field, const char *text) {
    wire_put_bytes(writer, field, text, strlen(text));
}

size_t wire_open(WireWriter *writer, uint32_t field) {
    wire_put_varint(writer, (uint64_t)field << 3 | 2);
    return writer->length;
}

void wire_close(WireWriter *writer, size_t at) {
    WireWriter length = { 0 };
    size_t bytes = writer->length - at;
    wire_put_varint(&length, bytes);
    reserve(writer, length.length);
    memmove(writer->data + at + length.length, writer->data + at, bytes);
    memcpy(writer->data + at, length.data, length.length);
    writer->length += length.length;
    wire_writer_deinit(&length);
}

size_t onnx_open_model(WireWriter *writer, int64_t opset) {
    wire_put_int(writer, 1, 10);
    wire_put_text(writer, 2, "onnx_writer");
    size_t import = wire_open(writer, 8);
    wire_put_int(writer, 2, opset);
    wire_close(writer, import);
    return wire_open(writer, 7);
}

static void put_names(WireWriter *writer, uint32_t field, const char *names) {
    while (*names) {
        size_t length = strcspn(names, " ");
        bool empty = length == 1 && names[0] == '-';
        wire_put_bytes(writer, field, names, empty ? 0 : length);
        names += length;
        names += *names == ' ';
    }
}

size_t onnx_open_node(WireWriter *writer, const char *op, const char *inputs, const char *outputs) {
    size_t node = wire_open(writer, 1);
    put_names(writer, 1, inputs);
    put_names(writer, 2, outputs);
    wire_put_text(writer, 3, "n");
    wire_put_text(writer, 4, op);
    return node;
}

void onnx_put_node(WireWriter *writer, const char *op, const char *inputs, const char *outputs) {
    wire_close(writer, onnx_open_node(writer, op, inputs, outputs));
}

static size_t open_attr(WireWriter *writer, const char *name, int64_t type) {
    size_t attr = wire_open(writer, 5);
    wire_put_text(writer, 1, name);
    wire_put_int(writer, 20, type);
    return attr;
}

void onnx_put_attr_int(WireWriter *writer, const char *name, int64_t value) {
    size_t attr = open_attr(writer, name, 2);
    wire_put_int(writer, 3, value);
    wire_close(writer, attr);
}

void onnx_put_attr_ints(WireWriter *writer, const char *name, const int64_t *values, size_t count) {
    size_t attr = open_attr(writer, name, 7);
    for (size_t i = 0; i < count; i++)
        wire_put_int(writer, 8, values[i]);
    wire_close(writer, attr);
}

void onnx_put_attr_float(WireWriter *writer, const char *name, float value) {
    size_t attr = open_attr(writer, name, 1);
    wire_put_float(writer, 2, value);
    wire_close(writer, attr);
}

void onnx_put_attr_text(WireWriter *writer, const char *name, const char *value) {
    size_t attr = open_attr(writer, name, 3);
    wire_put_text(writer, 4, value);
    wire_close(writer, attr);
}

OpenBody onnx_open_body(WireWriter *writer, const char *name) {
    OpenBody body = { .attribute = open_attr(writer, name, 5) };
    body.graph = wire_open(writer, 6);
    return body;
}

void onnx_close_body(WireWriter *writer, OpenBody body) {
    wire_close(writer, body.graph);
    wire_close(writer, body.attribute);
}

static void put_dims(WireWriter *writer, const int64_t *dims, int rank) {
    size_t shape = wire_open(writer, 2);
    for (int i = 0; i < rank; i++) {
        size_t dim = wire_open(writer, 1);
        if (dims[i] < 0)
            wire_put_text(writer, 2, "N");
        else
            wire_put_int(writer, 1, dims[i]);
        wire_close(writer, dim);
    }
    wire_close(writer, shape);
}

void onnx_put_port(WireWriter *writer, uint32_t field, const char *name, DType dtype,
                   const int64_t *dims, int rank) {
    size_t port = wire_open(writer, field);
    wire_put_text(writer, 1, name);
    size_t type = wire_open(writer, 2);
    size_t tensor = wire_open(writer, 1);
    wire_put_int(writer, 1, dtype);
    if (rank >= 0)
        put_dims(writer, dims, rank);
    wire_close(writer, tensor);
    wire_close(writer, type);
    wire_close(writer, port);
}

void onnx_put_tensor(WireWriter *writer, uint32_t field, const char *name, DType dtype,
                     const int64_t *dims, size_t rank, const void *raw, size_t bytes) {
    size_t at = field ? wire_open(writer, field) : 0;
    for (size_t i = 0; i < rank; i++)
        wire_put_int(writer, 1, dims[i]);
    wire_put_int(writer, 2, dtype);
    wire_put_text(writer, 8, name);
    if (raw)
        wire_put_bytes(writer, 9, raw, bytes);
    if (field)
        wire_close(writer, at);
}
