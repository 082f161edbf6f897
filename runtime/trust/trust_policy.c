/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reading a policy is strict: a member that is not known is a mistake of the operator, who would
 * otherwise believe himself protected by it. Keys and certificates are read with the policy, once.
 *
 * Thread: main reads; afterwards it is fixed, and any thread looks.
 */

#include "runtime/trust/trust_policy.h"

#include "runtime/base/pattern.h"
#include "runtime/base/size.h"
#include "runtime/trust/json_members.h"

#include <string.h>

enum { ARENA_FIRST_BYTES = 4096, ARENA_BYTES_MAX = 16 << 20 };

struct TrustPolicy {
    Arena *arena;
    TrustRule *rules[TRUST_RULES_MAX];
    size_t count;
};

/* What is read of a rule before its files are opened. */
typedef struct TextList {
    StringView items[TRUST_LIST_MAX];
    size_t count;
    bool is_given;
} TextList;

typedef struct RuleText {
    TextList models, keys, certificates, names;
    bool manifest, encrypted;
    int64_t minimum_version;
} RuleText;

typedef struct Parsing {
    TrustPolicy *policy;
    TrustRead read;
    Status status; /* of a rule's files, which says more than a mistake of JSON */
} Parsing;

static void free_rule(TrustRule *rule) {
    for (size_t i = 0; i < rule->key_count; i++)
        trust_key_deinit(&rule->keys[i]);
    X509_STORE_free(rule->roots);
}

void trust_policy_free(TrustPolicy *policy) {
    if (!policy)
        return;
    for (size_t i = 0; i < policy->count; i++)
        free_rule(policy->rules[i]);
    arena_free(policy->arena);
    free(policy);
}

void trust_deinit(Trust *trust) {
    trust_policy_free(trust->policy);
    seal_keys_free(trust->keys);
    *trust = (Trust){ 0 };
}

/* --- looking --- */

const TrustRule *trust_policy_find(const TrustPolicy *policy, const char *model) {
    for (size_t i = 0; i < policy->count; i++)
        for (size_t k = 0; k < policy->rules[i]->model_count; k++) {
            StringView pattern = policy->rules[i]->models[k];
            if (pattern_fits(pattern.data, pattern.length, model, strlen(model)))
                return policy->rules[i];
        }
    return NULL;
}

/* --- reading --- */

static bool read_list(JsonReader *reader, Arena *arena, void *dst) {
    TextList *list = dst;
    list->is_given = true;
    if (json_peek(reader) != JSON_KIND_ARRAY || !json_open(reader))
        return json_fail(reader, reader->at, "expected an array of text");
    while (json_next_element(reader)) {
        if (list->count == TRUST_LIST_MAX)
            return json_fail(reader, reader->at, "a list has more than 64 entries");
        if (!json_text_once(reader, arena, &list->items[list->count++]))
            return false;
    }
    if (!reader->mistake && list->count == 0)
        return json_fail(reader, reader->at, "a list is empty");
    return !reader->mistake;
}

typedef Status (*TakeFile)(TrustRule *rule, const char *content, size_t length);

static Status take_key(TrustRule *rule, const char *content, size_t length) {
    TRY(trust_key_read(content, length, &rule->keys[rule->key_count]));
    rule->key_count++;
    return status_ok();
}

static Status take_roots(TrustRule *rule, const char *content, size_t length) {
    return trust_roots_add(content, length, rule->roots);
}

static Status read_files(const Parsing *parsing, const TextList *paths, TakeFile take,
                         TrustRule *rule) {
    for (size_t i = 0; i < paths->count; i++) {
        const char *content;
        size_t length;
        TRY(parsing->read(paths->items[i].data, parsing->policy->arena, &content, &length));
        Status status = take(rule, content, length);
        if (!status_is_ok(&status))
            return status_prefix(&status, "%s", paths->items[i].data);
    }
    return status_ok();
}

static Status make_rule(const Parsing *parsing, const RuleText *text) {
    TrustPolicy *policy = parsing->policy;
    if (!text->models.is_given || text->minimum_version < 0)
        return status_error(STATUS_INVALID_ARGUMENT, "it needs models, and no version below 0");
    if (text->names.is_given && !text->certificates.is_given)
        return status_error(STATUS_INVALID_ARGUMENT, "names are those of certificates");
    TrustRule *rule = arena_calloc(policy->arena, 1, sizeof *rule);
    if (!rule)
        return arena_exhausted(policy->arena);
    policy->rules[policy->count++] = rule;
    memcpy(rule->models, text->models.items, sizeof rule->models);
    memcpy(rule->names, text->names.items, sizeof rule->names);
    rule->model_count = text->models.count;
    rule->name_count = text->names.count;
    rule->manifest = text->manifest;
    rule->encrypted = text->encrypted;
    rule->minimum_version = text->minimum_version;
    if (text->certificates.is_given && !(rule->roots = X509_STORE_new()))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    TRY(read_files(parsing, &text->keys, take_key, rule));
    return read_files(parsing, &text->certificates, take_roots, rule);
}

static bool read_rules(JsonReader *reader, Arena *arena, void *dst) {
    static const JsonMember members[] = {
        { "models", read_list, offsetof(RuleText, models) },
        { "keys", read_list, offsetof(RuleText, keys) },
        { "certificates", read_list, offsetof(RuleText, certificates) },
        { "names", read_list, offsetof(RuleText, names) },
        { "manifest", json_member_bool, offsetof(RuleText, manifest) },
        { "encrypted", json_member_bool, offsetof(RuleText, encrypted) },
        { "minimum_version", json_member_int, offsetof(RuleText, minimum_version) },
    };
    Parsing *parsing = dst;
    TrustPolicy *policy = parsing->policy;
    if (json_peek(reader) != JSON_KIND_ARRAY || !json_open(reader))
        return json_fail(reader, reader->at, "rules is no array");
    while (json_next_element(reader)) {
        RuleText text = { 0 };
        if (policy->count == TRUST_RULES_MAX)
            return json_fail(reader, reader->at, "there are more than 1024 rules");
        if (!json_members_only(reader, arena, members, ARRAY_LENGTH(members), &text))
            return false;
        size_t number = policy->count + 1;
        Status status = make_rule(parsing, &text);
        parsing->status = status_prefix(&status, "rule %zu", number);
        if (!status_is_ok(&status))
            return json_fail(reader, reader->at, "a rule is not what it should be");
    }
    return !reader->mistake;
}

Status trust_policy_parse(const char *text, size_t length, TrustRead read,
                          TrustPolicy **ret_policy) {
    static const JsonMember members[] = { { "rules", read_rules, 0 } };
    AUTO(trust_policy_free) TrustPolicy *policy = calloc(1, sizeof *policy);
    if (!policy)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    TRY(arena_new(ARENA_FIRST_BYTES, ARENA_BYTES_MAX, &policy->arena));
    Parsing parsing = { .policy = policy, .read = read, .status = status_ok() };
    JsonReader reader = json_reader_of(text, length);
    json_members_only(&reader, policy->arena, members, ARRAY_LENGTH(members), &parsing);
    TRY(parsing.status);
    TRY(json_document_status(&reader, policy->arena));
    if (policy->count == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "it has no rules");
    *ret_policy = TAKE(policy);
    return status_ok();
}
