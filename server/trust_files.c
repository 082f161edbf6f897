/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Policy and keys, read once at start: who may sign is not something to change under a running
 * server. A key's content is wiped as soon as it lies in locked memory. Thread: main.
 */

#include "server/trust_files.h"

#include "server/text_file.h"

#include <string.h>

static Status read_keys(const TextList *paths, Arena *arena, SealKeys *keys) {
    for (size_t i = 0; i < paths->count; i++) {
        const char *content;
        size_t length;
        TRY(text_file_read(paths->items[i], arena, &content, &length));
        Status status = seal_keys_add(keys, content, length);
        explicit_bzero((char *)(uintptr_t)content, length);
        if (!status_is_ok(&status))
            return status_prefix(&status, "%s", paths->items[i]);
    }
    return status_ok();
}

Status trust_files_read(const Options *options, Trust *ret_trust) {
    AUTO(arena_free) Arena *arena = NULL;
    AUTO(trust_policy_free) TrustPolicy *policy = NULL;
    AUTO(seal_keys_free) SealKeys *keys = NULL;
    TRY(arena_new(4096, 4 * (size_t)TEXT_FILE_LIMIT, &arena));
    if (options->trust_policy_file) {
        const char *text;
        size_t length;
        TRY(text_file_read(options->trust_policy_file, arena, &text, &length));
        Status status = trust_policy_parse(text, length, text_file_read, &policy);
        if (!status_is_ok(&status))
            return status_prefix(&status, "%s", options->trust_policy_file);
    }
    if (options->model_keys.count > 0) {
        TRY(seal_keys_new(&keys));
        TRY(read_keys(&options->model_keys, arena, keys));
    }
    *ret_trust = (Trust){ TAKE(policy), TAKE(keys) };
    return status_ok();
}
