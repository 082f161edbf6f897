/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Cores that let their log lines be redirected (up to 1.64): errors become our warnings, the rest
 * is seen at debug level. The core calls this on any of its threads, so it is short; lines that
 * clients can cause are rate limited.
 */

#include "runtime/base/log.h"
#include "server/rpc/core_compat.h"

#include <grpc/support/log.h>
#include <string.h>

static void forward(gpr_log_func_args *args) {
    static LogLimit limit;
    LogLevel level = args->severity == GPR_LOG_SEVERITY_ERROR ? LOG_WARN : LOG_DEBUG;
    if (level < log_level())
        return;
    const char *slash = strrchr(args->file, '/');
    log_event_limited(&limit, level, "grpc_core", "source=%s:%d message=%s",
                      slash ? slash + 1 : args->file, args->line, LOG_TEXT(args->message));
}

void core_log_hook(void) {
    gpr_set_log_function(forward);
}
