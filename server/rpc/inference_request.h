/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What several questions of the Open Inference Protocol begin with: { string name = 1; string
 * version = 2; }. */

#include "server/server_context.h"
#include "server/wire/wire_tensor.h"

typedef struct InferenceNameVersion {
    StringView name; /* in the arena; "" when left out */
    VersionChoice version;
} InferenceNameVersion;

/* INVALID_ARGUMENT for a message that is too long or malformed, and for a version that is no
 * number. */
Status inference_name_version_decode(ServerContext *server, const Spans *message, Arena *arena,
                                     InferenceNameVersion *ret_request);
