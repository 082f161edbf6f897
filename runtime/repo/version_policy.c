/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The order in which versions come and go: never fewer in service than before while a better one is
 * on its way. Taken from TensorFlow Serving's availability-preserving policy, so that a roll-over
 * looks the same to its users. Both functions are pure; the repo thread asks and obeys.
 *
 * Thread: any.
 */

#include "runtime/repo/version_policy.h"

#include "runtime/base/size.h"

VersionAction version_next_action(const VersionView *versions, size_t count) {
    bool any_aspired = false, aspired_serves = false;
    size_t unaspired_ready = 0, lowest_unaspired = INDEX_NONE, highest_new = INDEX_NONE;
    for (size_t i = 0; i < count; i++) {
        const VersionView *version = &versions[i];
        bool ready = version->state == VERSION_AVAILABLE;
        if (version->aspired) {
            any_aspired = true;
            aspired_serves = aspired_serves || ready;
            if (version->state == VERSION_START &&
                (highest_new == INDEX_NONE || version->number > versions[highest_new].number))
                highest_new = i;
        } else if (ready) {
            unaspired_ready++;
            if (lowest_unaspired == INDEX_NONE ||
                version->number < versions[lowest_unaspired].number)
                lowest_unaspired = i;
        }
    }
    if (unaspired_ready > 0 && (!any_aspired || aspired_serves || unaspired_ready > 1))
        return (VersionAction){ VERSION_UNLOAD, lowest_unaspired };
    if (highest_new != INDEX_NONE)
        return (VersionAction){ VERSION_LOAD, highest_new };
    return (VersionAction){ VERSION_NOTHING, INDEX_NONE };
}

static bool is_listed(const VersionPolicy *policy, int64_t number) {
    for (size_t i = 0; i < policy->specific_count; i++)
        if (policy->specific[i] == number)
            return true;
    return false;
}

void version_policy_select(const VersionPolicy *policy, const int64_t *numbers, size_t count,
                           bool *aspired) {
    size_t latest = MIN_OF((size_t)policy->latest_count, count);
    for (size_t i = 0; i < count; i++) {
        if (policy->kind == VERSIONS_ALL)
            aspired[i] = true;
        else if (policy->kind == VERSIONS_SPECIFIC)
            aspired[i] = is_listed(policy, numbers[i]);
        else
            aspired[i] = i >= count - latest;
    }
}
