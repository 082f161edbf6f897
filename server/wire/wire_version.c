/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Version strings and the words for versions that cannot be had. Source: reference
 * open_inference_triton.md 1.3, 1.5. */

#include "server/wire/wire_version.h"

#include "runtime/base/size.h"

enum { DIGITS_MAX = 18, SHOWN_MAX = 64 };

Status wire_version_parse(StringView text, VersionChoice *ret_version) {
    if (text.length == 0)
        return status_ok();
    int64_t number = 0;
    bool valid = text.length <= DIGITS_MAX;
    for (size_t i = 0; i < text.length && valid; i++) {
        valid = text.data[i] >= '0' && text.data[i] <= '9';
        number = number * 10 + (text.data[i] - '0');
    }
    if (!valid || number == 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "failed to get model version from specified version string '%.*s', "
                            "version should be an integral "
                            "value > 0",
                            (int)MIN_OF(text.length, (size_t)SHOWN_MAX), text.data);
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
