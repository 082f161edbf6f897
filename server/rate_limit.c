/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * --rate-limit and --rate-limit-resource for the scheduler. "NAME:COUNT:DEVICE" counts as
 * "NAME:COUNT": there is one device. Thread: main.
 */

#include "server/rate_limit.h"

#include <stdlib.h>
#include <string.h>

Status rate_limit_of(const Options *options, Arena *arena, SchedulerOptions *scheduler) {
    const TextList *list = &options->rate_limit_resources;
    ResourceNeed *resources = arena_calloc(arena, list->count, sizeof *resources);
    if (!resources)
        return arena_exhausted(arena);
    for (size_t i = 0; i < list->count; i++) {
        size_t length = strcspn(list->items[i], ":");
        resources[i].name = arena_strndup(arena, list->items[i], length);
        resources[i].count = (uint32_t)strtoul(list->items[i] + length + 1, NULL, 10);
        if (!resources[i].name)
            return arena_exhausted(arena);
    }
    scheduler->limits_rate = strcmp(options->rate_limit, "execution_count") == 0;
    scheduler->resources = resources;
    scheduler->resource_count = list->count;
    return status_ok();
}
