/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Files beneath a directory that is trusted, by names that are not: a link or ".." that leads out
 * of it is refused, and so is anything that is not a plain file or directory.
 */

#include "runtime/base/status.h"

#include <stdint.h>

/**
 * @directory  open; everything stays beneath it
 * @flags      of open(2); O_CLOEXEC is added
 *
 * Errors: those of open; PERMISSION_DENIED when the name leads out
 */
Status beneath_open(int directory, const char *name, int flags, int *ret_descriptor);
/* Whole content in malloc memory, NUL-terminated beyond length. RESOURCE_EXHAUSTED above
 * limit_bytes. */
Status beneath_read_file(int directory, const char *name, size_t limit_bytes, char **ret_bytes,
                         size_t *ret_length);

/* bytes of the file from offset on, to dst. FAILED_PRECONDITION when the file ends before that. */
Status beneath_read_range(int directory, const char *name, uint64_t offset, size_t bytes,
                          void *dst);

/* An owned descriptor: AUTO(descriptor_close) int directory = -1; */
static inline int descriptor_take(int *descriptor) {
    int taken = *descriptor;
    *descriptor = -1;
    return taken;
}
void descriptor_close_auto_(int *descriptor);
