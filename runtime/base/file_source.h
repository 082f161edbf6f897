/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where a load reads the files of a version from: plainly from its directory, or through whoever
 * checks and decrypts them (runtime/trust). A file is read once, so that what was checked is what
 * is loaded.
 */

#include "runtime/base/status.h"

#include <stdint.h>

/* Content of a file, owned with the function that frees it. */
typedef struct FileBytes {
    char *data; /* a NUL follows what read gives */
    size_t length;
    void (*free)(void *data);
} FileBytes;

void file_bytes_deinit(FileBytes *bytes);
static inline void file_bytes_deinit_auto_(FileBytes *bytes) {
    file_bytes_deinit(bytes);
}

typedef struct FileSource FileSource;
struct FileSource {
    /* Whole content. Errors: those of beneath_read_file; what the source says of the content. */
    Status (*read)(const FileSource *source, const char *name, size_t limit_bytes,
                   FileBytes *ret_bytes);
    /* So many bytes from offset on, 64-byte aligned. FAILED_PRECONDITION when the file ends before
     * that. */
    Status (*read_range)(const FileSource *source, const char *name, uint64_t offset, size_t bytes,
                         FileBytes *ret_bytes);
    int directory; /* -1: there are no files */
    void *user;
};

/* The files beneath directory as they are. directory: lent. */
FileSource file_source_plain(int directory);
