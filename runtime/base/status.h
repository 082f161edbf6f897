/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The result of everything that can fail. A Status is a value: it needs no free and crosses threads
 * by copy, and the compiler rejects a dropped one. Codes carry gRPC's numbers; the message is for
 * the client, so it names the thing and both sides ("input 'x': expected ..., got ...") and holds
 * no path, pointer or errno text.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum StatusCode {
    STATUS_OK = 0,
    STATUS_CANCELLED = 1,
    STATUS_UNKNOWN = 2,
    STATUS_INVALID_ARGUMENT = 3,
    STATUS_DEADLINE_EXCEEDED = 4,
    STATUS_NOT_FOUND = 5,
    STATUS_ALREADY_EXISTS = 6,
    STATUS_PERMISSION_DENIED = 7,
    STATUS_RESOURCE_EXHAUSTED = 8,
    STATUS_FAILED_PRECONDITION = 9,
    STATUS_ABORTED = 10,
    STATUS_OUT_OF_RANGE = 11,
    STATUS_UNIMPLEMENTED = 12,
    STATUS_INTERNAL = 13,
    STATUS_UNAVAILABLE = 14,
    STATUS_DATA_LOSS = 15,
    STATUS_UNAUTHENTICATED = 16,
} StatusCode;

enum { STATUS_MESSAGE_BYTES = 376 };

typedef struct [[nodiscard]] Status {
    StatusCode code;
    unsigned retry_ms;                  /* when trying again may help; 0: nobody can tell */
    char message[STATUS_MESSAGE_BYTES]; /* NUL-terminated UTF-8; empty when OK */
} Status;

static inline bool status_is_ok(const Status *status) {
    return status->code == STATUS_OK;
}

/* Writes a few bytes, not the whole message buffer: this is on the hot path. */
static inline Status status_ok(void) {
    Status status;
    status.code = STATUS_OK;
    status.retry_ms = 0;
    status.message[0] = '\0';
    return status;
}

/* The message is cut at a UTF-8 boundary and ends in "..." when it does not fit. */
Status status_error(StatusCode code, const char *format, ...) __attribute__((format(printf, 2, 3)));
Status status_error_v(StatusCode code, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* The same code with "<prefix>: " before the message: who was being loaded, read or run. OK stays
 * OK. */
Status status_prefix(const Status *status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same with a word on when to try again, at least 1 ms. */
Status status_retry(Status status, uint64_t retry_ns);

/* For operators only (start-up, logs, model load): "<what>: <strerror>". Maps ENOENT, EACCES,
 * ENOMEM, ... to codes. */
Status status_from_errno(int error, const char *what);

/* "INVALID_ARGUMENT"; never NULL. */
const char *status_code_name(StatusCode code);

/* Returns from the calling function when the expression failed. */
#define TRY(expression)                                                                            \
    do {                                                                                           \
        Status try_status_ = (expression);                                                         \
        if (try_status_.code != STATUS_OK)                                                         \
            return try_status_;                                                                    \
    } while (0)
