/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who may do what to which model, from a JSON file:
 *
 *     {"rules": [
 *        {"principals": ["jwt:ci", "cert:spiffe://prod/?*"], "actions": ["infer", "metadata"],
 *         "models": ["resnet*"]},
 *        {"principals": ["token:admin"], "actions": ["*"]}]}
 *
 * What no rule allows is denied. '*' in a pattern stands for any text, also none; there is no other
 * wildcard. Without "models" a rule is about all of them. A principal is "anonymous" or begins with
 * how it proved itself: token:, jwt:, cert:.
 */

#include "server/access/action.h"
#include "runtime/base/arena.h"

typedef struct PolicyRule {
    const StringView *principals, *models;
    size_t principal_count, model_count;
    uint32_t actions; /* a bit each */
} PolicyRule;

typedef struct Policy {
    PolicyRule *rules;
    size_t count;
} Policy;

enum { POLICY_RULES_MAX = 4096, POLICY_LIST_MAX = 1024 };

/* Unknown members and actions are mistakes: a misspelt rule must not be one that is looser.
 * Errors: INVALID_ARGUMENT, RESOURCE_EXHAUSTED. Everything lives in arena. */
Status policy_parse(const char *text, size_t length, Arena *arena, Policy *ret_policy);

/* @model  empty: all models, or none in particular: only a rule about all of them allows it */
bool policy_allows(const Policy *policy, StringView principal, Action action, StringView model);

/* Whether some model might be allowed: asked before a body is read. */
bool policy_may_allow(const Policy *policy, StringView principal, Action action);
