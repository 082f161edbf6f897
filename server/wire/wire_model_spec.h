/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tensorflow.serving.ModelSpec, which every TensorFlow Serving request and answer carries.
 */

#include "server/wire/wire_tensor.h"

typedef struct ModelSpec {
    bool present;
    StringView name, signature;
    VersionChoice version;
} ModelSpec;

Status model_spec_decode(SpanReader message, Arena *arena, ModelSpec *ret_spec);
/* "Missing ModelSpec" and kin, as TensorFlow Serving says them. */
Status model_spec_check(const ModelSpec *spec);

/* An answer's ModelSpec: name, resolved version, and the signature unless it is empty. */
size_t model_spec_bytes(StringView name, int64_t version, StringView signature);
unsigned char *model_spec_put(unsigned char *at, StringView name, int64_t version,
                              StringView signature);

/* "Latest(m)", "Specific(m, 3)", "Label(m, canary)". */
enum { CHOICE_TEXT_BYTES = 160 };
const char *version_choice_format(StringView model, const VersionChoice *choice,
                                  char buffer[static CHOICE_TEXT_BYTES]);
