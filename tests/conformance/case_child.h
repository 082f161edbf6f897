/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/base/status.h"

enum { OUTCOME_BYTES = 512 };

typedef Status (*CaseFn)(const char *root, const char *name);

/* Runs one test in a child process that may crash, or hang for so long. outcome: "pass", the status
 * as text, or how the process ended. Aborts when there can be no child. */
void case_run_child(CaseFn run, const char *root, const char *name, unsigned seconds,
                    char outcome[static OUTCOME_BYTES]);
