/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Builds under way: one a shape, shared by all who wait, in nobody else's way. */

#include "runtime/base/clock.h"
#include "runtime/base/thread.h"
#include "runtime/plan/plan_builds.h"
#include "tests/support/model_builder.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WAITERS = 3, SHAPES = 4, SLOW = 2, FAILING = 3 };

typedef struct World {
    PlanCache *cache;
    PlanBuilds *builds;
    Mutex mutex;
    Cond changed;
    /* under mutex */
    size_t begun[SHAPES], live;
    bool open; /* the build of shape SLOW may end */
} World;

typedef struct TestPlan {
    Plan base;
    World *world;
} TestPlan;

static void free_plan(Plan *plan) {
    World *world = ((TestPlan *)(void *)plan)->world;
    {
        LOCKED(&world->mutex);
        world->live--;
    }
    free(plan);
}

static Status make_plan(void *user, const Shape *shapes, Plan **ret_plan) {
    World *world = user;
    size_t which = (size_t)shapes[0].dims[0];
    uint64_t deadline_ns = clock_now_ns(clock_monotonic()) + 60 * NS_PER_S;
    {
        LOCKED(&world->mutex);
        world->begun[which]++;
        cond_broadcast(&world->changed);
        while (which >= SLOW && !world->open)
            if (!cond_wait_until(&world->changed, &world->mutex, deadline_ns))
                return status_error(STATUS_INTERNAL, "nobody opened");
        if (which == FAILING)
            return status_error(STATUS_INVALID_ARGUMENT, "no such shape");
        world->live++;
    }
    TestPlan *plan = calloc(1, sizeof *plan);
    *plan = (TestPlan){ .base = { .references = 1, .free = free_plan }, .world = world };
    *ret_plan = &plan->base;
    return status_ok();
}

static void world_init(World *world) {
    *world = (World){ 0 };
    mutex_init(&world->mutex);
    cond_init(&world->changed);
    model_check(plan_cache_new(2, 1, &world->cache));
    model_check(plan_builds_new(world->cache, 1, &world->builds));
}

static void world_deinit(World *world) {
    plan_builds_free(world->builds);
    plan_cache_free(world->cache);
    assert_int_equal(world->live, 0);
    cond_deinit(&world->changed);
    mutex_deinit(&world->mutex);
}

static Status get(World *world, size_t which, Plan **ret_plan) {
    return plan_builds_get(world->builds, &SHAPE((int64_t)which), make_plan, world, ret_plan);
}

typedef struct Asker {
    World *world;
    size_t which;
    Thread thread;
    Plan *plan;
    Status status;
} Asker;

static void ask(void *user) {
    Asker *asker = user;
    asker->status = get(asker->world, asker->which, &asker->plan);
}

static void start(World *world, size_t which, Asker *asker) {
    *asker = (Asker){ .world = world, .which = which };
    model_check(thread_start(&asker->thread, THREAD_OTHER, "asker", ask, asker));
}

static void await_begun(World *world, size_t which) {
    LOCKED(&world->mutex);
    while (world->begun[which] == 0)
        cond_wait(&world->changed, &world->mutex);
}

static void open_gate(World *world) {
    LOCKED(&world->mutex);
    world->open = true;
    cond_broadcast(&world->changed);
}

static void test_other_shapes_do_not_wait_for_a_build(void **state) {
    (void)state;
    World world;
    world_init(&world);
    Plan *ready, *again, *fresh;
    model_check(get(&world, 0, &ready));
    Asker slow;
    start(&world, SLOW, &slow);
    await_begun(&world, SLOW);
    model_check(get(&world, 0, &again)); /* these return while the build stands */
    model_check(get(&world, 1, &fresh));
    assert_ptr_equal(again, ready);
    assert_int_equal(world.begun[0], 1);
    assert_int_equal(world.begun[1], 1);
    open_gate(&world);
    thread_join(&slow.thread);
    model_check(slow.status);
    plan_unref(ready);
    plan_unref(again);
    plan_unref(fresh);
    plan_unref(slow.plan);
    world_deinit(&world);
}

static void test_who_misses_the_same_shape_shares_the_build(void **state) {
    (void)state;
    for (size_t which = SLOW; which < SHAPES; which++) {
        World world;
        world_init(&world);
        Asker askers[WAITERS];
        start(&world, which, &askers[0]);
        await_begun(&world, which);
        for (size_t i = 1; i < WAITERS; i++)
            start(&world, which, &askers[i]);
        open_gate(&world);
        for (size_t i = 0; i < WAITERS; i++)
            thread_join(&askers[i].thread);
        for (size_t i = 0; i < WAITERS; i++) {
            assert_int_equal(askers[i].status.code,
                             which == FAILING ? STATUS_INVALID_ARGUMENT : STATUS_OK);
            assert_ptr_equal(askers[i].plan, askers[0].plan);
            plan_unref(askers[i].plan);
        }
        if (which == SLOW) /* one that fails is tried again by whoever comes after */
            assert_int_equal(world.begun[which], 1);
        world_deinit(&world);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_shapes_do_not_wait_for_a_build),
        cmocka_unit_test(test_who_misses_the_same_shape_shares_the_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
