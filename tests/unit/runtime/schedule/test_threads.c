/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The scheduler with real workers, producers, a timer and a device thread that completes late; for
 * TSan above all. Every request ends once, with its own rows. And the timer is on time while every
 * worker is busy.
 */

#include "runtime/base/size.h"
#include "runtime/base/thread.h"
#include "runtime/base/queue.h"
#include "runtime/schedule/timer.h"
#include "tests/support/check.h"
#include "tests/support/schedule_sim.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { PRODUCERS = 3, ROUNDS = 1500, WORKERS = 3 };

typedef struct Late {
    const RunArgs *args;
    ProgramDone done;
    void *user;
} Late;

typedef struct Fixture {
    Pool *pool;
    Scheduler *scheduler;
    OutputPool *outputs;
    Timer *timer;
    SimVersion versions[2];
    Queue *late; /* to the device thread; Late */
    Thread device;
    Mutex mutex;
    Cond changed;
    size_t ended, held; /* under mutex */
    bool is_held;       /* workers block in the device while set */
} Fixture;

static Fixture *fixture;

static void run_or_delay(Executor *executor, const RunArgs *args, ProgramDone done, void *user) {
    (void)executor;
    {
        LOCKED(&fixture->mutex);
        fixture->held++;
        cond_broadcast(&fixture->changed);
        while (fixture->is_held)
            cond_wait(&fixture->changed, &fixture->mutex);
        fixture->held--;
    }
    const int64_t *values = args->inputs[0].data;
    if (values[0] % 2 == 0) {
        Late *late = malloc(sizeof *late);
        *late = (Late){ args, done, user };
        if (queue_try_push(fixture->late, late))
            return;
        free(late);
    }
    Status status =
        values[0] % 11 == 0 ? status_error(STATUS_INVALID_ARGUMENT, "a bad row") : sim_copy(args);
    done(user, &status);
}

static void device_main(void *user) {
    (void)user;
    for (;;) {
        Late *late = queue_pop(fixture->late, TIME_NEVER);
        if (!late)
            return;
        Status status = sim_copy(late->args);
        late->done(late->user, &status);
        free(late);
    }
}

static bool source(void *user, size_t worker_index) {
    return scheduler_take(user, worker_index);
}

static void note_end(InferRequest *request, const Status *status) {
    SimRequest *guest = request->user;
    sim_request_end(guest, status);
    LOCKED(&fixture->mutex);
    fixture->ended++;
    cond_broadcast(&fixture->changed);
}

static bool wait_for(const size_t *count, size_t value) {
    uint64_t deadline_ns = clock_now_ns(clock_monotonic()) + 60 * NS_PER_S;
    LOCKED(&fixture->mutex);
    while (*count < value)
        if (!cond_wait_until(&fixture->changed, &fixture->mutex, deadline_ns))
            return *count >= value;
    return true;
}

static int set_up(void **state) {
    (void)state;
    fixture = calloc(1, sizeof *fixture);
    mutex_init(&fixture->mutex);
    cond_init(&fixture->changed);
    check_ok(queue_new(64, &fixture->late));
    check_ok(output_pool_new(SIZE_MAX, &fixture->outputs));
    check_ok(pool_new(WORKERS, &fixture->pool));
    SchedulerOptions options = { .clock = clock_monotonic(),
                                 .pool = fixture->pool,
                                 .outputs = fixture->outputs,
                                 .inline_limit_ns = 50000,
                                 .run = run_or_delay };
    check_ok(scheduler_new(&options, &fixture->scheduler));
    check_ok(timer_new(fixture->scheduler, &fixture->timer));
    pool_set_source(fixture->pool, source, fixture->scheduler);
    QueuePolicy joined = { .batching = true, .max_rows = 8 };
    QueuePolicy delayed = { .batching = true, .max_rows = 8, .delay_ns = 200 * NS_PER_US };
    sim_version_init(&fixture->versions[0], "joined", 8, joined);
    sim_version_init(&fixture->versions[1], "delayed", 8, delayed);
    for (size_t i = 0; i < 2; i++)
        check_ok(scheduler_add_version(fixture->scheduler, &fixture->versions[i].version));
    check_ok(thread_start(&fixture->device, THREAD_DEVICE, "device", device_main, NULL));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    scheduler_drain(fixture->scheduler);
    assert_true(
        scheduler_wait_idle(fixture->scheduler, clock_now_ns(clock_monotonic()) + 60 * NS_PER_S));
    queue_close(fixture->late);
    thread_join(&fixture->device);
    timer_free(fixture->timer);
    pool_free(fixture->pool);
    for (size_t i = 0; i < 2; i++)
        scheduler_remove_version(fixture->scheduler, &fixture->versions[i].version);
    scheduler_free(fixture->scheduler);
    assert_int_equal(output_pool_live_bytes(fixture->outputs), 0);
    output_pool_free(fixture->outputs);
    queue_free(fixture->late);
    cond_deinit(&fixture->changed);
    mutex_deinit(&fixture->mutex);
    free(fixture);
    return 0;
}

typedef struct Producer {
    Thread thread;
    size_t index, accepted, wrong;
    SimRequest *guests;
} Producer;

static void producer_main(void *user) {
    Producer *producer = user;
    for (size_t i = 0; i < ROUNDS; i++) {
        SimRequest *guest = &producer->guests[i];
        int64_t number = (int64_t)(producer->index + i * PRODUCERS);
        sim_request_init(guest, &fixture->versions[i % 2], number, 1 + i % 3, 1 + i % 2);
        guest->request.on_done = note_end;
        guest->request.tenant = producer->index;
        guest->request.priority = (uint32_t)(i % 5 == 0) * 3;
        if (i % 4 == 0)
            guest->request.deadline_ns =
                clock_now_ns(clock_monotonic()) + (i % 64) * 20 * NS_PER_US;
        Status status = scheduler_submit(fixture->scheduler, &guest->request);
        if (!status_is_ok(&status)) {
            producer->wrong +=
                status.code != STATUS_DEADLINE_EXCEEDED && status.code != STATUS_UNAVAILABLE;
            continue;
        }
        producer->accepted++;
        if (i % 6 == 0)
            scheduler_run_inline(fixture->scheduler);
        if (i % 3 == 0)
            scheduler_kick(fixture->scheduler);
        if (i % 7 == 0)
            scheduler_cancel(fixture->scheduler, &guest->request);
    }
    scheduler_kick(fixture->scheduler);
}

static void test_every_request_ends_once(void **state) {
    (void)state;
    Producer producers[PRODUCERS] = { 0 };
    for (size_t i = 0; i < PRODUCERS; i++) {
        producers[i].index = i;
        producers[i].guests = calloc(ROUNDS, sizeof *producers[i].guests);
        check_ok(thread_start(&producers[i].thread, THREAD_OTHER, "producer", producer_main,
                              &producers[i]));
    }
    size_t accepted = 0;
    for (size_t i = 0; i < PRODUCERS; i++) {
        thread_join(&producers[i].thread);
        assert_int_equal(producers[i].wrong, 0);
        accepted += producers[i].accepted;
    }
    assert_true(wait_for(&fixture->ended, accepted));
    assert_true(
        scheduler_wait_idle(fixture->scheduler, clock_now_ns(clock_monotonic()) + 60 * NS_PER_S));
    for (size_t p = 0; p < PRODUCERS; p++) {
        for (size_t i = 0; i < ROUNDS; i++) {
            SimRequest *guest = &producers[p].guests[i];
            assert_true(guest->endings <= 1);
            assert_true(guest->endings == 0 || guest->code != STATUS_OK || guest->is_right);
            assert_true(guest->code != STATUS_INTERNAL && guest->code != STATUS_RESOURCE_EXHAUSTED);
            sim_request_deinit(guest);
        }
        free(producers[p].guests);
    }
    assert_int_equal(fixture->ended, accepted);
}

/* All workers are stuck in the device; deadlines of what waits are met all the same. */
static void test_deadlines_are_exact_while_all_workers_are_busy(void **state) {
    (void)state;
    {
        LOCKED(&fixture->mutex);
        fixture->is_held = true;
    }
    SimRequest busy[WORKERS], late[5];
    for (size_t i = 0; i < WORKERS; i++) {
        sim_request_init(&busy[i], &fixture->versions[0], (int64_t)(2 * i + 1), 8, 1);
        busy[i].request.on_done = note_end;
        check_ok(scheduler_submit(fixture->scheduler, &busy[i].request));
        scheduler_kick(fixture->scheduler);
        assert_true(wait_for(&fixture->held, i + 1));
    }
    uint64_t start_ns = clock_now_ns(clock_monotonic());
    for (size_t i = 0; i < ARRAY_LENGTH(late); i++) {
        sim_request_init(&late[i], &fixture->versions[0], 21, 1, 1);
        late[i].request.on_done = note_end;
        late[i].request.deadline_ns =
            start_ns + (ARRAY_LENGTH(late) - i) * 20 * NS_PER_MS; /* earlier and earlier */
        check_ok(scheduler_submit(fixture->scheduler, &late[i].request));
        scheduler_kick(fixture->scheduler);
    }
    for (size_t i = ARRAY_LENGTH(late); i-- > 0;) {
        assert_true(wait_for(&fixture->ended, ARRAY_LENGTH(late) - i));
        assert_int_equal(late[i].code, STATUS_DEADLINE_EXCEEDED);
        uint64_t now_ns = clock_now_ns(clock_monotonic());
        assert_true(now_ns >= late[i].request.deadline_ns);
        /* Microseconds when the machine is quiet; the bound only says: not when the workers come
         * back. */
        assert_true(now_ns - late[i].request.deadline_ns < 5 * NS_PER_S);
    }
    {
        LOCKED(&fixture->mutex);
        fixture->is_held = false;
        cond_broadcast(&fixture->changed);
    }
    assert_true(wait_for(&fixture->ended, WORKERS + ARRAY_LENGTH(late)));
    assert_true(
        scheduler_wait_idle(fixture->scheduler, clock_now_ns(clock_monotonic()) + 60 * NS_PER_S));
    for (size_t i = 0; i < WORKERS; i++)
        sim_request_deinit(&busy[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(late); i++)
        sim_request_deinit(&late[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_request_ends_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deadlines_are_exact_while_all_workers_are_busy, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
