/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Model versions as the Open Inference Protocol writes them: decimal strings, empty for "the
 * highest that is ready".
 */

#include "server/wire/wire_tensor.h"

/* INVALID_ARGUMENT unless empty or a positive integer. */
Status wire_version_parse(StringView text, VersionChoice *ret_version);
/* Triton's words and codes for a failure of repo_acquire. */
Status wire_version_error(const Status *found, StringView model, const VersionChoice *version);
