/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * libFuzzer: what comes with a model before anybody has vouched for it. The first byte chooses:
 * manifest, signature bundle (with its payload as a statement), statement, policy, encrypted file.
 * What is accepted must hold what its header promises: names that stay inside, lists in order,
 * nothing without a reason when it is refused.
 */

#include "runtime/trust/trust_policy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 8 << 20 };

static Arena *arena;

static void must(bool holds) {
    if (!holds)
        abort();
}

static bool is_good(const Status *status) {
    must((status->message[0] == '\0') == status_is_ok(status));
    return status_is_ok(status);
}

static void check_list(const FileList *list) {
    for (size_t i = 0; i < list->count; i++) {
        const ListedPart *part = &list->parts[i];
        size_t count;
        must(file_list_name_is_good(part->name, strlen(part->name)));
        must(part->begin <= part->end);
        must(i == 0 || strcmp(list->parts[i - 1].name, part->name) <= 0);
        must(file_list_find(list, part->name, &count) && count >= 1);
    }
}

static void fuzz_manifest(const char *text, size_t length) {
    FileList list;
    Status status = manifest_parse(text, length, arena, &list);
    if (is_good(&status))
        check_list(&list);
}

static void fuzz_statement(const char *text, size_t length) {
    Statement statement;
    Status status = statement_parse((StringView){ text, length }, arena, &statement);
    if (is_good(&status))
        check_list(&statement.files);
}

static void fuzz_bundle(const char *text, size_t length) {
    Bundle bundle;
    StringView name;
    Status status = bundle_parse(text, length, arena, &bundle);
    if (!is_good(&status))
        return;
    X509_STORE *roots = X509_STORE_new();
    must(roots != NULL);
    status = signature_check_chain(&bundle, roots, arena, &name);
    must(!is_good(&status)); /* nobody is trusted */
    X509_STORE_free(roots);
    fuzz_statement(bundle.payload.data, bundle.payload.length);
}

static Status read_nothing(const char *path, Arena *to, const char **ret_content,
                           size_t *ret_length) {
    (void)to;
    *ret_content = "no PEM";
    *ret_length = strlen(*ret_content);
    return *path == '/' ? status_error(STATUS_NOT_FOUND, "no such file") : status_ok();
}

static void fuzz_policy(const char *text, size_t length) {
    AUTO(trust_policy_free) TrustPolicy *policy = NULL;
    Status status = trust_policy_parse(text, length, read_nothing, &policy);
    if (is_good(&status))
        (void)trust_policy_find(policy, "resnet50");
}

static void fuzz_seal(const char *data, size_t length) {
    static SealKeys *keys;
    FileBytes opened = { 0 };
    if (!keys) {
        Status made = seal_keys_new(&keys);
        must(status_is_ok(&made));
        made = seal_keys_add(keys, "0123456789abcdef0123456789abcdef", SEAL_KEY_BYTES);
        must(status_is_ok(&made));
    }
    Status status = seal_open(keys, data, length, &opened);
    if (is_good(&status))
        must(opened.length < length && opened.data[opened.length] == '\0');
    file_bytes_deinit(&opened);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const kinds[])(const char *, size_t) = { fuzz_manifest, fuzz_bundle,
                                                           fuzz_statement, fuzz_policy, fuzz_seal };
    if (size == 0)
        return 0;
    char *copy = malloc(size); /* exactly as long */
    Status made = arena_new(4096, ARENA_BYTES, &arena);
    must(copy && status_is_ok(&made));
    memcpy(copy, data + 1, size - 1);
    kinds[data[0] % (sizeof kinds / sizeof *kinds)](copy, size - 1);
    free(copy);
    arena_free(arena);
    return 0;
}
