/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * TensorFlow Serving's warm-up: requests recorded in assets.extra/tf_serving_warmup_requests of a
 * version are replayed before it is published.
 */

#include "runtime/model/model_version.h"

/**
 * @files        of the version; no such file: nothing to do
 * @iterations   of each record
 * @ret_records  how many were read, also of a file that is wrong somewhere
 *
 * Errors: DATA_LOSS (framing, checksum), INVALID_ARGUMENT (a record that is none, or more than
 * 1000), UNIMPLEMENTED (kinds that are not served), those of a request that fails. Thread: loader
 */
Status warmup_replay(ModelVersion *version, const FileSource *files, size_t iterations,
                     size_t *ret_records);
