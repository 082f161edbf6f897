/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Protobuf messages as JSON documents, by their descriptors: one function serves every control
 * method, so that REST says what gRPC says. Off the hot path.
 */

#include "runtime/base/status.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

typedef struct JsonMessageStyle {
    bool int64_as_text; /* as proto3's JSON mapping has it */
    bool all_fields;    /* those with default values too */
} JsonMessageStyle;

/* A new reference; NULL when memory is out. */
json_t *json_of_message(const ProtobufCMessage *message, JsonMessageStyle style);
