/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Versions on disk: which directories count and whether they are complete. A version has settled when its modification
 * times are old, when it arrived by rename, or when nothing changed for a second; a manifest, if any, is verified when
 * it is loaded. Everything is opened beneath the repository's descriptor (openat2, no links out).
 */

#include "runtime/base/arena.h"
#include "runtime/base/status.h"

typedef struct ScanVersion {
    int64_t number;
    const char *directory; /* name as on disk: "00000123" */
    uint64_t fingerprint;  /* of names, sizes and times within; changes while files are being copied */
    uint64_t newest_ns;    /* latest modification, CLOCK_REALTIME */
} ScanVersion;

/* Children of a model's directory that are versions, ascending. Errors: those of the directory itself. */
Status scan_versions(int model_directory, Arena *arena, ScanVersion **ret_versions, size_t *ret_count);
/* Children of a repository that are models (directories with at least one version or a config.pbtxt). */
Status scan_models(int repository, Arena *arena, const char ***ret_names, size_t *ret_count);

/* openat2 with RESOLVE_BENEATH and no magic links; falls back to checked openat where the kernel has none. */
Status scan_open(int directory, const char *name, int flags, int *ret_descriptor);
/* Whole content in malloc memory, NUL-terminated beyond length. RESOURCE_EXHAUSTED above limit_bytes. */
Status scan_read_file(int directory, const char *name, size_t limit_bytes, char **ret_bytes, size_t *ret_length);
