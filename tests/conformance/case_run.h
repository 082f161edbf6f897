/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/base/status.h"

/* Runs one test on the CPU device, with all passes and without: both must be right. Not for whole
 * networks without passes: the plain kernels would take minutes. In a process of its own, which may
 * crash or be killed. */
Status case_run(const char *root, const char *name);
/* With all passes only: for whole networks. */
Status case_run_optimised(const char *root, const char *name);
/* As case_run, but nothing is compared: only whether it is answered or refused. */
Status case_run_only(const char *root, const char *name);
/* With all passes, on a device by name, which is closed again: what it leaks can be told then. */
Status case_run_on(const char *device_name, const char *root, const char *name);
