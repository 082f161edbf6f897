/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * instance_group of config.pbtxt: where a model runs and how often at once. One copy of the weights
 * serves every core, so a group costs nothing; its count is a limit only where one is asked for: by
 * a rate limiter's resources, or for the identity engine, which stands for a busy machine.
 *
 * Thread: any; loader in practice.
 */

#include "runtime/config/config_check.h"

#include "runtime/base/size.h"

#include <stdio.h>
#include <string.h>

typedef Inference__ModelInstanceGroup GroupMessage;

enum { PATH_BYTES = 96, COUNT_MAX = 1 << 16, RESOURCES_MAX = 64 };

static Status set_gpu(ConfigCheck *check, size_t index, const GroupMessage *group) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "instance_group[%zu].gpus", index);
    check->config->device = "cuda";
    if (group->n_gpus == 0)
        return status_ok();
    if (group->gpus[0] < 0)
        return text_message_error(check->text, path, "a GPU's number is not negative, got %d",
                                  (int)group->gpus[0]);
    if (group->n_gpus > 1)
        config_ignore(check, "instance_group.gpus");
    char name[32];
    int length = snprintf(name, sizeof name, "cuda:%d", (int)group->gpus[0]);
    check->config->device = arena_strndup(check->arena, name, (size_t)length);
    return check->config->device ? status_ok() : arena_exhausted(check->arena);
}

static Status check_place(ConfigCheck *check, size_t index, const GroupMessage *group) {
    bool is_cpu = group->kind == INFERENCE__MODEL_INSTANCE_GROUP__KIND__KIND_CPU;
    bool is_gpu =
        group->kind == INFERENCE__MODEL_INSTANCE_GROUP__KIND__KIND_GPU ||
        (group->kind == INFERENCE__MODEL_INSTANCE_GROUP__KIND__KIND_AUTO && group->n_gpus > 0);
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "instance_group[%zu].gpus", index);
    if (is_cpu && group->n_gpus > 0)
        return text_message_error(check->text, path, "KIND_CPU must not list GPUs");
    if (is_cpu)
        check->config->device = "cpu";
    return is_gpu ? set_gpu(check, index, group) : status_ok();
}

/* Of several groups the last says what a run needs: an instance is like any other here. */
static Status check_resources(ConfigCheck *check, size_t index,
                              const Inference__ModelRateLimiter *limiter) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "instance_group[%zu].rate_limiter", index);
    if (limiter->n_resources > RESOURCES_MAX)
        return text_message_error(check->text, path, "more than %d resources", (int)RESOURCES_MAX);
    ResourceNeed *needs = arena_calloc(check->arena, limiter->n_resources, sizeof *needs);
    if (!needs)
        return arena_exhausted(check->arena);
    for (size_t i = 0; i < limiter->n_resources; i++) {
        const Inference__ModelRateLimiter__Resource *resource = limiter->resources[i];
        needs[i] = (ResourceNeed){ resource->name, resource->count, resource->global };
        if (resource->name[0] == '\0' || resource->count == 0)
            return text_message_error(check->text, path,
                                      "a resource has a name and a count above 0");
        for (size_t k = 0; k < i; k++)
            if (strcmp(needs[k].name, needs[i].name) == 0)
                return text_message_error(check->text, path, "resource '%s' is there twice",
                                          needs[i].name);
    }
    InstanceConfig *instances = &check->config->instances;
    instances->needs = needs;
    instances->need_count = limiter->n_resources;
    instances->priority = limiter->priority;
    instances->limits = true;
    return status_ok();
}

static Status check_group(ConfigCheck *check, size_t index) {
    const GroupMessage *group = check->message->instance_group[index];
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "instance_group[%zu].count", index);
    if (group->count < 0 || group->count > COUNT_MAX)
        return text_message_error(check->text, path, "must %s, got %d",
                                  group->count < 0 ? "not be negative" : "be 65536 or less",
                                  (int)group->count);
    if (group->n_secondary_devices > 0)
        config_ignore(check, "instance_group.secondary_devices");
    if (group->host_policy[0] != '\0')
        config_ignore(check, "instance_group.host_policy");
    if (group->n_profile > 0)
        config_ignore(check, "instance_group.profile");
    if (!group->passive)
        check->config->instances.count += MAX_OF((size_t)group->count, (size_t)1);
    TRY(check_place(check, index, group));
    return group->rate_limiter ? check_resources(check, index, group->rate_limiter) : status_ok();
}

Status config_check_instances(ConfigCheck *check) {
    for (size_t i = 0; i < check->message->n_instance_group; i++)
        TRY(check_group(check, i));
    return status_ok();
}
