/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * libFuzzer: any bytes as a model file, and as a bare tensor. Whatever is accepted must also
 * survive shape inference, which is the first to believe what the file says. Limits are small, so
 * that exceeding them is found.
 */

#include "runtime/graph/op_schema.h"
#include "runtime/onnx/onnx_import.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const OnnxLimits limits = {
    .graph_bytes = 1 << 20, .constant_bytes = 1 << 20, .nodes = 1000, .values = 4000, .depth = 16
};

static void fuzz_tensor(const uint8_t *data, size_t size) {
    Tensor tensor;
    Status status = onnx_read_tensor(data, size, &tensor);
    if (status_is_ok(&status))
        tensor_deinit(&tensor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_tensor(data, size);
    void *bytes = malloc(size > 0 ? size : 1);
    if (!bytes)
        return 0;
    memcpy(bytes, data, size);
    Graph *graph = NULL;
    Status status = onnx_import(bytes, size, &limits, &graph);
    if (!status_is_ok(&status)) {
        if (graph || status.message[0] == '\0')
            abort();
        free(bytes);
        return 0;
    }
    status = graph_infer(graph);
    (void)status;
    graph_free(graph);
    return 0;
}
