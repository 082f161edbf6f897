/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Cores before 1.80 have a limit per connection only, which channel_args.c sets; over all of them
 * our own admission counts, once the headers are there. Thread: main. */

#include "server/rpc/core_compat.h"

void core_limit_streams(grpc_resource_quota *quota, size_t most) {
    (void)quota, (void)most;
}
