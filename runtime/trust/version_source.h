/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The files of a version as a load may have them: those that its manifest or signature lists, each
 * read once, checked, and decrypted where it is encrypted. Lives as long as the load.
 */

#include "runtime/trust/trust_policy.h"

typedef struct VersionSource VersionSource;

typedef struct VersionSourceOptions {
    const Trust *trust; /* NULL: nothing is demanded, and no key is known */
    const char *model;
    int64_t version;
    int directory;           /* of the version; lent */
    size_t file_limit_bytes; /* of a file that is looked at only because it is listed */
} VersionSourceOptions;

/**
 * Reads manifest and signature, and decides whether the version may be loaded at all.
 *
 * Errors: FAILED_PRECONDITION (no rule, no manifest, below the minimum, of another version),
 * PERMISSION_DENIED (not signed by whom the policy trusts), INVALID_ARGUMENT (of the manifest or
 * signature). Thread: loader
 */
Status version_source_new(const VersionSourceOptions *options, VersionSource **ret_source);
void version_source_free(VersionSource *source);
DEFINE_AUTO(VersionSource, version_source_free);

/* Reading through it: DATA_LOSS names file and both hashes. */
const FileSource *version_source_files(const VersionSource *source);
/* Checks what is listed and was not read. */
Status version_source_finish(VersionSource *source);
