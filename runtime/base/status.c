/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Status values: formatting, cutting at a UTF-8 boundary, and the mapping from errno. Formatting
 * happens only on the failure path; success never touches the message buffer. Any thread.
 */

#include "runtime/base/status.h"

#include "runtime/base/size.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const CODE_NAMES[] = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

static const struct {
    int error;
    StatusCode code;
} ERRNO_CODES[] = {
    { ENOENT, STATUS_NOT_FOUND },          { ENOTDIR, STATUS_NOT_FOUND },
    { EACCES, STATUS_PERMISSION_DENIED },  { EPERM, STATUS_PERMISSION_DENIED },
    { ELOOP, STATUS_PERMISSION_DENIED },   { EXDEV, STATUS_PERMISSION_DENIED },
    { EEXIST, STATUS_ALREADY_EXISTS },     { ENOMEM, STATUS_RESOURCE_EXHAUSTED },
    { EMFILE, STATUS_RESOURCE_EXHAUSTED }, { ENFILE, STATUS_RESOURCE_EXHAUSTED },
    { ENOSPC, STATUS_RESOURCE_EXHAUSTED }, { EINVAL, STATUS_INVALID_ARGUMENT },
    { EADDRINUSE, STATUS_ALREADY_EXISTS },
};

/* Marks a cut with "..." where no multi-byte character is split. */
static void end_cut_message(char *message) {
    size_t end = STATUS_MESSAGE_BYTES - 4;
    while (end > 0 && ((unsigned char)message[end] & 0xC0) == 0x80)
        end--;
    memcpy(message + end, "...", 4);
}

Status status_error_v(StatusCode code, const char *format, va_list args) {
    Status status;
    status.code = code;
    status.retry_ms = 0;
    int length = vsnprintf(status.message, sizeof status.message, format, args);
    if (length < 0)
        status.message[0] = '\0';
    else if ((size_t)length >= sizeof status.message)
        end_cut_message(status.message);
    return status;
}

Status status_error(StatusCode code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Status status = status_error_v(code, format, args);
    va_end(args);
    return status;
}

Status status_prefix(const Status *status, const char *format, ...) {
    if (status_is_ok(status))
        return status_ok();
    char prefix[STATUS_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    Status prefixed = status_error(status->code, "%s: %s", prefix, status->message);
    prefixed.retry_ms = status->retry_ms;
    return prefixed;
}

Status status_retry(Status status, uint64_t retry_ns) {
    enum { NS_PER_MILLI = 1000000, MS_MAX = 60000 };
    uint64_t ms = MIN_OF(retry_ns / NS_PER_MILLI + 1, (uint64_t)MS_MAX);
    status.retry_ms = status_is_ok(&status) ? 0 : (unsigned)ms;
    return status;
}

Status status_from_errno(int error, const char *what) {
    StatusCode code = STATUS_INTERNAL;
    for (size_t i = 0; i < ARRAY_LENGTH(ERRNO_CODES); i++)
        if (ERRNO_CODES[i].error == error)
            code = ERRNO_CODES[i].code;
    char text[128];
    return status_error(code, "%s: %s", what, strerror_r(error, text, sizeof text));
}

const char *status_code_name(StatusCode code) {
    return (size_t)code < ARRAY_LENGTH(CODE_NAMES) ? CODE_NAMES[code] : "UNKNOWN";
}
