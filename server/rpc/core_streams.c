/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Cores that count streams over all connections (1.80 on): beyond the limit a new one is reset
 * before anything is kept of it. Older cores: core_streams_none.c. Thread: main.
 */

#include "runtime/base/size.h"
#include "server/rpc/core_compat.h"

#include <limits.h>

void core_limit_streams(grpc_resource_quota *quota, size_t most) {
    grpc_resource_quota_set_max_outstanding_streams(quota, (int)MIN_OF(most, (size_t)INT_MAX));
}
