/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Words that a flag takes, checked once. Thread: main. */

#include "server/options_values.h"

#include <string.h>

Status option_set_control_mode(const char *value, const char **dst) {
    if (strcmp(value, "none") != 0 && strcmp(value, "poll") != 0 && strcmp(value, "explicit") != 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "--model-control-mode: expected none, poll or explicit, got '%s'",
                            value);
    *dst = value;
    return status_ok();
}

Status option_set_rate_limit(const char *value, const char **dst) {
    if (strcmp(value, "off") != 0 && strcmp(value, "execution_count") != 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "--rate-limit: expected off or execution_count, got '%s'", value);
    *dst = value;
    return status_ok();
}

Status option_cache_size(const char *value, const char **ret_bytes) {
    static const char prefix[] = "local,size=";
    if (strncmp(value, prefix, sizeof prefix - 1) != 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "--cache-config: expected local,size=BYTES, got '%s'", value);
    *ret_bytes = value + sizeof prefix - 1;
    return status_ok();
}

Status option_check_resource(const char *value) {
    const char *colon = strchr(value, ':');
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    bool is_right = colon && colon > value && digits > 0 && digits < 10 &&
                    (colon[1 + digits] == '\0' || colon[1 + digits] == ':');
    return is_right ? status_ok()
                    : status_error(STATUS_INVALID_ARGUMENT,
                                   "--rate-limit-resource: expected NAME:COUNT, got '%s'", value);
}
