/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files of a version must be: names and SHA-256, from a manifest (the lines that
 * sha256sum writes) or from a signed statement. A file may be listed in parts, which together are
 * all of it.
 */

#include "runtime/base/arena.h"
#include "runtime/trust/digest.h"

enum { TRUST_FILES_MAX = 10000 };
static const char MANIFEST_NAME[] = "manifest.sha256";
static const char BUNDLE_NAME[] = "model.sig";

typedef struct ListedPart {
    const char *name;
    uint64_t begin, end; /* end: UINT64_MAX when the whole file is meant */
    Digest digest;
} ListedPart;

typedef struct FileList {
    ListedPart *parts; /* in order of name, then begin */
    size_t count, capacity;
} FileList;

/* A relative name of plain parts: no "", "." or "..", no backslash, no control characters. */
bool file_list_name_is_good(const char *name, size_t length);
/* Errors: INVALID_ARGUMENT (the name), RESOURCE_EXHAUSTED. name is copied. */
Status file_list_add(FileList *list, Arena *arena, StringView name, const ListedPart *part);
/* Sorts. INVALID_ARGUMENT: a name is there twice, or its parts leave something out. */
Status file_list_finish(FileList *list);
/* The parts of a file; NULL: it is not listed. */
const ListedPart *file_list_find(const FileList *list, const char *name, size_t *ret_count);
/* Does the content fit? DATA_LOSS naming the file and both hashes. */
Status file_list_check(const ListedPart *parts, size_t count, const void *data, size_t length);

/* Lines of 64 hex digits, a blank, a blank or '*', and a name. */
Status manifest_parse(const char *text, size_t length, Arena *arena, FileList *ret_list);
