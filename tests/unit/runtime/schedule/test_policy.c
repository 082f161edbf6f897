/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Single policies of the scheduler, each in a scene of its own: fairness, priorities, running in
 * place, limits, drain, learned refusals, and that nothing is allocated once warm. The device runs
 * at once and moves the fake clock by what the batch is said to cost.
 */

#include "runtime/base/size.h"
#include "tests/support/check.h"
#include "tests/support/fake_clock.h"
#include "tests/support/schedule_sim.h"

#include <stdlib.h>

enum { GUESTS = 4000, LIMIT_NS = 50000 };

/* --- counting allocations; not with sanitizers, which bring their own malloc --- */

static size_t allocations;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
enum { COUNTS_ALLOCATIONS = 1 };
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void *malloc(size_t bytes) {
    allocations++;
    return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes) {
    allocations++;
    return __libc_calloc(count, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes) {
    allocations++;
    return __libc_memalign(alignment, bytes);
}
#else
enum { COUNTS_ALLOCATIONS = 0 };
#endif

/* --- the scene --- */

typedef struct Scene {
    FakeClock clock;
    Scheduler *scheduler;
    OutputPool *outputs;
    SimVersion versions[2];
    uint64_t cost_ns[2]; /* of a batch */
    SimRequest guests[GUESTS];
    size_t guest_count, ended;
    /* of the last batch */
    const void *input_data;
    size_t batch_rows;
    /* by number of the first row */
    uint64_t used_by_model[2];
    uint64_t used_by_tenant[8];
    size_t order[GUESTS], runs;
    size_t ends_before_submit_returns;
} Scene;

static Scene *scene;

static void run_at_once(Executor *executor, const RunArgs *args, ProgramDone done, void *user) {
    (void)executor;
    const int64_t *values = args->inputs[0].data;
    SimRequest *first = &scene->guests[values[0]];
    size_t model = first->request.lease.version == &scene->versions[1].version;
    size_t width = (size_t)args->inputs[0].shape.dims[1],
           rows = (size_t)args->inputs[0].shape.dims[0];
    fake_clock_advance(&scene->clock, scene->cost_ns[model]);
    scene->input_data = values;
    scene->batch_rows = rows;
    scene->used_by_model[model] += scene->cost_ns[model];
    for (size_t i = 0; i < rows; i++)
        scene->used_by_tenant[scene->guests[values[i * width]].request.tenant % 8] +=
            scene->cost_ns[model] / rows;
    scene->order[scene->runs++] = (size_t)values[0];
    Status status = sim_copy(args);
    done(user, &status);
}

static void note_end(InferRequest *request, const Status *status) {
    SimRequest *guest = request->user;
    sim_request_end(guest, status);
    scene->ended++;
    assert_true(!status_is_ok(status) || guest->is_right);
}

static void open_scene(const QueuePolicy policies[2], const SchedulerOptions *with) {
    scene = calloc(1, sizeof *scene);
    fake_clock_init(&scene->clock, 1000);
    check_ok(output_pool_new(SIZE_MAX, &scene->outputs));
    SchedulerOptions options = *with;
    options.clock = &scene->clock.clock;
    options.outputs = scene->outputs;
    options.run = run_at_once;
    check_ok(scheduler_new(&options, &scene->scheduler));
    for (size_t i = 0; i < 2; i++) {
        scene->cost_ns[i] = 10000;
        sim_version_init(&scene->versions[i], i ? "b" : "a",
                         MAX_OF(policies[i].max_rows, (size_t)1), policies[i]);
        check_ok(scheduler_add_version(scene->scheduler, &scene->versions[i].version));
    }
}

static void close_scene(void) {
    assert_true(scheduler_wait_idle(scene->scheduler, 0));
    for (size_t i = 0; i < 2; i++)
        scheduler_remove_version(scene->scheduler, &scene->versions[i].version);
    scheduler_free(scene->scheduler);
    assert_int_equal(output_pool_live_bytes(scene->outputs), 0);
    output_pool_free(scene->outputs);
    for (size_t i = 0; i < scene->guest_count; i++)
        sim_request_deinit(&scene->guests[i]);
    free(scene);
}

static SimRequest *new_guest(size_t model, size_t rows, size_t width) {
    assert_true(scene->guest_count < GUESTS);
    SimRequest *guest = &scene->guests[scene->guest_count];
    sim_request_init(guest, &scene->versions[model], (int64_t)scene->guest_count++, rows, width);
    guest->request.on_done = note_end;
    return guest;
}

static SimRequest *add_guest(size_t model, uint64_t tenant, uint32_t priority) {
    SimRequest *guest = new_guest(model, 1, 1);
    guest->request.tenant = tenant;
    guest->request.priority = priority;
    check_ok(scheduler_submit(scene->scheduler, &guest->request));
    return guest;
}

static void run_all(void) {
    while (scheduler_take(scene->scheduler, 0)) {
    }
}

static const QueuePolicy ALONE[2] = { { .max_rows = 1 }, { .max_rows = 1 } };
static const QueuePolicy JOINED[2] = { { .batching = true, .max_rows = 8 },
                                       { .batching = true, .max_rows = 8 } };
static const QueuePolicy DELAYED[2] = { { .batching = true, .max_rows = 8, .delay_ns = 5000 },
                                        { .batching = true, .max_rows = 8, .delay_ns = 5000 } };
static const SchedulerOptions PLAIN = { 0 };

/* --- fairness --- */

/* A heavy and a light model, both with work at all times: they get the same compute time, within
 * one batch each. */
static void test_models_share_compute_time_not_turns(void **state) {
    (void)state;
    open_scene(ALONE, &PLAIN);
    scene->cost_ns[0] = 1000000;
    scene->cost_ns[1] = 20000;
    for (size_t i = 0; i < 60; i++)
        add_guest(0, 0, 0);
    for (size_t i = 0; i < 2500; i++)
        add_guest(1, 0, 0);
    for (size_t i = 0; i < 1500; i++) {
        assert_true(scheduler_take(scene->scheduler, 0));
        uint64_t a = scene->used_by_model[0], b = scene->used_by_model[1];
        assert_true((a > b ? a - b : b - a) <= 2 * (scene->cost_ns[0] + scene->cost_ns[1]));
    }
    run_all();
    assert_int_equal(scene->ended, 2560);
    close_scene();
}

static void test_tenants_of_a_model_share_compute_time(void **state) {
    (void)state;
    open_scene(JOINED, &PLAIN);
    for (size_t i = 0; i < 900; i++)
        add_guest(0, 1, 0);
    for (size_t i = 0; i < 300; i++)
        add_guest(0, 2, 0);
    for (size_t i = 0; i < 70; i++) {
        assert_true(scheduler_take(scene->scheduler, 0));
        uint64_t a = scene->used_by_tenant[1], b = scene->used_by_tenant[2];
        assert_true((a > b ? a - b : b - a) <= 2 * scene->cost_ns[0]);
    }
    run_all();
    close_scene();
}

/* Who was idle gets no credit for it, and who comes new does not wait for the others' backlog. */
static void test_a_newcomer_is_served_next(void **state) {
    (void)state;
    open_scene(ALONE, &PLAIN);
    for (size_t i = 0; i < 100; i++)
        add_guest(0, 1, 0);
    for (size_t i = 0; i < 50; i++)
        assert_true(scheduler_take(scene->scheduler, 0));
    SimRequest *newcomer = add_guest(0, 2, 0);
    size_t taken = 0;
    for (; newcomer->endings == 0; taken++)
        assert_true(scheduler_take(scene->scheduler, 0));
    assert_true(taken <= 2);
    for (size_t i = 0; i < 30; i++)
        add_guest(0, 2, 0);
    for (size_t i = 0; i < 20; i++)
        assert_true(scheduler_take(scene->scheduler, 0));
    uint64_t first = scene->used_by_tenant[1] / scene->cost_ns[0],
             second = scene->used_by_tenant[2] / scene->cost_ns[0];
    assert_in_range(first - 50, 8, 13);
    assert_in_range(second, 9, 13);
    run_all();
    close_scene();
}

static void test_urgent_goes_first_and_nobody_starves(void **state) {
    (void)state;
    open_scene(ALONE, &PLAIN);
    SimRequest *background = add_guest(0, 3, 3);
    SimRequest *normal = add_guest(0, 2, 0);
    SimRequest *urgent = add_guest(1, 1, 1);
    assert_true(scheduler_take(scene->scheduler, 0));
    assert_int_equal(urgent->endings, 1);
    assert_int_equal(normal->endings + background->endings, 0);
    for (size_t i = 0; i < 300; i++) {
        add_guest(1, 1, 1);
        add_guest(0, 3, 3);
    }
    for (size_t i = 0; i < 200; i++)
        assert_true(scheduler_take(scene->scheduler, 0));
    assert_int_equal(normal->endings + background->endings, 2);
    assert_in_range(scene->used_by_tenant[3] / scene->cost_ns[0], 8, 13); /* 5 per cent of 200 */
    run_all();
    close_scene();
}

static void test_earliest_deadline_first_within_a_flow(void **state) {
    (void)state;
    open_scene(ALONE, &PLAIN);
    static const uint64_t deadlines[] = { 900000, TIME_NEVER, 300000, 600000, TIME_NEVER };
    static const size_t expected[] = { 2, 3, 0, 1, 4 };
    for (size_t i = 0; i < ARRAY_LENGTH(deadlines); i++) {
        SimRequest *guest = new_guest(0, 1, 1);
        guest->request.deadline_ns = deadlines[i];
        check_ok(scheduler_submit(scene->scheduler, &guest->request));
    }
    run_all();
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++)
        assert_int_equal(scene->order[i], expected[i]);
    close_scene();
}

/* --- running in place --- */

static void submit_and_run_inline(size_t model) {
    add_guest(model, 0, 0);
    assert_false(scheduler_run_inline(scene->scheduler));
}

static void test_tiny_models_run_inline_once_known(void **state) {
    (void)state;
    open_scene(JOINED, &(SchedulerOptions){ .inline_limit_ns = LIMIT_NS });
    for (size_t i = 0; i < 2; i++) { /* not known yet: a worker's */
        submit_and_run_inline(0);
        assert_int_equal(scene->runs, i);
        run_all();
    }
    submit_and_run_inline(0);
    assert_int_equal(scene->runs, 3);
    scheduler_kick(scene->scheduler);
    add_guest(0, 0, 0);
    scheduler_kick(scene->scheduler); /* not allowed here */
    assert_int_equal(scene->runs, 3);
    run_all();
    close_scene();
}

static void test_large_and_delayed_models_do_not_run_inline(void **state) {
    (void)state;
    static const QueuePolicy policies[2] = { { .batching = true, .max_rows = 8 },
                                             { .batching = true, .max_rows = 1, .delay_ns = 10 } };
    open_scene(policies, &(SchedulerOptions){ .inline_limit_ns = LIMIT_NS });
    scene->cost_ns[0] = LIMIT_NS;
    for (size_t i = 0; i < 5; i++) {
        for (size_t model = 0; model < 2; model++) {
            size_t runs = scene->runs;
            submit_and_run_inline(model);
            assert_int_equal(scene->runs, runs);
            run_all();
            assert_int_equal(scene->runs, runs + 1);
        }
    }
    close_scene();
}

static void test_inline_time_of_a_kick_is_bounded(void **state) {
    (void)state;
    open_scene(ALONE, &(SchedulerOptions){ .inline_limit_ns = LIMIT_NS });
    for (size_t i = 0; i < 3; i++)
        add_guest(0, 0, 0);
    run_all();
    for (size_t i = 0; i < 100; i++)
        add_guest(0, 0, 0);
    assert_false(scheduler_run_inline(scene->scheduler));
    assert_in_range(scene->runs - 3, 10, 21); /* 4 limits of 50 us at 10 us each */
    run_all();
    close_scene();
}

static void test_a_lone_core_comes_back_for_the_rest(void **state) {
    (void)state;
    open_scene(ALONE, &(SchedulerOptions){ .inline_limit_ns = LIMIT_NS, .has_lone_core = true });
    for (size_t i = 0; i < 3; i++)
        add_guest(0, 0, 0);
    run_all();
    for (size_t i = 0; i < 100; i++)
        add_guest(0, 0, 0);
    size_t rounds = 1;
    while (scheduler_run_inline(scene->scheduler))
        rounds++;
    assert_int_equal(scene->runs, 103);
    assert_in_range(rounds, 5, 10); /* of 10 to 21 runs */
    close_scene();
}

static void test_a_lone_aligned_payload_is_not_copied(void **state) {
    (void)state;
    open_scene(JOINED, &PLAIN);
    (void)new_guest(0, 1, 1); /* number 0 is not aligned; make it 1 */
    SimRequest *guest = add_guest(0, 0, 0);
    assert_int_equal((uintptr_t)guest->span.data % 16, 0);
    run_all();
    assert_ptr_equal(scene->input_data, guest->span.data);
    SimRequest *first = add_guest(0, 0, 0), *second = add_guest(0, 0, 0);
    run_all();
    assert_int_equal(scene->batch_rows, 2);
    assert_ptr_not_equal(scene->input_data, first->span.data);
    assert_int_equal((uintptr_t)scene->input_data % TENSOR_ALIGNMENT, 0);
    assert_int_equal(first->request.batch_rows + second->request.batch_rows, 4);
    close_scene();
}

/* --- limits, refusals, drain --- */

static StatusCode try_submit(SimRequest *guest) {
    Status status = scheduler_submit(scene->scheduler, &guest->request);
    assert_true(status_is_ok(&status) == (status.message[0] == '\0'));
    return status.code;
}

static uint64_t batches_of(size_t rows) {
    BatchCounts counts[16];
    scheduler_batches_of(scene->scheduler, &scene->versions[0].version, 16, counts);
    return counts[rows].batches;
}

static void test_limits_are_exact(void **state) {
    (void)state;
    static const QueuePolicy policies[2] = {
        { .batching = true, .max_rows = 8, .max_queue_requests = 3 },
        { .batching = true, .max_rows = 8, .max_queue_bytes = 80 }
    };
    open_scene(policies, &PLAIN);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(try_submit(new_guest(0, 1, 1)), STATUS_OK);
    assert_int_equal(try_submit(new_guest(0, 1, 1)), STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(try_submit(new_guest(0, 9, 1)), STATUS_INVALID_ARGUMENT);
    assert_int_equal(try_submit(new_guest(1, 6, 1)), STATUS_OK);
    assert_int_equal(try_submit(new_guest(1, 4, 1)), STATUS_OK);
    assert_int_equal(try_submit(new_guest(1, 1, 1)), STATUS_RESOURCE_EXHAUSTED);
    QueueCounts counts = scheduler_counts(scene->scheduler, &scene->versions[1].version);
    assert_int_equal(counts.queued_bytes, 80);
    assert_int_equal(counts.rejected, 1);
    run_all();
    assert_int_equal(batches_of(3), 1);
    assert_int_equal(batches_of(2), 0);
    close_scene();
}

static void test_gathered_memory_is_bounded(void **state) {
    (void)state;
    open_scene(JOINED, &(SchedulerOptions){ .batch_memory_bytes = 4096 });
    SimRequest *first = new_guest(0, 4, 100), *second = new_guest(0, 4, 100);
    check_ok(scheduler_submit(scene->scheduler, &first->request));
    check_ok(scheduler_submit(scene->scheduler, &second->request));
    run_all();
    assert_int_equal(first->code, STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(second->endings, 1);
    close_scene();
}

static void test_what_cannot_be_met_is_refused(void **state) {
    (void)state;
    open_scene(ALONE, &PLAIN);
    for (size_t i = 0; i < 3; i++) {
        add_guest(0, 0, 0);
        run_all();
    }
    SimRequest *guest = new_guest(0, 1, 1);
    guest->request.deadline_ns =
        scene->clock.now_ns + 5000; /* it takes 10000, but the model is idle */
    assert_int_equal(try_submit(guest), STATUS_OK);
    guest = new_guest(0, 1, 1);
    guest->request.deadline_ns = scene->clock.now_ns + 5000;
    assert_int_equal(try_submit(guest), STATUS_UNAVAILABLE);
    guest = new_guest(0, 1, 1);
    guest->request.deadline_ns = scene->clock.now_ns + 25000;
    assert_int_equal(try_submit(guest), STATUS_OK);
    run_all();
    close_scene();
}

static void test_drain_sends_what_waits_and_refuses_the_rest(void **state) {
    (void)state;
    open_scene(DELAYED, &PLAIN);
    add_guest(0, 0, 0);
    assert_false(scheduler_take(scene->scheduler, 0));
    assert_int_equal(scheduler_tick(scene->scheduler), 1000 + 5000);
    scheduler_drain(scene->scheduler);
    assert_int_equal(try_submit(new_guest(0, 1, 1)), STATUS_UNAVAILABLE);
    assert_false(scheduler_wait_idle(scene->scheduler, 0));
    run_all();
    assert_true(scheduler_wait_idle(scene->scheduler, 0));
    QueueCounts counts = scheduler_counts(scene->scheduler, &scene->versions[0].version);
    assert_int_equal(counts.batches_by_reason[BATCH_REASON_DRAIN], 1);
    close_scene();
}

static void test_shapes_queue_beside_each_other_and_are_forgotten(void **state) {
    (void)state;
    open_scene(DELAYED, &PLAIN);
    for (size_t width = 1; width <= 200; width++) {
        check_ok(scheduler_submit(scene->scheduler, &new_guest(0, 1, width)->request));
        check_ok(scheduler_submit(scene->scheduler, &new_guest(0, 1, width)->request));
    }
    fake_clock_advance(&scene->clock, 5000);
    assert_int_equal(scheduler_tick(scene->scheduler), TIME_NEVER);
    run_all();
    assert_int_equal(batches_of(2), 200);
    for (size_t i = 0; i < 300; i++) /* a tenant each */
        add_guest(1, 1000 + i * 64, 0);
    fake_clock_advance(&scene->clock, 5000);
    (void)scheduler_tick(scene->scheduler);
    run_all();
    assert_int_equal(scene->ended, 700);
    close_scene();
}

static void test_nothing_is_allocated_once_warm(void **state) {
    (void)state;
    if (!COUNTS_ALLOCATIONS)
        skip();
    open_scene(JOINED, &(SchedulerOptions){ .inline_limit_ns = LIMIT_NS });
    SimRequest *guests[64];
    for (size_t i = 0; i < ARRAY_LENGTH(guests); i++) {
        guests[i] = new_guest(0, 1 + i % 3, 1);
        guests[i]->request.tenant = i % 4;
    }
    size_t before = 0;
    for (size_t round = 0; round < 6; round++) {
        if (round == 3)
            before = allocations;
        for (size_t i = 0; i < ARRAY_LENGTH(guests); i++) {
            guests[i]->request.deadline_ns = scene->clock.now_ns + 100 * NS_PER_S;
            check_ok(scheduler_submit(scene->scheduler, &guests[i]->request));
        }
        if (round % 2)
            scheduler_run_inline(scene->scheduler);
        run_all();
    }
    assert_int_equal(allocations, before);
    close_scene();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_share_compute_time_not_turns),
        cmocka_unit_test(test_tenants_of_a_model_share_compute_time),
        cmocka_unit_test(test_a_newcomer_is_served_next),
        cmocka_unit_test(test_urgent_goes_first_and_nobody_starves),
        cmocka_unit_test(test_earliest_deadline_first_within_a_flow),
        cmocka_unit_test(test_tiny_models_run_inline_once_known),
        cmocka_unit_test(test_large_and_delayed_models_do_not_run_inline),
        cmocka_unit_test(test_inline_time_of_a_kick_is_bounded),
        cmocka_unit_test(test_a_lone_core_comes_back_for_the_rest),
        cmocka_unit_test(test_a_lone_aligned_payload_is_not_copied),
        cmocka_unit_test(test_limits_are_exact),
        cmocka_unit_test(test_gathered_memory_is_bounded),
        cmocka_unit_test(test_what_cannot_be_met_is_refused),
        cmocka_unit_test(test_drain_sends_what_waits_and_refuses_the_rest),
        cmocka_unit_test(test_shapes_queue_beside_each_other_and_are_forgotten),
        cmocka_unit_test(test_nothing_is_allocated_once_warm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
