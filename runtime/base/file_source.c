/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The plain source: files beneath a directory, into memory of the heap. Thread: any. */

#include "runtime/base/file_source.h"

#include "runtime/base/beneath.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/size.h"

void file_bytes_deinit(FileBytes *bytes) {
    if (bytes->data)
        bytes->free(bytes->data);
    *bytes = (FileBytes){ 0 };
}

static Status read_plain(const FileSource *source, const char *name, size_t limit_bytes,
                         FileBytes *ret_bytes) {
    FileBytes bytes = { .free = free };
    TRY(beneath_read_file(source->directory, name, limit_bytes, &bytes.data, &bytes.length));
    *ret_bytes = bytes;
    return status_ok();
}

static Status read_plain_range(const FileSource *source, const char *name, uint64_t offset,
                               size_t bytes, FileBytes *ret_bytes) {
    enum { ALIGNMENT = 64 };
    size_t rounded = 0;
    AUTO(free) void *data = NULL;
    if (size_align(MAX_OF(bytes, (size_t)1), ALIGNMENT, &rounded))
        data = aligned_alloc(ALIGNMENT, rounded);
    if (!data)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory for %zu bytes", bytes);
    TRY(beneath_read_range(source->directory, name, offset, bytes, data));
    *ret_bytes = (FileBytes){ TAKE(data), bytes, free };
    return status_ok();
}

FileSource file_source_plain(int directory) {
    return (
        FileSource){ .read = read_plain, .read_range = read_plain_range, .directory = directory };
}
