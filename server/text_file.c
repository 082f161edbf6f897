/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Configuration, certificates and policies are small and come from a trusted place, but the path
 * may be wrong: a device or a pipe would never end, so only regular files of a bounded size are
 * read. A file that shrinks meanwhile gives what was there. Thread: main.
 */

#include "server/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static Status read_all(int file, const char *path, Arena *arena, const char **ret_text,
                       size_t *ret_length) {
    struct stat info;
    if (fstat(file, &info) || !S_ISREG(info.st_mode) || info.st_size > TEXT_FILE_LIMIT)
        return status_error(STATUS_INVALID_ARGUMENT, "%s: not a file of at most %d bytes", path,
                            TEXT_FILE_LIMIT);
    size_t length = (size_t)info.st_size, used = 0;
    char *text = arena_alloc(arena, length + 1);
    if (!text)
        return arena_exhausted(arena);
    while (used < length) {
        ssize_t got = read(file, text + used, length - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return status_from_errno(errno, path);
        if (got == 0)
            break;
        used += (size_t)got;
    }
    text[used] = '\0';
    *ret_text = text;
    *ret_length = used;
    return status_ok();
}

Status text_file_read(const char *path, Arena *arena, const char **ret_text, size_t *ret_length) {
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return status_from_errno(errno, path);
    Status status = read_all(file, path, arena, ret_text, ret_length);
    close(file);
    return status;
}
