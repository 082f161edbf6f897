/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Defaults, and values of flags that are neither numbers nor free text. INVALID_ARGUMENT naming the
 * flag. Private to server/options.c. */

#include "server/options.h"

Options option_defaults(Personality personality);
Status option_set_compression(const char *value, const char **dst);
Status option_set_control_mode(const char *value, const char **dst);
Status option_set_sandbox(const char *value, const char **dst);
Status option_set_rate_limit(const char *value, const char **dst);
/* "local,size=BYTES": what stands for BYTES. */
Status option_cache_size(const char *value, const char **ret_bytes);
/* One of Triton's "MODE,KEY=VALUE". Texts point into value. */
Status option_set_trace(const char *value, TraceOptions *dst);
/* "NAME:COUNT" or "NAME:COUNT:DEVICE" */
Status option_check_resource(const char *value);
