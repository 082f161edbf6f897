/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Files are read beneath the version's directory into memory, hashed there, and used from there: a
 * file that is swapped between the check and the use is one that nobody reads again. What is read
 * in ranges (external data) is read whole the first time and kept until the load is over, because a
 * hash is of the whole; without manifest, signature and encryption ranges are read as they are.
 *
 * With a list, what is not on it does not exist for a load. Names are looked up as they are asked
 * for, so that "./w.bin" or a link is not on the list.
 *
 * A signature binds a version when its subject says so: "3" or "model/3", which is what signing the
 * version's folder gives. Where a rule has a minimum_version, it must; an old version that was
 * signed is then not taken under a new number.
 *
 * Thread: the loader of the version.
 */

#include "runtime/trust/version_source.h"

#include "runtime/base/beneath.h"
#include "runtime/base/pattern.h"
#include "runtime/base/secret.h"
#include "runtime/base/size.h"

#include <stdio.h>
#include <string.h>

enum { ARENA_FIRST_BYTES = 4096, ARENA_BYTES_MAX = 256 << 20, MANIFEST_BYTES_MAX = 16 << 20 };

typedef struct ReadFile {
    struct ReadFile *next;
    char *name;
    FileBytes bytes; /* empty when a load has taken them */
} ReadFile;

struct VersionSource {
    VersionSourceOptions options;
    const TrustRule *rule; /* NULL: there is no policy */
    FileSource files;
    Arena *arena;
    bool has_list;
    FileList list;
    ReadFile *read;
};

/* --- what the policy demands --- */

static bool name_is_trusted(const TrustRule *rule, StringView name) {
    bool trusted = rule->name_count == 0;
    for (size_t i = 0; i < rule->name_count && !trusted; i++)
        trusted = pattern_fits(rule->names[i].data, rule->names[i].length, name.data, name.length);
    return trusted;
}

static Status check_certificate(const VersionSource *source, const Bundle *bundle) {
    StringView name;
    const TrustRule *rule = source->rule;
    TRY(signature_check_chain(bundle, rule->roots, source->arena, &name));
    if (!name_is_trusted(rule, name))
        return status_error(STATUS_PERMISSION_DENIED,
                            "signed by '%.*s', whom the policy does not name",
                            (int)MIN_OF(name.length, (size_t)120), name.data);
    return status_ok();
}

/* By any of whom the rule trusts; the last refusal is told. */
static Status check_signer(const VersionSource *source, const Bundle *bundle) {
    const TrustRule *rule = source->rule;
    Status status = status_error(STATUS_PERMISSION_DENIED, "the policy trusts nobody");
    if (rule->roots && (bundle->certificate_count || !rule->key_count))
        return check_certificate(source, bundle);
    for (size_t i = 0; i < rule->key_count; i++) {
        status = signature_check_key(bundle, &rule->keys[i]);
        if (status_is_ok(&status))
            return status;
    }
    return status;
}

static Status check_subject(const VersionSource *source, StringView subject) {
    char version[24];
    snprintf(version, sizeof version, "%lld", (long long)source->options.version);
    const char *slash = memchr(subject.data, '/', subject.length);
    StringView number = subject, model = { 0 };
    if (slash) {
        model = (StringView){ subject.data, (size_t)(slash - subject.data) };
        number = (StringView){ slash + 1, subject.length - model.length - 1 };
    }
    const char *name = source->options.model;
    bool fits = number.length == strlen(version) && !memcmp(number.data, version, number.length);
    bool is_model =
        !slash || (model.length == strlen(name) && !memcmp(model.data, name, model.length));
    if ((fits || !source->rule->minimum_version) && is_model)
        return status_ok();
    return status_error(STATUS_FAILED_PRECONDITION, "it is for '%.*s', this is '%s/%s'",
                        (int)MIN_OF(subject.length, (size_t)120), subject.data, name, version);
}

static Status read_signature(VersionSource *source) {
    AUTO(free) char *text = NULL;
    size_t length;
    Bundle bundle;
    Statement statement;
    TRY(beneath_read_file(source->options.directory, BUNDLE_NAME, BUNDLE_BYTES_MAX, &text,
                          &length));
    Status status = bundle_parse(text, length, source->arena, &bundle);
    if (status_is_ok(&status))
        status = check_signer(source, &bundle);
    if (status_is_ok(&status))
        status = statement_parse(bundle.payload, source->arena, &statement);
    if (status_is_ok(&status))
        status = check_subject(source, statement.subject);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", BUNDLE_NAME);
    source->list = statement.files;
    source->has_list = true;
    return status_ok();
}

static Status read_manifest(VersionSource *source) {
    AUTO(free) char *text = NULL;
    size_t length;
    Status status = beneath_read_file(source->options.directory, MANIFEST_NAME, MANIFEST_BYTES_MAX,
                                      &text, &length);
    bool demanded = source->rule && source->rule->manifest;
    if (status.code == STATUS_NOT_FOUND && demanded)
        return status_error(STATUS_FAILED_PRECONDITION, "the policy demands a %s", MANIFEST_NAME);
    if (status.code == STATUS_NOT_FOUND)
        return status_ok();
    TRY(status);
    status = manifest_parse(text, length, source->arena, &source->list);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", MANIFEST_NAME);
    source->has_list = true;
    return status_ok();
}

static Status decide(VersionSource *source) {
    const TrustRule *rule = source->rule;
    if (rule && source->options.version < rule->minimum_version)
        return status_error(STATUS_FAILED_PRECONDITION,
                            "version %lld is below %lld, the least that the policy allows",
                            (long long)source->options.version, (long long)rule->minimum_version);
    bool by_signature = rule && (rule->key_count || rule->roots);
    return by_signature ? read_signature(source) : read_manifest(source);
}

/* --- reading --- */

static Status not_listed(const char *name) {
    return status_error(STATUS_PERMISSION_DENIED, "'%.120s' is not among the files that are listed",
                        name);
}

/* Encrypted content in place of the sealed. */
static Status unseal(const VersionSource *source, const char *name, FileBytes *bytes) {
    const Trust *trust = source->options.trust;
    if (!seal_is_sealed(bytes->data, bytes->length)) {
        if (source->rule && source->rule->encrypted)
            return status_error(STATUS_FAILED_PRECONDITION,
                                "'%.120s' is not encrypted, as the policy demands", name);
        return status_ok();
    }
    FileBytes opened = { 0 };
    Status status = seal_open(trust ? trust->keys : NULL, bytes->data, bytes->length, &opened);
    if (!status_is_ok(&status))
        return status_prefix(&status, "'%.120s'", name);
    file_bytes_deinit(bytes);
    *bytes = opened;
    return status_ok();
}

static Status read_checked(const VersionSource *source, const char *name, size_t limit_bytes,
                           FileBytes *ret_bytes) {
    AUTO(file_bytes_deinit) FileBytes bytes = { .free = free };
    size_t count = 0;
    const ListedPart *parts = source->has_list ? file_list_find(&source->list, name, &count) : NULL;
    TRY(beneath_read_file(source->options.directory, name, limit_bytes, &bytes.data,
                          &bytes.length));
    if (source->has_list && !parts)
        return not_listed(name);
    if (parts)
        TRY(file_list_check(parts, count, bytes.data, bytes.length));
    TRY(unseal(source, name, &bytes));
    *ret_bytes = bytes;
    bytes = (FileBytes){ 0 };
    return status_ok();
}

static ReadFile *find_read(const VersionSource *source, const char *name) {
    for (ReadFile *file = source->read; file; file = file->next)
        if (strcmp(file->name, name) == 0)
            return file;
    return NULL;
}

static Status note_read(VersionSource *source, const char *name, FileBytes bytes,
                        ReadFile **ret_file) {
    ReadFile *file = arena_calloc(source->arena, 1, sizeof *file);
    if (file)
        file->name = arena_strndup(source->arena, name, strlen(name));
    if (!file || !file->name) {
        file_bytes_deinit(&bytes);
        return arena_exhausted(source->arena);
    }
    file->bytes = bytes;
    file->next = source->read;
    source->read = file;
    *ret_file = file;
    return status_ok();
}

static Status read_whole(const FileSource *files, const char *name, size_t limit_bytes,
                         FileBytes *ret_bytes) {
    VersionSource *source = files->user;
    FileBytes bytes = { 0 };
    ReadFile *file;
    TRY(read_checked(source, name, limit_bytes, &bytes));
    if (source->has_list)
        TRY(note_read(source, name, (FileBytes){ 0 }, &file));
    *ret_bytes = bytes;
    return status_ok();
}

/* Is a file one of which ranges can be read as they are? */
static Status is_plain(const VersionSource *source, const char *name, bool *ret_plain) {
    char head[16] = { 0 };
    *ret_plain = false;
    if (source->has_list || (source->rule && source->rule->encrypted))
        return status_ok();
    Status status = beneath_read_range(source->options.directory, name, 0, sizeof head, head);
    if (!status_is_ok(&status) && status.code != STATUS_FAILED_PRECONDITION) /* a short one */
        return status;
    *ret_plain = !seal_is_sealed(head, sizeof head);
    return status_ok();
}

static Status read_range(const FileSource *files, const char *name, uint64_t offset, size_t bytes,
                         FileBytes *ret_bytes) {
    VersionSource *source = files->user;
    FileSource plain = file_source_plain(source->options.directory);
    ReadFile *file = find_read(source, name);
    bool as_it_is = false;
    if (!file)
        TRY(is_plain(source, name, &as_it_is));
    if (as_it_is)
        return plain.read_range(&plain, name, offset, bytes, ret_bytes);
    if (!file || !file->bytes.data) {
        FileBytes whole = { 0 };
        TRY(read_checked(source, name, source->options.file_limit_bytes, &whole));
        TRY(note_read(source, name, whole, &file));
    }
    if (offset > file->bytes.length || bytes > file->bytes.length - offset)
        return status_error(STATUS_FAILED_PRECONDITION,
                            "%s: has %zu bytes, %zu from %llu on are wanted", name,
                            file->bytes.length, bytes, (unsigned long long)offset);
    FileBytes range = { .length = bytes, .free = file->bytes.free };
    void *memory = NULL;
    size_t rounded = 0;
    if (file->bytes.free == secret_free)
        TRY(secret_new(bytes, &memory));
    else if (size_align(MAX_OF(bytes, (size_t)1), 64, &rounded))
        memory = aligned_alloc(64, rounded);
    if (!memory)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory for %zu bytes", bytes);
    memcpy(memory, file->bytes.data + offset, bytes);
    range.data = memory;
    *ret_bytes = range;
    return status_ok();
}

Status version_source_finish(VersionSource *source) {
    for (size_t i = 0; i < source->list.count;) {
        size_t count;
        const char *name = source->list.parts[i].name;
        const ListedPart *parts = file_list_find(&source->list, name, &count);
        i += count;
        if (find_read(source, name))
            continue;
        AUTO(free) char *bytes = NULL;
        size_t length;
        TRY(beneath_read_file(source->options.directory, name, source->options.file_limit_bytes,
                              &bytes, &length));
        TRY(file_list_check(parts, count, bytes, length));
    }
    return status_ok();
}

/* --- life --- */

Status version_source_new(const VersionSourceOptions *options, VersionSource **ret_source) {
    AUTO(version_source_free) VersionSource *source = calloc(1, sizeof *source);
    if (!source)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    source->options = *options;
    source->files = (FileSource){ .read = read_whole,
                                  .read_range = read_range,
                                  .directory = options->directory,
                                  .user = source };
    TRY(arena_new(ARENA_FIRST_BYTES, ARENA_BYTES_MAX, &source->arena));
    const TrustPolicy *policy = options->trust ? options->trust->policy : NULL;
    if (policy) {
        source->rule = trust_policy_find(policy, options->model);
        if (!source->rule)
            return status_error(STATUS_FAILED_PRECONDITION,
                                "no rule of the policy is about model '%.120s'", options->model);
    }
    TRY(decide(source));
    *ret_source = TAKE(source);
    return status_ok();
}

void version_source_free(VersionSource *source) {
    if (!source)
        return;
    for (ReadFile *file = source->read; file; file = file->next)
        file_bytes_deinit(&file->bytes);
    arena_free(source->arena);
    free(source);
}

const FileSource *version_source_files(const VersionSource *source) {
    return &source->files;
}
