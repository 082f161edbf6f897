/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which batches a model's requests travelled in: ModelStatistics. */

#include "clients/c/model.h"

typedef struct ClientBatches {
    uint64_t rows, count; /* so many batches of so many rows, since the model was loaded */
} ClientBatches;

/* Ascending in rows; sums over the versions asked for. UNIMPLEMENTED where the server lacks it. */
Status client_batches(const ClientAsk *ask, const ClientModelName *name,
                      ClientBatches **ret_batches, size_t *ret_count);
