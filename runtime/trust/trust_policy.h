/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which versions may be loaded: a list of rules, of which the first whose pattern fits a model's
 * name holds; a model that none fits is not loaded. Without a policy everything is, and a manifest
 * that is there is checked all the same.
 */

#include "runtime/trust/seal.h"
#include "runtime/trust/signature.h"

enum { TRUST_RULES_MAX = 1024, TRUST_LIST_MAX = 64 };

typedef struct TrustRule {
    StringView models[TRUST_LIST_MAX]; /* patterns: '*' is anything */
    size_t model_count;
    TrustKey keys[TRUST_LIST_MAX]; /* a signature of one of these ... */
    size_t key_count;
    X509_STORE *roots;                /* ... or of a certificate that leads to one of these ... */
    StringView names[TRUST_LIST_MAX]; /* ... and has a name of these patterns; none: any */
    size_t name_count;
    bool manifest, encrypted; /* demanded */
    int64_t minimum_version;  /* 0: any */
} TrustRule;

typedef struct TrustPolicy TrustPolicy;

/* Reads a file that the policy names, into the arena. */
typedef Status (*TrustRead)(const char *path, Arena *arena, const char **ret_content,
                            size_t *ret_length);

/**
 *     {"rules": [{"models": ["resnet*"], "keys": ["release.pem"], "minimum_version": 3},
 *                {"models": ["*"], "manifest": true}]}
 *
 * Members of a rule: models, keys, certificates, names, manifest, encrypted, minimum_version.
 *
 * @read  for keys and certificates
 *
 * Errors: INVALID_ARGUMENT naming the rule, those of read
 */
Status trust_policy_parse(const char *text, size_t length, TrustRead read,
                          TrustPolicy **ret_policy);
void trust_policy_free(TrustPolicy *policy);
DEFINE_AUTO(TrustPolicy, trust_policy_free);

/* NULL: no rule is about it, so it is not loaded. */
const TrustRule *trust_policy_find(const TrustPolicy *policy, const char *model);

/* What a repository checks versions with. */
typedef struct Trust {
    TrustPolicy *policy; /* NULL: none */
    SealKeys *keys;      /* NULL: none */
} Trust;
void trust_deinit(Trust *trust);
