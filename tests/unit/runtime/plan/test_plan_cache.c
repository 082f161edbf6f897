/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The cache of plans: exact keys, least recently used out first, references that keep an evicted
 * plan alive. */

#include "runtime/plan/plan_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct TestPlan {
    Plan base;
    int freed;
} TestPlan;

static void count_free(Plan *plan) {
    ((TestPlan *)(void *)plan)->freed++;
}

static void init_plan(TestPlan *plan) {
    *plan = (TestPlan){ .base = { .references = 1, .free = count_free } };
}

static PlanCache *new_cache(size_t capacity) {
    PlanCache *cache = NULL;
    Status status = plan_cache_new(capacity, 2, &cache);
    assert_int_equal(status.code, STATUS_OK);
    return cache;
}

static void test_finds_what_was_inserted_and_nothing_else(void **state) {
    (void)state;
    PlanCache *cache = new_cache(4);
    TestPlan plan;
    init_plan(&plan);
    Shape key[2] = { SHAPE(1, 3), SHAPE(7) }, other[2] = { SHAPE(1, 3), SHAPE(8) };
    assert_null(plan_cache_find(cache, key));
    plan_unref(plan_cache_insert(cache, key, &plan.base));
    Plan *found = plan_cache_find(cache, key);
    assert_ptr_equal(found, &plan.base);
    plan_unref(found);
    assert_null(plan_cache_find(cache, other));
    PlanCacheCounts counts = plan_cache_counts(cache);
    assert_int_equal(counts.hits, 1);
    assert_int_equal(counts.misses, 2);
    assert_int_equal(counts.entries, 1);
    plan_unref(&plan.base);
    assert_int_equal(plan.freed, 0);
    plan_cache_free(cache);
    assert_int_equal(plan.freed, 1);
}

static void test_the_first_of_two_equal_plans_stays(void **state) {
    (void)state;
    PlanCache *cache = new_cache(4);
    TestPlan first, second;
    init_plan(&first);
    init_plan(&second);
    Shape key[2] = { SHAPE(1), SHAPE(2) };
    plan_unref(plan_cache_insert(cache, key, &first.base));
    Plan *kept = plan_cache_insert(cache, key, &second.base);
    assert_ptr_equal(kept, &first.base);
    plan_unref(kept);
    plan_unref(&second.base);
    assert_int_equal(second.freed, 1);
    plan_unref(&first.base);
    plan_cache_free(cache);
}

static void test_least_recently_used_goes_first(void **state) {
    (void)state;
    PlanCache *cache = new_cache(2);
    TestPlan plans[3];
    Shape keys[3][2] = { { SHAPE(1), SHAPE(1) }, { SHAPE(2), SHAPE(1) }, { SHAPE(3), SHAPE(1) } };
    for (int i = 0; i < 2; i++) {
        init_plan(&plans[i]);
        plan_unref(plan_cache_insert(cache, keys[i], &plans[i].base));
        plan_unref(&plans[i].base); /* the cache alone holds it */
    }
    Plan *used = plan_cache_find(cache, keys[0]);
    init_plan(&plans[2]);
    plan_unref(plan_cache_insert(cache, keys[2], &plans[2].base));
    plan_unref(&plans[2].base);
    assert_int_equal(plans[1].freed, 1);
    assert_int_equal(plans[0].freed, 0);
    assert_null(plan_cache_find(cache, keys[1]));
    assert_int_equal(plan_cache_counts(cache).evictions, 1);
    plan_cache_free(cache);
    assert_int_equal(plans[0].freed, 0); /* still referenced by its user */
    plan_unref(used);
    assert_int_equal(plans[0].freed, 1);
    assert_int_equal(plans[2].freed, 1);
}

static void test_many_keys_in_few_entries(void **state) {
    (void)state;
    enum { PLANS = 500, CAPACITY = 7 };
    PlanCache *cache = new_cache(CAPACITY);
    static TestPlan plans[PLANS];
    for (int i = 0; i < PLANS; i++) {
        init_plan(&plans[i]);
        Shape key[2] = { SHAPE(i), SHAPE(i % 3, 4) };
        plan_unref(plan_cache_insert(cache, key, &plans[i].base));
        plan_unref(&plans[i].base);
        Plan *found = plan_cache_find(cache, key);
        assert_ptr_equal(found, &plans[i].base);
        plan_unref(found);
    }
    PlanCacheCounts counts = plan_cache_counts(cache);
    assert_int_equal(counts.entries, CAPACITY);
    assert_int_equal(counts.evictions, PLANS - CAPACITY);
    plan_cache_free(cache);
    for (int i = 0; i < PLANS; i++)
        assert_int_equal(plans[i].freed, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_what_was_inserted_and_nothing_else),
        cmocka_unit_test(test_the_first_of_two_equal_plans_stays),
        cmocka_unit_test(test_least_recently_used_goes_first),
        cmocka_unit_test(test_many_keys_in_few_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
