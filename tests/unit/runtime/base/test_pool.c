/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The pool with real threads. A lost wake-up shows as a wait that does not end: every wait has a
 * deadline far above what a loaded machine needs, and failing it fails the test. Run under TSan as
 * well (build-tsan).
 */

#include "runtime/base/clock.h"
#include "runtime/base/float_mode.h"
#include "runtime/base/pool_internal.h"
#include "runtime/base/size.h"
#include "runtime/base/thread.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ITEMS_MAX = 5000, WAKE_ROUNDS = 4000, FOR_ROUNDS = 1500 };

static uint64_t far_deadline(void) {
    return clock_now_ns(clock_monotonic()) + 60 * NS_PER_S;
}

static Pool *make_pool(size_t threads) {
    Pool *pool = NULL;
    Status status = pool_new(threads, &pool);
    assert_true(status_is_ok(&status));
    return pool;
}

/* A count that threads raise and others wait for. */
typedef struct Gate {
    Mutex mutex;
    Cond changed;
    size_t value;
} Gate;

static void gate_init(Gate *gate) {
    mutex_init(&gate->mutex);
    cond_init(&gate->changed);
    gate->value = 0;
}

static void gate_deinit(Gate *gate) {
    cond_deinit(&gate->changed);
    mutex_deinit(&gate->mutex);
}

static void gate_raise(Gate *gate) {
    LOCKED(&gate->mutex);
    gate->value++;
    cond_broadcast(&gate->changed);
}

static bool gate_wait(Gate *gate, size_t value) {
    uint64_t deadline_ns = far_deadline();
    LOCKED(&gate->mutex);
    while (gate->value < value)
        if (!cond_wait_until(&gate->changed, &gate->mutex, deadline_ns))
            return gate->value >= value;
    return true;
}

/* --- pool_for --- */

typedef struct Cover {
    atomic_uint hits[ITEMS_MAX];
    size_t grain, items;
    atomic_size_t chunks;
    atomic_bool too_small;
} Cover;

static void cover_chunk(void *user, size_t begin, size_t end) {
    Cover *cover = user;
    if (end - begin < MIN_OF(cover->grain, cover->items))
        atomic_store(&cover->too_small, true);
    atomic_fetch_add(&cover->chunks, 1);
    for (size_t i = begin; i < end; i++)
        atomic_fetch_add(&cover->hits[i], 1);
}

static void check_cover(Pool *pool, size_t items, size_t grain) {
    Cover *cover = calloc(1, sizeof *cover);
    assert_non_null(cover);
    cover->grain = grain;
    cover->items = items;
    bool is_alone = pool && pool_is_alone(pool); /* helpers were late on this machine just now */
    pool_for(pool, items, grain, cover_chunk, cover);
    for (size_t i = 0; i < ITEMS_MAX; i++)
        assert_int_equal(atomic_load(&cover->hits[i]), i < items);
    assert_false(atomic_load(&cover->too_small));
    size_t cores = thread_core_count();
    size_t threads = pool ? MIN_OF(pool_thread_count(pool) + 1, cores) : 1;
    if (threads == 1) /* nothing to gain from a cut */
        assert_true(atomic_load(&cover->chunks) <= 1);
    else if (!is_alone && items >= MAX_OF(grain, (size_t)1) * 8 * threads)
        assert_true(atomic_load(&cover->chunks) >= 4 * threads);
    free(cover);
}

static void test_for_runs_every_item_once(void **state) {
    (void)state;
    static const size_t items[] = { 0, 1, 2, 7, 64, 1000, 4999 };
    static const size_t grains[] = { 0, 1, 3, 100, 6000 };
    static const size_t threads[] = { 1, 2, 3, 8 };
    for (size_t t = 0; t < ARRAY_LENGTH(threads); t++) {
        AUTO(pool_free) Pool *pool = make_pool(threads[t]);
        for (size_t i = 0; i < ARRAY_LENGTH(items); i++)
            for (size_t g = 0; g < ARRAY_LENGTH(grains); g++)
                check_cover(pool, items[i], grains[g]);
    }
    check_cover(NULL, 1000, 10);
}

static void nested_chunk(void *user, size_t begin, size_t end) {
    Pool *pool = *(Pool **)user;
    for (size_t i = begin; i < end; i++) {
        Cover *cover = calloc(1, sizeof *cover);
        pool_for(pool, 100, 1, cover_chunk, cover);
        assert_int_equal(atomic_load(&cover->chunks), 1);
        free(cover);
    }
}

static void test_for_within_a_chunk_runs_on_the_caller_alone(void **state) {
    (void)state;
    AUTO(pool_free) Pool *pool = make_pool(2);
    pool_for(pool, 50, 1, nested_chunk, &pool);
}

typedef struct Caller {
    Pool *pool;
    Thread thread;
    uint64_t sum, expected;
} Caller;

static void sum_chunk(void *user, size_t begin, size_t end) {
    atomic_ullong *sum = user;
    for (size_t i = begin; i < end; i++)
        atomic_fetch_add_explicit(sum, i, memory_order_relaxed);
}

static void caller_main(void *user) {
    Caller *caller = user;
    for (size_t round = 0; round < FOR_ROUNDS; round++) {
        atomic_ullong sum = 0;
        size_t items = 1 + round % 97;
        pool_for(caller->pool, items, 1, sum_chunk, &sum);
        caller->sum += atomic_load(&sum);
        caller->expected += items * (items - 1) / 2;
    }
}

static void test_for_from_many_threads_at_once(void **state) {
    (void)state;
    AUTO(pool_free) Pool *pool = make_pool(3);
    Caller callers[4] = { 0 };
    for (size_t i = 0; i < ARRAY_LENGTH(callers); i++) {
        callers[i].pool = pool;
        Status status =
            thread_start(&callers[i].thread, THREAD_OTHER, "caller", caller_main, &callers[i]);
        assert_true(status_is_ok(&status));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(callers); i++) {
        thread_join(&callers[i].thread);
        assert_int_equal(callers[i].sum, callers[i].expected);
    }
}

/* Both pieces wait for each other: passes only if a parked worker joins. */
static void meet_chunk(void *user, size_t begin, size_t end) {
    Gate *gate = user;
    for (size_t i = begin; i < end; i++) {
        gate_raise(gate);
        assert_true(gate_wait(gate, 2));
    }
}

static void test_idle_worker_joins(void **state) {
    (void)state;
    if (thread_core_count() == 1)
        skip(); /* nobody helps there */
    AUTO(pool_free) Pool *pool = make_pool(1);
    for (size_t round = 0; round < 300; round++) {
        Gate gate;
        gate_init(&gate);
        atomic_store(&pool->alone_until_ns, 0); /* a helper that was late must be asked again */
        pool_for(pool, 2, 1, meet_chunk, &gate);
        gate_deinit(&gate);
    }
}

typedef struct Denormals {
    Gate gate;
    volatile float tiny;
    atomic_size_t flushed;
} Denormals;

/* As meet_chunk; each side halves the least normal number. */
static void denormal_chunk(void *user, size_t begin, size_t end) {
    Denormals *test = user;
    meet_chunk(&test->gate, begin, end);
    volatile float half = test->tiny * 0.5f;
    atomic_fetch_add(&test->flushed, half == 0 ? end - begin : 0);
}

static void test_helpers_have_the_callers_floating_point_mode(void **state) {
    (void)state;
    if (thread_core_count() == 1)
        skip(); /* nobody helps there */
    AUTO(pool_free) Pool *pool = make_pool(1);
    for (size_t round = 0; round < 20; round++) {
        bool flushes = FLOAT_MODE_FLUSH != 0 && round % 2 == 1;
        Denormals test = { .tiny = FLT_MIN };
        gate_init(&test.gate);
        atomic_store(&pool->alone_until_ns, 0);
        unsigned before = flushes ? float_mode_flush() : float_mode_get();
        pool_for(pool, 2, 1, denormal_chunk, &test);
        float_mode_set(before);
        assert_int_equal(test.flushed, flushes ? 2 : 0); /* and nothing of it stays */
        gate_deinit(&test.gate);
    }
}

/* --- source --- */

/* Work is a count under a lock; the source runs `run` with the number of the item. */
typedef struct Shop {
    Mutex mutex;
    size_t waiting, taken; /* under mutex */
    Gate begun, done;
    bool pairs; /* item 2k ends only after item 2k+1 has begun */
} Shop;

static void shop_init(Shop *shop, bool pairs) {
    *shop = (Shop){ .pairs = pairs };
    mutex_init(&shop->mutex);
    gate_init(&shop->begun);
    gate_init(&shop->done);
}

static void shop_deinit(Shop *shop) {
    gate_deinit(&shop->begun);
    gate_deinit(&shop->done);
    mutex_deinit(&shop->mutex);
}

static bool shop_take(void *user, size_t worker_index) {
    (void)worker_index;
    Shop *shop = user;
    size_t number;
    {
        LOCKED(&shop->mutex);
        if (shop->waiting == 0)
            return false;
        shop->waiting--;
        number = shop->taken++;
    }
    gate_raise(&shop->begun);
    if (shop->pairs && number % 2 == 0)
        assert_true(gate_wait(&shop->begun, number + 2));
    gate_raise(&shop->done);
    return true;
}

static void shop_add(Shop *shop, Pool *pool) {
    {
        LOCKED(&shop->mutex);
        shop->waiting++;
    }
    pool_wake(pool);
}

static void test_no_wake_is_lost_when_workers_park(void **state) {
    (void)state;
    for (size_t threads = 1; threads <= 3; threads++) {
        Shop shop;
        shop_init(&shop, false);
        Pool *pool = make_pool(threads);
        pool_set_source(pool, shop_take, &shop);
        for (size_t round = 0; round < WAKE_ROUNDS; round++) {
            shop_add(&shop, pool);
            assert_true(gate_wait(&shop.done, round + 1));
        }
        pool_free(pool);
        shop_deinit(&shop);
    }
}

/* The first of a pair is often found by a worker's last look before parking; the wake for the
 * second must not be spent on that worker, which cannot take it. */
static void test_no_wake_is_spent_on_a_busy_worker(void **state) {
    (void)state;
    for (size_t threads = 2; threads <= 3; threads++) {
        Shop shop;
        shop_init(&shop, true);
        Pool *pool = make_pool(threads);
        pool_set_source(pool, shop_take, &shop);
        for (size_t round = 0; round < WAKE_ROUNDS; round++) {
            shop_add(&shop, pool);
            shop_add(&shop, pool);
            assert_true(gate_wait(&shop.done, 2 * (round + 1)));
        }
        pool_free(pool);
        shop_deinit(&shop);
    }
}

/* The same while operators come and go, so that workers linger. */
static void test_no_wake_is_lost_while_workers_linger(void **state) {
    (void)state;
    Shop shop;
    shop_init(&shop, true);
    Pool *pool = make_pool(3);
    pool_set_source(pool, shop_take, &shop);
    for (size_t round = 0; round < WAKE_ROUNDS / 2; round++) {
        atomic_ullong sum = 0;
        pool_for(pool, 64, 1, sum_chunk, &sum);
        assert_int_equal(atomic_load(&sum), 64 * 63 / 2);
        shop_add(&shop, pool);
        shop_add(&shop, pool);
        assert_true(gate_wait(&shop.done, 2 * (round + 1)));
    }
    pool_free(pool);
    shop_deinit(&shop);
}

static void test_caller_does_all_when_workers_are_busy(void **state) {
    (void)state;
    Shop shop;
    shop_init(&shop, true);
    AUTO(pool_free) Pool *pool = make_pool(1);
    pool_set_source(pool, shop_take, &shop);
    shop_add(&shop, pool);
    assert_true(gate_wait(&shop.begun, 1)); /* the only worker now waits for the second item */
    check_cover(pool, 1000, 1);
    gate_raise(&shop.begun);
    assert_true(gate_wait(&shop.done, 1));
    pool_free(TAKE(pool));
    shop_deinit(&shop);
}

static void test_late_help_is_done_without_for_a_while(void **state) {
    (void)state;
    static const struct {
        uint64_t own_us, wait_us, alone_us;
    } rows[] = {
        { 0, 0, 0 },       { 100, 5, 0 },        { 100, 100, 0 },       { 100, 120, 0 },
        { 100, 121, 672 }, { 10, 4010, 128000 }, { 3000, 4000, 32000 }, { 10, 500000, 1000000 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        assert_int_equal(pool_alone_ns(rows[i].own_us * 1000, rows[i].wait_us * 1000),
                         rows[i].alone_us * 1000);
}

/* --- tasks --- */

static void raise_task(void *user) {
    gate_raise(user);
}

static void wait_task(void *user) {
    Gate *gates = user;
    gate_raise(&gates[0]);
    assert_true(gate_wait(&gates[1], 1));
}

static void test_tasks_are_bounded_and_all_run_before_the_end(void **state) {
    (void)state;
    Gate gates[2], runs;
    gate_init(&gates[0]);
    gate_init(&gates[1]);
    gate_init(&runs);
    Pool *pool = make_pool(1);
    assert_true(pool_try_task(pool, wait_task, gates));
    assert_true(gate_wait(&gates[0], 1));
    for (size_t i = 0; i < 1024; i++)
        assert_true(pool_try_task(pool, raise_task, &runs));
    assert_false(pool_try_task(pool, raise_task, &runs));
    assert_int_equal(pool_idle_count(pool), 0);
    gate_raise(&gates[1]);
    pool_free(pool);
    assert_int_equal(runs.value, 1024);
    gate_deinit(&gates[0]);
    gate_deinit(&gates[1]);
    gate_deinit(&runs);
}

/* --- thread_scratch --- */

static void test_scratch_is_aligned_kept_and_grown(void **state) {
    (void)state;
    char *small = thread_scratch(100);
    assert_non_null(small);
    assert_int_equal((uintptr_t)small % 64, 0);
    memset(small, 1, 100);
    assert_ptr_equal(thread_scratch(10), small);
    char *large = thread_scratch(1 << 20);
    assert_non_null(large);
    assert_int_equal((uintptr_t)large % 64, 0);
    memset(large, 1, 1 << 20);
    assert_ptr_equal(thread_scratch(100), large);
    assert_null(thread_scratch(SIZE_MAX));
    assert_ptr_equal(thread_scratch(100), large);
}

static void scratch_chunk(void *user, size_t begin, size_t end) {
    (void)user;
    unsigned char *memory = thread_scratch(4096);
    assert_non_null(memory);
    memset(memory, (int)begin, 4096);
    for (size_t i = 0; i < 4096; i++)
        assert_int_equal(memory[i], (unsigned char)begin);
    (void)end;
}

static void test_scratch_is_the_threads_own(void **state) {
    (void)state;
    AUTO(pool_free) Pool *pool = make_pool(3);
    pool_for(pool, 200, 1, scratch_chunk, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_for_runs_every_item_once),
        cmocka_unit_test(test_for_within_a_chunk_runs_on_the_caller_alone),
        cmocka_unit_test(test_for_from_many_threads_at_once),
        cmocka_unit_test(test_idle_worker_joins),
        cmocka_unit_test(test_helpers_have_the_callers_floating_point_mode),
        cmocka_unit_test(test_no_wake_is_lost_when_workers_park),
        cmocka_unit_test(test_no_wake_is_spent_on_a_busy_worker),
        cmocka_unit_test(test_no_wake_is_lost_while_workers_linger),
        cmocka_unit_test(test_caller_does_all_when_workers_are_busy),
        cmocka_unit_test(test_late_help_is_done_without_for_a_while),
        cmocka_unit_test(test_tasks_are_bounded_and_all_run_before_the_end),
        cmocka_unit_test(test_scratch_is_aligned_kept_and_grown),
        cmocka_unit_test(test_scratch_is_the_threads_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
