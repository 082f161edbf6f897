/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Cores whose log cannot be redirected from C: they write to standard error by themselves, at the
 * level of GRPC_VERBOSITY (errors, unless the operator wants more). There is nothing to do here;
 * see core_log.c for the others. */

#include "server/rpc/core_compat.h"

void core_log_hook(void) {
}
