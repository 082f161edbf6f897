/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inferctl manifest, sign, verify and encrypt: what a version's folder needs before a server with a
 * policy loads it. No server is asked. A file appears whole or not at all: it is written under
 * another name, synced and renamed, since a server may be watching. verify goes the way of the
 * server's own load, with a policy of one rule. Thread: main.
 */

#include "clients/inferctl/command.h"

#include "clients/inferctl/inputs.h"
#include "runtime/base/beneath.h"
#include "runtime/base/size.h"
#include "runtime/trust/sign.h"
#include "runtime/trust/version_source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const size_t FILE_BYTES_MAX = (size_t)1 << 40;

/* A version's folder, and what its path says of it. */
typedef struct Folder {
    int directory;
    char path[PATH_MAX];
    const char *model, *version; /* in path */
} Folder;

static void folder_auto_(Folder *folder) {
    descriptor_close_auto_(&folder->directory);
}

static Status open_folder(const char *path, Folder *folder) {
    folder->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->directory < 0 || !realpath(path, folder->path))
        return status_from_errno(errno, path);
    char *slash = strrchr(folder->path, '/');
    folder->version = slash + 1;
    folder->model = "";
    if (slash != folder->path) {
        const char *before = memrchr(folder->path, '/', (size_t)(slash - folder->path));
        folder->model = before + 1;
        *slash = '\0'; /* between the two names */
    }
    return status_ok();
}

/* @directory  AT_FDCWD for a path */
static Status write_file(int directory, const char *name, const void *data, size_t length) {
    char other[PATH_MAX];
    int written = snprintf(other, sizeof other, "%s.new-%d", name, (int)getpid());
    if (written < 0 || (size_t)written >= sizeof other)
        return status_error(STATUS_INVALID_ARGUMENT, "'%s' is too long", name);
    AUTO(descriptor_close)
    int file = openat(directory, other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0)
        return status_from_errno(errno, other);
    bool good = true;
    for (size_t done = 0; done < length && good;) {
        ssize_t bytes = write(file, (const char *)data + done, length - done);
        good = bytes > 0 || (bytes < 0 && errno == EINTR);
        done += bytes > 0 ? (size_t)bytes : 0;
    }
    good = good && fsync(file) == 0 && renameat(directory, other, directory, name) == 0;
    Status status = good ? status_ok() : status_from_errno(errno, name);
    if (!good)
        (void)unlinkat(directory, other, 0);
    return status;
}

Status command_manifest(Context *context) {
    __attribute__((cleanup(folder_auto_))) Folder folder = { .directory = -1 };
    FileList list;
    StringView text;
    TRY(open_folder(context->args->argument, &folder));
    TRY(sign_list_files(folder.directory, context->arena, &list));
    TRY(sign_manifest(&list, context->arena, &text));
    TRY(write_file(folder.directory, MANIFEST_NAME, text.data, text.length));
    printf("%s/%s: %zu files\n", context->args->argument, MANIFEST_NAME, list.count);
    return status_ok();
}

static Status read_signer(const Context *context, Signer *ret_signer) {
    const Args *args = context->args;
    const char *key, *chain = NULL;
    size_t key_bytes, chain_bytes = 0;
    if (!args->signing_key)
        return status_error(STATUS_INVALID_ARGUMENT, "sign wants --signing-key FILE");
    TRY(file_read(args->signing_key, context->arena, &key, &key_bytes));
    if (args->chain)
        TRY(file_read(args->chain, context->arena, &chain, &chain_bytes));
    return signer_read(key, key_bytes, chain, chain_bytes, ret_signer);
}

Status command_sign(Context *context) {
    __attribute__((cleanup(folder_auto_))) Folder folder = { .directory = -1 };
    AUTO(signer_deinit) Signer signer = { 0 };
    FileList list;
    StringView text;
    char subject[PATH_MAX + 1];
    TRY(read_signer(context, &signer));
    TRY(open_folder(context->args->argument, &folder));
    if (context->args->subject)
        snprintf(subject, sizeof subject, "%s", context->args->subject);
    else
        snprintf(subject, sizeof subject, "%.2000s/%.2000s", folder.model, folder.version);
    TRY(sign_list_files(folder.directory, context->arena, &list));
    TRY(sign_bundle(&list, (StringView){ subject, strlen(subject) }, &signer, context->arena,
                    &text));
    TRY(write_file(folder.directory, BUNDLE_NAME, text.data, text.length));
    printf("%s/%s: %zu files, signed as %s\n", context->args->argument, BUNDLE_NAME, list.count,
           subject);
    return status_ok();
}

/* The rule that the command line describes. */
static Status make_policy(const Args *args, TrustPolicy **ret_policy) {
    json_t *rule = json_pack("{s:[s]}", "models", "*");
    if (args->trusted_key)
        json_object_set_new(rule, "keys", json_pack("[s]", args->trusted_key));
    if (args->roots)
        json_object_set_new(rule, "certificates", json_pack("[s]", args->roots));
    if (!args->trusted_key && !args->roots)
        json_object_set_new(rule, "manifest", json_true());
    json_t *document = json_pack("{s:[o]}", "rules", rule);
    AUTO(free) char *text = document ? json_dumps(document, 0) : NULL;
    json_decref(document);
    if (!text)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    return trust_policy_parse(text, strlen(text), file_read, ret_policy);
}

Status command_verify(Context *context) {
    __attribute__((cleanup(folder_auto_))) Folder folder = { .directory = -1 };
    AUTO(version_source_free) VersionSource *source = NULL;
    Trust trust = { 0 };
    TRY(open_folder(context->args->argument, &folder));
    Status status = make_policy(context->args, &trust.policy);
    if (status_is_ok(&status))
        status = version_source_new(
            &(VersionSourceOptions){ .trust = &trust,
                                     .model = folder.model,
                                     .version = strtoll(folder.version, NULL, 10),
                                     .directory = folder.directory,
                                     .file_limit_bytes = FILE_BYTES_MAX },
            &source);
    if (status_is_ok(&status))
        status = version_source_finish(source);
    trust_deinit(&trust);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", context->args->argument);
    printf("%s: good\n", context->args->argument);
    return status_ok();
}

Status command_encrypt(Context *context) {
    const Args *args = context->args;
    AUTO(seal_keys_free) SealKeys *keys = NULL;
    AUTO(free) char *sealed = NULL;
    const char *key, *content;
    size_t key_bytes, length, sealed_length;
    if (!args->model_key)
        return status_error(STATUS_INVALID_ARGUMENT, "encrypt wants --model-key FILE");
    TRY(file_read(args->model_key, context->arena, &key, &key_bytes));
    TRY(seal_keys_new(&keys));
    Status status = seal_keys_add(keys, key, key_bytes);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", args->model_key);
    TRY(file_read(args->argument, context->arena, &content, &length));
    if (seal_is_sealed(content, length))
        return status_error(STATUS_FAILED_PRECONDITION, "'%s' is encrypted already",
                            args->argument);
    TRY(seal_make(keys, content, length, &sealed, &sealed_length));
    TRY(write_file(AT_FDCWD, args->argument, sealed, sealed_length));
    printf("%s: %zu bytes, encrypted\n", args->argument, sealed_length);
    return status_ok();
}
