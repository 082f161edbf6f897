/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* In builds whose instruments need what a sandbox takes (sanitizers attach to the process at its
 * end, coverage writes files): asked for it is an error, by default a line in the log. */

#include "runtime/base/log.h"
#include "server/sandbox/sandbox.h"

Status sandbox_enter(SandboxMode mode, const SandboxRules *rules) {
    (void)rules;
    if (mode == SANDBOX_ON)
        return status_error(STATUS_UNIMPLEMENTED, "sandbox: not in a build with instruments");
    log_event(LOG_INFO, "sandbox", "off=yes reason=%s", LOG_TEXT("a build with instruments"));
    return status_ok();
}
