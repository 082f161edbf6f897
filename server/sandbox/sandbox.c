/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The order: no new privileges (without which neither filter may be set by who is not root), files,
 * then system calls, whose list has no call left that could loosen the first two. A process that is
 * not dumpable leaves no core file, so no tensor, weight or key reaches a disk in one, and nobody
 * of the same user can attach to it.
 *
 * Thread: main, before any other.
 */

#include "server/sandbox/sandbox.h"

#include "runtime/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static Status set_process_flags(void) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return status_error(STATUS_FAILED_PRECONDITION, "no-new-privileges: %s", strerror(errno));
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return status_error(STATUS_FAILED_PRECONDITION, "no core dumps: %s", strerror(errno));
    return status_ok();
}

static void tell(const SandboxRules *rules, int landlock, size_t calls) {
    char filter[24] = "none", files[24] = "none";
    if (calls)
        snprintf(filter, sizeof filter, "%zu", calls);
    if (landlock)
        snprintf(files, sizeof files, "v%d", landlock);
    log_event(LOG_INFO, "sandbox",
              "system_calls=%s landlock=%s read_folders=%s%zu write_folders=%zu connects=%s "
              "new_privileges=no core_dumps=no",
              filter, files, rules->reads_anything ? "any," : "", rules->readable_count,
              rules->writable_count, rules->connects ? "yes" : "no");
}

Status sandbox_enter(SandboxMode mode, const SandboxRules *rules) {
    int landlock = 0;
    size_t calls = 0;
    if (mode == SANDBOX_OFF) {
        log_event(LOG_INFO, "sandbox", "off=yes");
        return status_ok();
    }
    Status status = set_process_flags();
    if (status_is_ok(&status))
        status = landlock_enter(rules, &landlock);
    if (status_is_ok(&status))
        status = syscall_filter_enter(rules, &calls);
    if (!status_is_ok(&status))
        return status_prefix(&status, "sandbox");
    if (mode == SANDBOX_ON && (!landlock || !calls))
        return status_error(STATUS_FAILED_PRECONDITION, "sandbox: the kernel has no %s",
                            landlock ? "system call filters" : "Landlock");
    tell(rules, landlock, calls);
    return status_ok();
}
