/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What inferctl doctor found. */

#include "clients/inferctl/context.h"

typedef enum FindingLevel { FINDING_GOOD, FINDING_WARN, FINDING_BAD } FindingLevel;

typedef struct Findings {
    json_t *items;
    size_t bad;
} Findings;

Status findings_init(Findings *findings);
void findings_deinit(Findings *findings);
DEFINE_AUTO_VALUE(Findings, findings_deinit);

/* @advice  what to change; NULL, and not shown, for what is good */
void findings_add(Findings *findings, FindingLevel level, const char *what, const char *advice,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));
/* As lines or as one document. */
Status findings_show(const Context *context, const Findings *findings);

/* repository_check.c: a finding per model, at least one in all. */
void check_repository(Context *context, const char *folder, Findings *findings);
