/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Versions on disk: which directories count and whether they are complete. A version has settled
 * when its modification times are old, when it arrived by rename, or when nothing changed for a
 * second; a manifest, if any, is verified when it is loaded. Everything is opened beneath the
 * repository's descriptor (runtime/base/beneath.h).
 */

#include "runtime/base/arena.h"
#include "runtime/base/status.h"

#include <stdint.h>

typedef struct ScanVersion {
    int64_t number;
    const char *directory; /* name as on disk: "00000123" */
    uint64_t
        fingerprint;    /* of names, sizes and times within; changes while files are being copied */
    uint64_t newest_ns; /* latest modification, CLOCK_REALTIME */
} ScanVersion;

/* Children of a model's directory that are versions, ascending. Errors: those of the directory
 * itself. */
Status scan_versions(int model_directory, Arena *arena, ScanVersion **ret_versions,
                     size_t *ret_count);
/* Each child directory of a repository, before it is looked into: what is no model yet may become
 * one. Lent. */
typedef void (*ScanVisit)(void *user, int directory);
/* Children of a repository that are models (directories with at least one version or a
 * config.pbtxt), in order.
 * @visit  may be NULL */
Status scan_models(int repository, Arena *arena, ScanVisit visit, void *user,
                   const char ***ret_names, size_t *ret_count);

typedef struct ScanFile {
    bool found;
    uint64_t fingerprint, newest_ns; /* 0 when there is none */
} ScanFile;

/* config.pbtxt and the other plain files beside the versions, joined: a change of any may change
 * what a load gives. */
ScanFile scan_model_files(int model_directory, const char *config_path);
/* A single file served as version 1. Errors: those of the file. */
Status scan_file(int directory, const char *name, ScanFile *ret_file);

/* What the rule of DESIGN 5 looks at. */
typedef struct SettleView {
    uint64_t newest_ns, realtime_ns; /* latest modification and now, CLOCK_REALTIME */
    uint64_t unchanged_ns;           /* since the fingerprint was seen to change */
    bool moved_in;
    uint64_t settle_ns;
} SettleView;
bool scan_has_settled(const SettleView *view);

/* "00000123" -> 123; false for anything but digits, 0 and what is beyond int64. */
bool scan_parse_version(const char *name, int64_t *ret_number);
