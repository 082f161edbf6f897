/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lists of the official data: SequenceProto and OptionalProto, nested as they come. Memory is left
 * to the end of the process, which exists for one test. Source: onnx-data.proto.
 */

#include "tests/conformance/case_list.h"

#include "runtime/base/size.h"
#include "runtime/onnx/onnx_import.h"
#include "runtime/onnx/wire_reader.h"

#include <stdlib.h>

enum { DEPTH = 16 };

/* Which message a field of either proto holds; INVALID: a tensor. */
typedef struct ListField {
    uint32_t number;
    DType dtype;
} ListField;

/* The same numbers in both. */
static const ListField fields[] = { { 3, DTYPE_INVALID },
                                    { 5, DTYPE_SEQUENCE },
                                    { 7, DTYPE_OPTIONAL } };

static const ListField *find_field(uint32_t number) {
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++)
        if (fields[i].number == number)
            return &fields[i];
    return NULL;
}

Status case_read_list(const void *bytes, size_t length, DType dtype, Tensor *ret_list) {
    Tensor *items = NULL;
    size_t count = 0;
    WireReader reader = wire_reader(bytes, length, DEPTH);
    Status status;
    for (WireField field; wire_next(&reader, &field, &status);) {
        const ListField *known = find_field(field.number);
        if (!known || field.type != WIRE_BYTES)
            continue;
        Tensor *grown = realloc(items, (count + 1) * sizeof *items);
        if (!grown)
            abort();
        items = grown;
        Tensor *item = &items[count++];
        if (known->dtype == DTYPE_INVALID)
            TRY(onnx_read_tensor(field.bytes.data, field.bytes.length, item));
        else
            TRY(case_read_list(field.bytes.data, field.bytes.length, known->dtype, item));
    }
    TRY(status);
    *ret_list = (Tensor){ .dtype = dtype,
                          .shape = SHAPE((int64_t)count),
                          .data = items,
                          .bytes = count * sizeof *items };
    return status_ok();
}
