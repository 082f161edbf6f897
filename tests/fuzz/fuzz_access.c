/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * libFuzzer: who asks. The first byte chooses: a signed token, a set of keys, a list of tokens, a
 * policy. No token may be accepted: the only key's other half is nowhere.
 */

#include "runtime/base/size.h"
#include "server/access/jwt.h"
#include "server/access/policy.h"
#include "server/access/static_token.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 8 << 20 };

static Arena *arena;

static void must(bool holds) {
    if (!holds)
        abort();
}

/* Ed25519 of RFC 8032's first test, P-256 of RFC 7515's. */
static const char KEYS[] =
    "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"e\",\"x\":"
    "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":"
    "\"p\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":"
    "\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static void fuzz_token(const char *text, size_t length) {
    static Jwks jwks;
    static Arena *kept;
    JwtRules rules = { .issuer = "i", .audience = "a" };
    StringView subject;
    if (!kept) {
        Status made = arena_new(4096, ARENA_BYTES, &kept);
        must(status_is_ok(&made));
        made = jwks_parse(KEYS, strlen(KEYS), kept, &jwks);
        must(status_is_ok(&made) && jwks.count == 2);
    }
    Status status = jwt_check(&jwks, &rules, (StringView){ text, length }, 1000, arena, &subject);
    must(status.code != STATUS_OK && status.message[0] != '\0');
}

static void fuzz_keys(const char *text, size_t length) {
    Jwks jwks = { 0 };
    Status status = jwks_parse(text, length, arena, &jwks);
    must((status.message[0] == '\0') == status_is_ok(&status));
    for (size_t i = 0; status_is_ok(&status) && i < jwks.count; i++)
        must(jwks.keys[i].key != NULL);
    jwks_deinit(&jwks);
}

static void fuzz_tokens(const char *text, size_t length) {
    StaticTokens tokens;
    StringView name;
    Status status = static_tokens_parse(text, length, arena, &tokens);
    if (status_is_ok(&status))
        must(!static_tokens_find(&tokens, (StringView){ "guess", 5 }, &name));
}

static void fuzz_policy(const char *text, size_t length) {
    Policy policy;
    StringView who = { "token:a", 7 }, model = { "resnet", 6 };
    Status status = policy_parse(text, length, arena, &policy);
    must((status.message[0] == '\0') == status_is_ok(&status));
    if (status_is_ok(&status) && policy_allows(&policy, who, (Action)1, model))
        must(policy_may_allow(&policy, who, (Action)1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const kinds[])(const char *, size_t) = { fuzz_token, fuzz_keys, fuzz_tokens,
                                                           fuzz_policy };
    if (size == 0)
        return 0;
    char *copy = malloc(size); /* exactly as long */
    Status made = arena_new(4096, ARENA_BYTES, &arena);
    must(copy && status_is_ok(&made));
    memcpy(copy, data + 1, size - 1);
    kinds[data[0] % ARRAY_LENGTH(kinds)](copy, size - 1);
    free(copy);
    arena_free(arena);
    return 0;
}
