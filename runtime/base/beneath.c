/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * openat2 does the work where the kernel has it (5.6): RESOLVE_BENEATH lets links be as long as
 * they stay inside, which is how configuration volumes are laid out. Where it is missing or a
 * sandbox forbids it, names are walked part by part and no link is followed at all.
 *
 * Files are read into own memory: a mapping of shared storage could change, or fault, under a
 * running model. The size is taken from fstat but not trusted: a file that grows or shrinks while
 * it is read is an error.
 *
 * Thread: any.
 */

#include "runtime/base/beneath.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void descriptor_close_auto_(int *descriptor) {
    if (*descriptor >= 0)
        close(*descriptor);
}

static Status open_error(int error, const char *name) {
    if (error == EXDEV || error == ELOOP)
        return status_error(STATUS_PERMISSION_DENIED, "%s: leads out of its directory", name);
    return status_from_errno(error, name);
}

/* One part of a path, no links. */
static int open_part(int directory, const char *part, size_t length, int flags) {
    char name[256];
    if (length >= sizeof name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(name, part, length);
    name[length] = '\0';
    if (strcmp(name, "..") == 0) {
        errno = EXDEV;
        return -1;
    }
    return openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC);
}

static Status open_by_parts(int directory, const char *name, int flags, int *ret_descriptor) {
    AUTO(descriptor_close) int held = -1;
    int current = directory;
    const char *part = name;
    if (*part == '/' || *part == '\0')
        return open_error(EXDEV, name);
    for (;;) {
        size_t length = strcspn(part, "/");
        bool last = part[length + strspn(part + length, "/")] == '\0';
        int next = open_part(current, part, length, last ? flags : O_RDONLY | O_DIRECTORY);
        if (next < 0)
            return open_error(errno, name);
        if (last) {
            *ret_descriptor = next;
            return status_ok();
        }
        descriptor_close_auto_(&held);
        current = held = next;
        part += length + strspn(part + length, "/");
    }
}

Status beneath_open(int directory, const char *name, int flags, int *ret_descriptor) {
    struct open_how how = { .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    long descriptor = syscall(SYS_openat2, directory, name, &how, sizeof how);
    if (descriptor >= 0) {
        *ret_descriptor = (int)descriptor;
        return status_ok();
    }
    if (errno == ENOSYS || errno == EPERM)
        return open_by_parts(directory, name, flags, ret_descriptor);
    return open_error(errno, name);
}

Status beneath_read_file(int directory, const char *name, size_t limit_bytes, char **ret_bytes,
                         size_t *ret_length) {
    AUTO(descriptor_close) int file = -1;
    TRY(beneath_open(directory, name, O_RDONLY | O_NONBLOCK,
                     &file)); /* a pipe must not hold us up */
    struct stat info;
    if (fstat(file, &info) != 0)
        return status_from_errno(errno, name);
    if (!S_ISREG(info.st_mode))
        return status_error(STATUS_INVALID_ARGUMENT, "%s: is not a file", name);
    if ((uint64_t)info.st_size > limit_bytes)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "%s: has %lld bytes, the limit is %zu", name,
                            (long long)info.st_size, limit_bytes);
    size_t length = (size_t)info.st_size, done = 0;
    AUTO(free) char *bytes = malloc(length + 1);
    if (!bytes)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "%s: out of memory for %zu bytes", name,
                            length);
    while (done <= length) { /* one byte beyond the end shows growth */
        ssize_t got = read(file, bytes + done, length + 1 - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return status_from_errno(errno, name);
        if (got == 0)
            break;
        done += (size_t)got;
    }
    if (done != length)
        return status_error(STATUS_FAILED_PRECONDITION, "%s: changed while it was read", name);
    bytes[length] = '\0';
    *ret_bytes = TAKE(bytes);
    *ret_length = length;
    return status_ok();
}

static Status read_all_at(int file, const char *name, uint64_t offset, size_t bytes, char *dst) {
    for (size_t done = 0; done < bytes;) {
        ssize_t got = pread(file, dst + done, bytes - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return status_from_errno(errno, name);
        if (got == 0)
            return status_error(STATUS_FAILED_PRECONDITION, "%s: changed while it was read", name);
        done += (size_t)got;
    }
    return status_ok();
}

Status beneath_read_range(int directory, const char *name, uint64_t offset, size_t bytes,
                          void *dst) {
    AUTO(descriptor_close) int file = -1;
    struct stat info;
    TRY(beneath_open(directory, name, O_RDONLY | O_NONBLOCK, &file));
    if (fstat(file, &info) != 0)
        return status_from_errno(errno, name);
    if (!S_ISREG(info.st_mode))
        return status_error(STATUS_INVALID_ARGUMENT, "%s: is not a file", name);
    if (offset > (uint64_t)info.st_size || bytes > (uint64_t)info.st_size - offset)
        return status_error(STATUS_FAILED_PRECONDITION,
                            "%s: has %lld bytes, %zu from %llu on are wanted", name,
                            (long long)info.st_size, bytes, (unsigned long long)offset);
    return read_all_at(file, name, offset, bytes, dst);
}
