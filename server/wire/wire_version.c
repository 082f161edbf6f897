/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Version strings and the words for versions that cannot be had. Source: reference
 * open_inference_triton.md 1.3, 1.5. */

#include "server/wire/wire_version.h"

enum { SHOWN_MAX = 64 };

/* NULL, or what is wrong with it. */
static const char *read_number(StringView text, int64_t *ret_number) {
    int64_t number = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return "not a number";
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text.data[i] - '0', &number))
            return "out of range";
    }
    *ret_number = number;
    return number > 0 ? NULL : "zero";
}

Status wire_version_parse(StringView text, VersionChoice *ret_version) {
    if (text.length == 0)
        return status_ok();
    int64_t number = 0;
    const char *wrong = read_number(text, &number);
    if (wrong)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "failed to get model version from specified version string '%.*s' "
                            "(details: %s), version should be an integral value > 0",
                            TEXT_ARGS(text_cut(text, SHOWN_MAX)), wrong);
    *ret_version = (VersionChoice){ .has_number = true, .number = number };
    return status_ok();
}

Status wire_version_error(const Status *found, StringView model, const VersionChoice *version) {
    bool unknown = found->code == STATUS_NOT_FOUND;
    if (!unknown && found->code != STATUS_FAILED_PRECONDITION)
        return *found;
    if (!version->has_number)
        return status_error(STATUS_NOT_FOUND, "Request for unknown model: '%.*s' %s",
                            TEXT_ARGS(model),
                            unknown ? "is not found" : "has no available versions");
    return status_error(unknown ? STATUS_NOT_FOUND : STATUS_UNAVAILABLE,
                        "Request for unknown model: '%.*s' version %lld is not %s",
                        TEXT_ARGS(model), (long long)version->number,
                        unknown ? "found" : "at ready state");
}
