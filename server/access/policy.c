/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A list of rules, tried one after the other: a policy has dozens, not millions. The decision is
 * pure: no clock, no lock, nothing but its arguments.
 */

#include "server/access/policy.h"

#include "runtime/base/pattern.h"
#include "runtime/base/size.h"
#include "runtime/json/json_reader.h"

#include <string.h>

static bool is_text(StringView text, const char *other) {
    return text.length == strlen(other) && !memcmp(text.data, other, text.length);
}

/* --- deciding --- */

static bool any_fits(const StringView *patterns, size_t count, StringView text) {
    for (size_t i = 0; i < count; i++)
        if (pattern_fits(patterns[i].data, patterns[i].length, text.data, text.length))
            return true;
    return false;
}

static bool rule_is_for(const PolicyRule *rule, StringView principal, Action action) {
    return (rule->actions >> action & 1) &&
           any_fits(rule->principals, rule->principal_count, principal);
}

bool policy_may_allow(const Policy *policy, StringView principal, Action action) {
    for (size_t i = 0; i < policy->count; i++)
        if (rule_is_for(&policy->rules[i], principal, action))
            return true;
    return false;
}

bool policy_allows(const Policy *policy, StringView principal, Action action, StringView model) {
    for (size_t i = 0; i < policy->count; i++) {
        const PolicyRule *rule = &policy->rules[i];
        if (rule_is_for(rule, principal, action) &&
            any_fits(rule->models, rule->model_count, model))
            return true;
    }
    return false;
}

/* --- reading --- */

static Status bad_rule(size_t index, const char *what) {
    return status_error(STATUS_INVALID_ARGUMENT, "rule %zu of the policy: %s", index, what);
}

static Status read_list(JsonReader *reader, size_t index, Arena *arena, const StringView **ret_list,
                        size_t *ret_count) {
    StringView *list = arena_calloc(arena, POLICY_LIST_MAX, sizeof *list);
    size_t count = 0;
    if (!list)
        return arena_exhausted(arena);
    if (*ret_list)
        return bad_rule(index, "a member is there twice");
    if (json_peek(reader) != JSON_KIND_ARRAY || !json_open(reader))
        return bad_rule(index, "expected arrays of text");
    while (json_next_element(reader)) {
        if (count == POLICY_LIST_MAX)
            return bad_rule(index, "a list is longer than 1024");
        if (json_peek(reader) != JSON_KIND_STRING || !json_read_string(reader, arena, &list[count]))
            return bad_rule(index, "expected arrays of text");
        count++;
    }
    if (!reader->mistake && !count)
        return bad_rule(index, "an empty list allows nothing; leave the rule out");
    *ret_list = list;
    *ret_count = count;
    return status_ok();
}

static Status read_actions(const StringView *names, size_t count, size_t index,
                           uint32_t *ret_actions) {
    for (size_t i = 0; i < count; i++) {
        Action action = action_find(names[i]);
        if (is_text(names[i], "*"))
            *ret_actions |= ~(1u << ACTION_UNKNOWN);
        else if (action == ACTION_UNKNOWN)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "rule %zu of the policy: there is no action '%.*s'", index,
                                (int)MIN_OF(names[i].length, (size_t)64), names[i].data);
        else
            *ret_actions |= 1u << action;
    }
    return status_ok();
}

static Status read_rule(JsonReader *reader, size_t index, Arena *arena, PolicyRule *rule) {
    static const StringView everything = { "*", 1 };
    const StringView *actions = NULL;
    size_t action_count = 0;
    StringView name;
    *rule = (PolicyRule){ 0 };
    if (json_peek(reader) != JSON_KIND_OBJECT || !json_open(reader))
        return bad_rule(index, "not an object");
    while (json_next_member(reader, arena, &name)) {
        if (is_text(name, "principals"))
            TRY(read_list(reader, index, arena, &rule->principals, &rule->principal_count));
        else if (is_text(name, "actions"))
            TRY(read_list(reader, index, arena, &actions, &action_count));
        else if (is_text(name, "models"))
            TRY(read_list(reader, index, arena, &rule->models, &rule->model_count));
        else
            return bad_rule(index, "known are principals, actions and models");
    }
    if (reader->mistake)
        return bad_rule(index, reader->mistake);
    if (!rule->principals || !actions)
        return bad_rule(index, "it needs principals and actions");
    if (!rule->models) {
        rule->models = &everything;
        rule->model_count = 1;
    }
    return read_actions(actions, action_count, index, &rule->actions);
}

static Status read_rules(JsonReader *reader, Arena *arena, Policy *policy) {
    if (json_peek(reader) != JSON_KIND_ARRAY || !json_open(reader) || policy->rules)
        return status_error(STATUS_INVALID_ARGUMENT, "the policy: rules must be one array");
    policy->rules = arena_calloc(arena, POLICY_RULES_MAX, sizeof *policy->rules);
    if (!policy->rules)
        return arena_exhausted(arena);
    while (json_next_element(reader)) {
        if (policy->count == POLICY_RULES_MAX)
            return status_error(STATUS_INVALID_ARGUMENT, "the policy has more than %d rules",
                                POLICY_RULES_MAX);
        TRY(read_rule(reader, policy->count, arena, &policy->rules[policy->count]));
        policy->count++;
    }
    return status_ok();
}

Status policy_parse(const char *text, size_t length, Arena *arena, Policy *ret_policy) {
    JsonReader reader = json_reader_of(text, length);
    Policy policy = { 0 };
    StringView name;
    if (json_peek(&reader) != JSON_KIND_OBJECT || !json_open(&reader))
        return status_error(STATUS_INVALID_ARGUMENT, "the policy is not a JSON object");
    while (json_next_member(&reader, arena, &name)) {
        if (!is_text(name, "rules"))
            return status_error(STATUS_INVALID_ARGUMENT, "the policy: the only member is rules");
        TRY(read_rules(&reader, arena, &policy));
    }
    if (reader.mistake || json_peek(&reader) != JSON_KIND_NOTHING || reader.at != reader.end)
        return status_error(STATUS_INVALID_ARGUMENT, "the policy is not JSON: %s at offset: %zu",
                            reader.mistake ? reader.mistake : "text after it",
                            (size_t)(reader.at - reader.begin));
    if (!policy.rules)
        return status_error(STATUS_INVALID_ARGUMENT, "the policy has no rules");
    *ret_policy = policy;
    return status_ok();
}
