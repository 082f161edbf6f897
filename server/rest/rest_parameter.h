/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Parameters of the Open Inference Protocol as JSON has them, checked by gRPC's table. */

#include "runtime/json/json_reader.h"
#include "server/wire/wire_parameter.h"

/* The value at the reader, which belongs to key. Errors: those of wire_parameter_check;
 * INVALID_ARGUMENT for a value that is an array, an object or null. */
Status rest_parameter_check(JsonReader *reader, StringView key, ParameterPlace place,
                            const ParameterTarget *target, Arena *arena);
