/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the process gives up before it talks to anybody: system calls that it does not need
 * (seccomp), files that it has no business with (Landlock), new privileges, core dumps. From then
 * on it cannot get them back, whatever it is made to execute.
 */

#include "runtime/base/status.h"

enum { SANDBOX_PATHS_MAX = 64 };

typedef enum SandboxMode {
    SANDBOX_OFF,
    SANDBOX_AUTO, /* what the kernel has */
    SANDBOX_ON,   /* all of it, or no start */
} SandboxMode;

typedef struct SandboxRules {
    /* Beneath these may be read; relative ones too. Paths that are not there yet count by the
     * nearest folder above that is. */
    const char *readable[SANDBOX_PATHS_MAX];
    size_t readable_count;
    bool reads_anything; /* what is served is not known before it is asked for */
    /* Beneath these files may be made, written and removed: none in most servers. */
    const char *writable[SANDBOX_PATHS_MAX];
    size_t writable_count;
    bool connects; /* may open connections of its own */
} SandboxRules;

/**
 * Applies to this thread and all that it starts: called before the first. What was applied is one
 * line of the log.
 *
 * Errors: FAILED_PRECONDITION (SANDBOX_ON, and the kernel lacks a part: names it),
 * RESOURCE_EXHAUSTED. Thread: main
 */
Status sandbox_enter(SandboxMode mode, const SandboxRules *rules);

/* --- its parts --- */

/* landlock_rules.c. *ret_version: of the kernel's Landlock; 0: it has none, nothing was done. */
Status landlock_enter(const SandboxRules *rules, int *ret_version);
/* syscall_filter.c. *ret_count: system calls that are left; 0: the kernel has no filters. */
Status syscall_filter_enter(const SandboxRules *rules, size_t *ret_count);
