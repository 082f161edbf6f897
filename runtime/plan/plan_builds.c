/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A list of builds that are under way. Who misses the cache either joins the build of its shapes
 * and waits, or enters one and builds, outside the lock. A build that ended between the miss and
 * the entry shows in the cache, which is asked once more.
 *
 * A build lives until its last holder (builder, waiters) has left it; its plan until then at least,
 * so that a waiter gets it even if the cache has dropped it already.
 *
 * Threads: any. One mutex, held for the length of the list: as many entries as threads that build.
 */

#include "runtime/plan/plan_builds.h"

#include "runtime/base/size.h"
#include "runtime/base/thread.h"

#include <string.h>

typedef struct Build Build;
struct Build {
    Build *next;
    size_t holders; /* under mutex, as all but shapes */
    bool ended;
    Status status; /* of the build, once it has ended */
    Plan *plan;
    Shape shapes[];
};

struct PlanBuilds {
    /* fixed after new */
    PlanCache *cache;
    size_t input_count;
    Mutex mutex;
    Cond ended; /* with mutex */
    /* under mutex */
    Build *first;
};

Status plan_builds_new(PlanCache *cache, size_t input_count, PlanBuilds **ret_builds) {
    PlanBuilds *builds = calloc(1, sizeof *builds);
    if (!builds)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "plan builds: out of memory");
    builds->cache = cache;
    builds->input_count = input_count;
    mutex_init(&builds->mutex);
    cond_init(&builds->ended);
    *ret_builds = builds;
    return status_ok();
}

void plan_builds_free(PlanBuilds *builds) {
    if (!builds)
        return;
    cond_deinit(&builds->ended);
    mutex_deinit(&builds->mutex);
    free(builds);
}

static Build *build_new(const PlanBuilds *builds, const Shape *shapes) {
    size_t bytes;
    if (!size_mul(builds->input_count, sizeof *shapes, &bytes) ||
        !size_add(bytes, sizeof(Build), &bytes))
        return NULL;
    Build *build = calloc(1, bytes);
    if (!build)
        return NULL;
    build->holders = 1;
    for (size_t i = 0; i < builds->input_count; i++)
        build->shapes[i] = shapes[i];
    return build;
}

static Build *find_locked(PlanBuilds *builds, const Shape *shapes) {
    mutex_assert_held(&builds->mutex);
    for (Build *build = builds->first; build; build = build->next) {
        size_t i = 0;
        while (i < builds->input_count && shape_equal(&build->shapes[i], &shapes[i]))
            i++;
        if (i == builds->input_count)
            return build;
    }
    return NULL;
}

/* Joins the build of these shapes, or enters mine. */
static Build *enter(PlanBuilds *builds, Build *mine) {
    LOCKED(&builds->mutex);
    Build *found = find_locked(builds, mine->shapes);
    if (found) {
        found->holders++;
        return found;
    }
    mine->next = builds->first;
    builds->first = mine;
    return mine;
}

static void end(PlanBuilds *builds, Build *build, const Status *status, Plan *plan) {
    LOCKED(&builds->mutex);
    Build **link = &builds->first;
    while (*link != build)
        link = &(*link)->next;
    *link = build->next;
    build->ended = true;
    build->status = *status;
    build->plan = plan;
    cond_broadcast(&builds->ended);
}

static void wait_end(PlanBuilds *builds, const Build *build) {
    LOCKED(&builds->mutex);
    while (!build->ended)
        cond_wait(&builds->ended, &builds->mutex);
}

static bool leave(PlanBuilds *builds, Build *build) {
    LOCKED(&builds->mutex);
    return --build->holders == 0;
}

static Status run_build(PlanBuilds *builds, const Build *build, PlanBuildFn make, void *user,
                        Plan **ret_plan) {
    *ret_plan = plan_cache_find(builds->cache, build->shapes);
    if (*ret_plan)
        return status_ok();
    AUTO(plan_unref) Plan *made = NULL;
    TRY(make(user, build->shapes, &made));
    *ret_plan = plan_cache_insert(builds->cache, build->shapes, made);
    return status_ok();
}

Status plan_builds_get(PlanBuilds *builds, const Shape *input_shapes, PlanBuildFn make, void *user,
                       Plan **ret_plan) {
    *ret_plan = plan_cache_find(builds->cache, input_shapes);
    if (*ret_plan)
        return status_ok();
    Build *mine = build_new(builds, input_shapes);
    if (!mine)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "plan: out of memory");
    Build *build = enter(builds, mine);
    if (build == mine) {
        Plan *plan = NULL;
        Status made = run_build(builds, build, make, user, &plan);
        end(builds, build, &made, plan);
    } else {
        free(mine);
        wait_end(builds, build);
    }
    Status status = build->status; /* fixed, as the plan is, once it has ended */
    if (status_is_ok(&status))
        *ret_plan = plan_ref(build->plan);
    if (leave(builds, build)) {
        plan_unref(build->plan);
        free(build);
    }
    return status;
}
