/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads a model file into memory of its own, which the graph then owns: constants point into it.
 * Thread: main.
 */

#include "clients/inferctl/model_file.h"

#include "clients/inferctl/inputs.h"
#include "runtime/base/beneath.h"
#include "runtime/base/size.h"
#include "runtime/onnx/onnx_import.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Where its external data is; -1 when it cannot be opened, which shows when something is there. */
static int open_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    if (!slash)
        return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int written = snprintf(folder, sizeof folder, "%.*s/", (int)(slash - path), path);
    if (written < 0 || (size_t)written >= sizeof folder)
        return -1;
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

Status model_file_read(Context *context, const char *path, Graph **ret_graph, size_t *ret_bytes) {
    const char *content = NULL;
    TRY(file_read(path, context->arena, &content, ret_bytes));
    AUTO(file_bytes_deinit)
    FileBytes bytes = { malloc(MAX_OF(*ret_bytes, (size_t)1)), *ret_bytes, free };
    if (!bytes.data)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    memcpy(bytes.data, content, *ret_bytes);
    AUTO(descriptor_close) int folder = open_folder(path);
    FileSource source = file_source_plain(folder);
    Status imported = onnx_import_from(&source, &bytes, NULL, ret_graph);
    if (!status_is_ok(&imported))
        return status_prefix(&imported, "'%s'", path);
    return status_ok();
}
