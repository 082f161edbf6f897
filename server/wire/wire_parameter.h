/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * InferParameter maps of the Open Inference Protocol: which keys mean something, where, and of
 * which type. A table; what is not built yet is refused by name, unknown keys are free for models
 * and ignored.
 */

#include "server/wire/wire_tensor.h"

typedef enum ParameterPlace {
    PARAMETER_OF_REQUEST,
    PARAMETER_OF_INPUT,
    PARAMETER_OF_OUTPUT
} ParameterPlace;

/* What a parameter changes, by place. */
typedef struct ParameterTarget {
    WireInfer *infer;         /* of a request */
    WireTensor *input;        /* of an input */
    WireOutputOption *output; /* of an output */
} ParameterTarget;

/**
 * @entry   one map entry {key = 1, value = 2}
 * @target  lent; what the place does not have is NULL
 *
 * Errors: INVALID_ARGUMENT (reserved key, wrong type), UNIMPLEMENTED (named)
 */
Status wire_parameter_check(SpanReader entry, Arena *arena, ParameterPlace place,
                            const ParameterTarget *target);
/* Once all parameters of an input or output are there: whether they go together. */
Status wire_shared_check(const WireShared *shared, StringView name, bool has_data,
                         uint32_t classes);
