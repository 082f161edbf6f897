/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A model's config as JSON (protobuf's mapping, field names as they are in the file), which load
 * requests carry, into the text that config.pbtxt would hold: what is in it is then judged by the
 * one reader of configs.
 */

#include "runtime/base/arena.h"
#include "runtime/tensor/dtype.h"

/* Errors: INVALID_ARGUMENT (no JSON, an unknown field, a value of another kind, too deep) */
Status config_json_to_text(StringView json, Arena *arena, StringView *ret_text);
