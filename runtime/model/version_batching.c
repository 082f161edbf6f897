/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TensorFlow Serving's --enable_per_model_batching_parameters: a version's own batching file, in
 * its directory. Thread: loader.
 */

#include "runtime/model/version_parts.h"

#include "runtime/config/server_config.h"

static const char NAME[] = "batching_params.pbtxt";
enum { FILE_BYTES_MAX = 1 << 20 };

Status model_version_read_batching(const ModelLoad *load, Arena *arena,
                                   const QueuePolicy **ret_policy) {
    AUTO(file_bytes_deinit) FileBytes bytes = { 0 };
    *ret_policy = NULL;
    Status status = load->files->read(load->files, NAME, FILE_BYTES_MAX, &bytes);
    if (status.code == STATUS_NOT_FOUND)
        return status_ok();
    TRY(status);
    QueuePolicy *policy = arena_calloc(arena, 1, sizeof *policy);
    if (!policy)
        return arena_exhausted(arena);
    status = batching_parameters_parse(bytes.data, bytes.length, arena, policy);
    *ret_policy = policy;
    return status_prefix(&status, "%s", NAME);
}
