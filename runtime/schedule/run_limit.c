/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Instances and resources. Weights are shared, so "instances" of a model are nothing but a number
 * of batches that may run at once. A resource's total is what the command line says, else the most
 * that any one model asks for, as in Triton. Resources live as long as the scheduler: they are few,
 * and named by configuration.
 *
 * A batch that is taken apart after a failure gives its place back first; its requests then run
 * alone, beyond the limit, for that one moment.
 */

#include "runtime/schedule/scheduler_internal.h"

#include <stdlib.h>
#include <string.h>

struct Resource {
    Resource *next;
    uint64_t total, used;
    bool is_fixed; /* the total came from the command line */
    char name[];
};

static Resource *find_locked(const Scheduler *scheduler, const char *name) {
    for (Resource *resource = scheduler->resources; resource; resource = resource->next)
        if (strcmp(resource->name, name) == 0)
            return resource;
    return NULL;
}

static Resource *new_resource(const Scheduler *scheduler, const char *name) {
    Resource *resource = calloc(1, sizeof *resource + strlen(name) + 1);
    if (!resource)
        return NULL;
    memcpy(resource->name, name, strlen(name) + 1);
    for (size_t i = 0; i < scheduler->options.resource_count; i++) {
        const ResourceNeed *total = &scheduler->options.resources[i];
        if (strcmp(total->name, name) != 0)
            continue;
        resource->total = total->count;
        resource->is_fixed = true;
    }
    return resource;
}

/* Finds or makes. */
static Status find_resource(Scheduler *scheduler, const ResourceNeed *need, Resource **ret) {
    Resource *spare = new_resource(scheduler, need->name), *resource;
    if (!spare)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    uint64_t total;
    {
        LOCKED(&scheduler->mutex);
        resource = find_locked(scheduler, need->name);
        if (!resource) {
            resource = TAKE(spare);
            resource->next = scheduler->resources;
            scheduler->resources = resource;
        }
        if (!resource->is_fixed)
            resource->total = MAX_OF(resource->total, (uint64_t)need->count);
        total = resource->total;
    }
    free(spare);
    if (need->count > total)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "rate_limiter: resource '%s': the model needs %u, there are %llu",
                            need->name, need->count, (unsigned long long)total);
    *ret = resource;
    return status_ok();
}

Status run_limit_init(Scheduler *scheduler, const ModelConfig *config, RunLimit *ret_limit) {
    const InstanceConfig *instances = &config->instances;
    RunLimit limit = { .cost_factor = 1 };
    if (config->kind == MODEL_IDENTITY)
        limit.most = MAX_OF(instances->count, (size_t)1);
    if (config->ensemble) /* steps run in place, so what is between them is what runs */
        limit.most = config->ensemble->max_inflight;
    if (scheduler->options.limits_rate && instances->limits) {
        limit.most = MAX_OF(instances->count, (size_t)1);
        limit.cost_factor = MAX_OF(instances->priority, 1U);
        limit.uses = calloc(instances->need_count + 1, sizeof *limit.uses);
        if (!limit.uses)
            return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
        for (; limit.use_count < instances->need_count; limit.use_count++) {
            const ResourceNeed *need = &instances->needs[limit.use_count];
            ResourceUse *use = &limit.uses[limit.use_count];
            use->count = need->count;
            Status status = find_resource(scheduler, need, &use->resource);
            if (!status_is_ok(&status)) {
                free(limit.uses);
                return status;
            }
        }
    }
    limit.is_limited = limit.most > 0;
    *ret_limit = limit;
    return status_ok();
}

void run_limit_deinit(RunLimit *limit) {
    free(limit->uses);
}

void run_limits_free(Scheduler *scheduler) {
    while (scheduler->resources) {
        Resource *resource = scheduler->resources;
        scheduler->resources = resource->next;
        free(resource);
    }
}

bool run_limit_allows_locked(const RunLimit *limit) {
    if (limit->most > 0 && limit->running >= limit->most)
        return false;
    for (size_t i = 0; i < limit->use_count; i++) {
        const Resource *resource = limit->uses[i].resource;
        if (resource->used + limit->uses[i].count > resource->total)
            return false;
    }
    return true;
}

static void update_queues_locked(Scheduler *scheduler, uint64_t now_ns) {
    LIST_FOR_EACH (node, &scheduler->models) {
        ModelQueue *model = LIST_ITEM(node, ModelQueue, node);
        for (size_t i = 0; model->limit.is_limited && i < SHAPE_BUCKETS; i++)
            LIST_FOR_EACH (shape, &model->shapes[i])
                queue_update_locked(scheduler, LIST_ITEM(shape, ShapeQueue, bucket_node), now_ns);
    }
}

void run_limit_start_locked(Scheduler *scheduler, RunLimit *limit, uint64_t now_ns) {
    limit->running++;
    for (size_t i = 0; i < limit->use_count; i++)
        limit->uses[i].resource->used += limit->uses[i].count;
    update_queues_locked(scheduler, now_ns);
}

void run_limit_end_locked(Scheduler *scheduler, RunLimit *limit, uint64_t now_ns) {
    limit->running--;
    for (size_t i = 0; i < limit->use_count; i++)
        limit->uses[i].resource->used -= limit->uses[i].count;
    update_queues_locked(scheduler, now_ns);
}
