/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Thousands of seeded histories under a fake clock: random models, arrivals, sizes, shapes,
 * deadlines, cancels, bad requests, run times and drains, with simulated workers that complete
 * late. After every event the invariants are checked against a plain list of all requests, which
 * knows nothing of queues and heaps.
 */

#include "runtime/base/size.h"
#include "runtime/schedule/level_policy.h"
#include "tests/support/fake_clock.h"
#include "tests/support/schedule_sim.h"
#include "tests/support/seeds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HISTORIES = 3000, REQUESTS = 80, MODELS = 3, WORKERS_MAX = 4, BAD_EVERY = 23 };

typedef enum Fate { FATE_UNBORN = 0, FATE_REFUSED, FATE_QUEUED, FATE_RUNNING, FATE_ENDED } Fate;

typedef struct Guest {
    SimRequest sim; /* first: on_done gets it as user */
    struct History *history;
    Fate fate;
    size_t model;
    size_t width;
    uint64_t arrives_ns, cancels_ns;
    bool is_cancelled;
    uint64_t runs; /* executions that took part in */
} Guest;

typedef struct Running {
    const RunArgs *args;
    ProgramDone done;
    void *user;
    size_t model;
    uint64_t ends_ns;
    StatusCode code;
} Running;

typedef struct History {
    uint64_t random;
    FakeClock clock;
    Scheduler *scheduler;
    OutputPool *outputs;
    SimVersion versions[MODELS];
    Guest guests[REQUESTS];
    Running running[WORKERS_MAX];
    size_t workers, running_count;
    bool needs_tick;
    bool is_apart;             /* a batch was taken apart: its requests run beyond the limits */
    uint64_t answered[MODELS]; /* sequence of the last answer that keeps the order, plus 1 */
    uint64_t next_tick_ns;
    uint64_t drains_ns; /* TIME_NEVER: not */
    bool is_drained;
} History;

enum { RESOURCE_TOTAL = 2 };
static const ResourceNeed TOTAL = { "R", RESOURCE_TOTAL, false };

static History *current; /* for the device, which is given no user */

static uint64_t draw(History *history, uint64_t below) {
    history->random =
        history->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (history->random >> 33) % below;
}

static Guest *find_guest(int64_t number) {
    assert_in_range(number, 0, REQUESTS - 1);
    return &current->guests[number];
}

/* It left the queue, and its answer waits for those before it. */
static bool request_has_ended(const Guest *guest) {
    return guest->sim.request.state == REQUEST_DONE;
}

/* A level that is more urgent has something of that shape, and is not taken first. */
static bool is_overtaken(const Guest *other, const Guest *guest) {
    const InferRequest *a = &other->sim.request, *b = &guest->sim.request;
    return other->fate == FATE_QUEUED && !request_has_ended(other) &&
           other->model == guest->model && other->width == guest->width && a->level < b->level &&
           !a->is_late && !b->is_late;
}

/* Would `other` have had to go before `guest`, being of the same lane and queued still? */
static bool should_precede(const Guest *other, const Guest *guest) {
    const InferRequest *a = &other->sim.request, *b = &guest->sim.request;
    if (other->fate != FATE_QUEUED || request_has_ended(other) || other->model != guest->model ||
        other->width != guest->width || a->tenant != b->tenant || a->priority != b->priority ||
        (a->is_late && b->is_late))
        return false;
    return a->urgent_ns != b->urgent_ns ? a->urgent_ns < b->urgent_ns : a->sequence < b->sequence;
}

static uint64_t waits_until(const Guest *guest) {
    const QueuePolicy *policy = &guest->history->versions[guest->model].version.queue_policy;
    const LevelPolicy *level = queue_policy_of(policy, guest->sim.request.level);
    uint64_t wait_ns = level_wait_ns(level, guest->sim.request.timeout_ns);
    return wait_ns ? guest->sim.request.times.queued_ns + wait_ns : TIME_NEVER;
}

/* No more batches of a model than it has instances, nor of all than there are resources. */
static void check_limits(size_t model) {
    size_t running = 1, of_resource = 1;
    for (size_t i = 0; i < current->running_count; i++) {
        const ModelVersion *other = &current->versions[current->running[i].model].version;
        running += current->running[i].model == model;
        of_resource += other->config.instances.need_count > 0;
    }
    const ModelVersion *version = &current->versions[model].version;
    if (version->config.instances.limits && !current->is_apart) {
        assert_true(running <= version->config.instances.count);
        assert_true(of_resource <= RESOURCE_TOTAL || version->config.instances.need_count == 0);
    }
}

/* The device: checks what it is asked to run, completes when the history says so. */
static void sim_run(Executor *executor, const RunArgs *args, ProgramDone done, void *user) {
    (void)executor;
    const Tensor *input = &args->inputs[0];
    const int64_t *values = input->data;
    size_t width = (size_t)input->shape.dims[1], total = (size_t)input->shape.dims[0];
    bool is_bad = false;
    size_t members = 0, row = 0, model = 0;
    uint64_t now_ns = current->clock.now_ns;
    while (row < total) {
        Guest *guest = find_guest(values[row * width]);
        for (size_t i = 0; i < guest->sim.request.rows * width; i++)
            assert_int_equal(values[row * width + i], guest->sim.number);
        assert_true(guest->fate == FATE_QUEUED ||
                    (guest->fate == FATE_RUNNING && guest->runs == 1));
        assert_false(guest->is_cancelled);
        assert_true(guest->runs > 0 || guest->sim.request.deadline_ns > now_ns);
        assert_true(members == 0 || guest->model == model);
        assert_int_equal(guest->width, width);
        model = guest->model;
        guest->fate = FATE_RUNNING;
        guest->runs++;
        is_bad = is_bad || guest->sim.number % BAD_EVERY == 7;
        row += guest->sim.request.rows;
        members++;
    }
    assert_int_equal(row, total);
    const QueuePolicy *policy = &current->versions[model].version.queue_policy;
    assert_true(total <= policy->max_rows || members == 1);
    for (row = 0; row < total;) {
        Guest *guest = find_guest(values[row * width]);
        for (size_t i = 0; i < REQUESTS && guest->runs == 1;
             i++) /* not those that run again, alone */
            assert_false(should_precede(&current->guests[i], guest) ||
                         is_overtaken(&current->guests[i], guest));
        row += guest->sim.request.rows;
    }
    assert_true(current->running_count < current->workers);
    check_limits(model);
    current->running[current->running_count++] =
        (Running){ args,
                   done,
                   user,
                   model,
                   now_ns + 100 + draw(current, 400) + total * draw(current, 100),
                   is_bad ? STATUS_INVALID_ARGUMENT : STATUS_OK };
}

static bool keeps_order(const Guest *guest) {
    return guest->history->versions[guest->model].version.queue_policy.preserve_ordering;
}

static void check_order(Guest *guest, const Status *status) {
    uint64_t *answered = &guest->history->answered[guest->model];
    if (!keeps_order(guest) || status->code == STATUS_CANCELLED)
        return;
    assert_true(guest->sim.request.sequence >= *answered);
    *answered = guest->sim.request.sequence + 1;
}

static void guest_done(InferRequest *request, const Status *status) {
    Guest *guest = request->user;
    uint64_t now_ns = guest->history->clock.now_ns;
    assert_true(guest->fate == FATE_QUEUED || guest->fate == FATE_RUNNING);
    sim_request_end(&guest->sim, status);
    assert_int_equal(guest->sim.endings, 1);
    check_order(guest, status);
    bool was_running = guest->fate == FATE_RUNNING;
    guest->fate = FATE_ENDED;
    switch (status->code) {
    case STATUS_OK:
        assert_true(was_running && guest->sim.is_right);
        assert_true(!guest->is_cancelled || keeps_order(guest)); /* it was done by then */
        assert_true(guest->sim.number % BAD_EVERY != 7);
        break;
    case STATUS_INVALID_ARGUMENT:
        assert_true(was_running && guest->sim.number % BAD_EVERY == 7);
        break;
    case STATUS_DEADLINE_EXCEEDED:
        assert_true(request->deadline_ns <= now_ns);
        assert_true(was_running || request->deadline_ns == now_ns || keeps_order(guest));
        break;
    case STATUS_UNAVAILABLE:
        assert_true(!was_running && waits_until(guest) <= now_ns);
        break;
    case STATUS_CANCELLED:
        assert_true(guest->is_cancelled);
        break;
    default:
        fail_msg("unexpected status %s: %s", status_code_name(status->code), status->message);
    }
}

static void timer_wake(void *user) {
    ((History *)user)->needs_tick = true;
}

/* Levels 3 and 4 are of one class: only their number tells them apart. */
static const LevelPolicy LEVELS[] = {
    { .max_queue_requests = 3 },
    { .default_timeout_ns = 1500, .allow_timeout_override = true },
    { .timeout_action = TIMEOUT_DELAY, .default_timeout_ns = 900 },
    { .max_queue_requests = 0 },
};
static const ResourceNeed NEED = { "R", 1, false };

/* Priorities, order of answers, limits: each now and then. */
static void draw_policies(History *history, QueuePolicy *policy, ModelConfig *config) {
    if (draw(history, 3) == 0) {
        policy->priority_levels = ARRAY_LENGTH(LEVELS);
        policy->default_level = 2;
        policy->levels = LEVELS;
    } else if (draw(history, 3) == 0) {
        policy->preserve_ordering = true;
        policy->level.default_timeout_ns = draw(history, 2) ? 1200 : 0;
    }
    if (draw(history, 3) == 0)
        config->instances = (InstanceConfig){ .count = 1 + draw(history, 2),
                                              .limits = true,
                                              .needs = &NEED,
                                              .need_count = draw(history, 2) };
}

static void make_models(History *history) {
    for (size_t i = 0; i < MODELS; i++) {
        size_t max_rows = draw(history, 5) == 0 ? 0 : 1 + draw(history, 16);
        QueuePolicy policy = { .batching = max_rows > 0 && draw(history, 6) > 0, .max_rows = 1 };
        if (policy.batching) {
            policy.max_rows = max_rows;
            policy.delay_ns = draw(history, 2) ? 0 : draw(history, 2000);
            if (draw(history, 3) == 0 && max_rows > 2) {
                policy.preferred_rows[0] = 1 + draw(history, max_rows - 1);
                policy.preferred_count = 1;
            }
        }
        if (draw(history, 3) == 0)
            policy.max_queue_requests = 1 + draw(history, 10);
        ModelConfig config = { 0 };
        draw_policies(history, &policy, &config);
        sim_version_init(&history->versions[i], "sim", max_rows, policy);
        history->versions[i].version.config.instances = config.instances;
        Status status = scheduler_add_version(history->scheduler, &history->versions[i].version);
        assert_true(status_is_ok(&status));
    }
}

static void make_guests(History *history) {
    uint64_t at_ns = history->clock.now_ns, gap = 1 + draw(history, 400);
    for (size_t i = 0; i < REQUESTS; i++) {
        Guest *guest = &history->guests[i];
        guest->history = history;
        guest->model = draw(history, MODELS);
        SimVersion *version = &history->versions[guest->model];
        size_t most =
            version->version.signature.batched ? version->version.signature.max_batch_size : 1;
        size_t rows = draw(history, 3) ? 1 : 1 + draw(history, most);
        guest->width = 1 + (draw(history, 4) == 0);
        sim_request_init(&guest->sim, version, (int64_t)i, rows, guest->width);
        guest->sim.request.on_done = guest_done;
        guest->sim.request.user = guest;
        guest->sim.request.tenant = draw(history, 3);
        guest->sim.request.priority = draw(history, 4) ? 0 : (uint32_t)draw(history, 5);
        guest->sim.request.timeout_ns = draw(history, 3) ? 0 : draw(history, 2000);
        at_ns += draw(history, 3) ? draw(history, gap) : 0;
        guest->arrives_ns = at_ns;
        if (draw(history, 3) == 0)
            guest->sim.request.deadline_ns = at_ns + draw(history, 5000);
        guest->cancels_ns = draw(history, 6) == 0 ? at_ns + draw(history, 2000) : TIME_NEVER;
    }
}

static bool is_queued(const Guest *guest) {
    return guest->fate == FATE_QUEUED && !request_has_ended(guest);
}

static bool level_is_full(const History *history, const Guest *guest) {
    const QueuePolicy *policy = &history->versions[guest->model].version.queue_policy;
    uint32_t level = level_of(policy, guest->sim.request.priority);
    size_t queued = 0, limit = queue_policy_of(policy, level)->max_queue_requests;
    for (size_t i = 0; i < REQUESTS; i++)
        queued += history->guests[i].model == guest->model && is_queued(&history->guests[i]) &&
                  history->guests[i].sim.request.level == level;
    return level > 0 && limit > 0 && queued >= limit;
}

static void submit(History *history, Guest *guest) {
    ModelVersion *version = &history->versions[guest->model].version;
    size_t queued = 0;
    for (size_t i = 0; i < REQUESTS; i++)
        queued += history->guests[i].model == guest->model && is_queued(&history->guests[i]);
    size_t limit = version->queue_policy.max_queue_requests;
    bool is_full = (limit > 0 && queued >= limit) || level_is_full(history, guest);
    assert_int_equal(scheduler_counts(history->scheduler, version).queued_requests, queued);
    guest->fate = FATE_QUEUED;
    Status status = scheduler_submit(history->scheduler, &guest->sim.request);
    if (status.code == STATUS_OK) {
        assert_false(is_full || history->is_drained);
        return;
    }
    guest->fate = FATE_REFUSED;
    if (history->is_drained)
        assert_int_equal(status.code, STATUS_UNAVAILABLE);
    else if (status.code == STATUS_RESOURCE_EXHAUSTED)
        assert_true(is_full);
    else
        assert_true(
            (status.code == STATUS_UNAVAILABLE || status.code == STATUS_DEADLINE_EXCEEDED) &&
            guest->sim.request.deadline_ns != TIME_NEVER);
}

static void cancel(History *history, Guest *guest) {
    bool was_queued = is_queued(guest);
    guest->is_cancelled = true;
    scheduler_cancel(history->scheduler, &guest->sim.request);
    if (was_queued)
        assert_int_equal(guest->fate, FATE_ENDED); /* before the call returns */
}

static void complete(History *history, size_t index) {
    Running run = history->running[index];
    history->running[index] = history->running[--history->running_count];
    current->is_apart = current->is_apart || run.code != STATUS_OK;
    Status status =
        run.code == STATUS_OK ? sim_copy(run.args) : status_error(run.code, "a bad row");
    if (atomic_load(run.args->stop))
        status = status_error(STATUS_CANCELLED, "stopped");
    run.done(run.user, &status);
}

/* No request waits beyond its queue's delay while a worker is idle. */
static void check_work_conserving(const History *history) {
    if (history->running_count == history->workers)
        return;
    for (size_t i = 0; i < REQUESTS; i++) {
        const Guest *guest = &history->guests[i];
        const ModelVersion *version = &history->versions[guest->model].version;
        if (guest->fate != FATE_QUEUED || version->config.instances.limits ||
            request_has_ended(guest))
            continue;
        uint64_t delay_ns = history->versions[guest->model].version.queue_policy.delay_ns;
        assert_false(history->is_drained); /* nothing waits for company any more */
        assert_true(history->clock.now_ns - guest->sim.request.times.queued_ns < delay_ns);
    }
}

static uint64_t next_event(const History *history) {
    uint64_t next_ns = history->is_drained ? history->next_tick_ns
                                           : MIN_OF(history->next_tick_ns, history->drains_ns);
    for (size_t i = 0; i < REQUESTS; i++) {
        const Guest *guest = &history->guests[i];
        if (guest->fate == FATE_UNBORN)
            next_ns = MIN_OF(next_ns, guest->arrives_ns);
        if ((guest->fate == FATE_QUEUED || guest->fate == FATE_RUNNING) && !guest->is_cancelled)
            next_ns = MIN_OF(next_ns, guest->cancels_ns);
    }
    for (size_t i = 0; i < history->running_count; i++)
        next_ns = MIN_OF(next_ns, history->running[i].ends_ns);
    return next_ns;
}

static void live_one_moment(History *history) {
    uint64_t now_ns = history->clock.now_ns;
    if (!history->is_drained && history->drains_ns <= now_ns) {
        history->is_drained = true;
        scheduler_drain(history->scheduler);
    }
    if (history->next_tick_ns <= now_ns)
        history->next_tick_ns = scheduler_tick(history->scheduler);
    for (size_t i = history->running_count; i-- > 0;)
        if (history->running[i].ends_ns <= now_ns)
            complete(history, i);
    for (size_t i = 0; i < REQUESTS; i++) {
        Guest *guest = &history->guests[i];
        if (guest->fate == FATE_UNBORN && guest->arrives_ns <= now_ns)
            submit(history, guest);
        if ((guest->fate == FATE_QUEUED || guest->fate == FATE_RUNNING) && !guest->is_cancelled &&
            guest->cancels_ns <= now_ns)
            cancel(history, guest);
    }
    while (history->running_count < history->workers && scheduler_take(history->scheduler, 0)) {
    }
    if (history->needs_tick) {
        history->needs_tick = false;
        history->next_tick_ns = scheduler_tick(history->scheduler);
    }
    while (history->running_count < history->workers && scheduler_take(history->scheduler, 0)) {
    }
    check_work_conserving(history);
}

static void check_counts(History *history) {
    for (size_t m = 0; m < MODELS; m++) {
        ModelVersion *version = &history->versions[m].version;
        QueueCounts counts = scheduler_counts(history->scheduler, version);
        uint64_t accepted = 0, refused = 0, by_code[17] = { 0 };
        for (size_t i = 0; i < REQUESTS; i++) {
            const Guest *guest = &history->guests[i];
            if (guest->model != m)
                continue;
            assert_true(guest->fate == FATE_REFUSED || guest->fate == FATE_ENDED);
            accepted += guest->fate == FATE_ENDED;
            refused += guest->fate == FATE_REFUSED;
            by_code[guest->sim.code] += guest->fate == FATE_ENDED;
        }
        assert_int_equal(counts.requests, accepted);
        assert_int_equal(counts.rejected, refused);
        assert_int_equal(counts.cancelled, by_code[STATUS_CANCELLED]);
        assert_int_equal(counts.expired,
                         by_code[STATUS_DEADLINE_EXCEEDED] + by_code[STATUS_UNAVAILABLE]);
        assert_int_equal(counts.failed, by_code[STATUS_INVALID_ARGUMENT]);
        assert_int_equal(counts.queued_requests + counts.queued_rows + counts.queued_bytes, 0);
        scheduler_remove_version(history->scheduler, version);
    }
}

static void live(uint64_t seed) {
    History *history = calloc(1, sizeof *history);
    current = history;
    history->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    history->workers = 1 + draw(history, WORKERS_MAX);
    history->next_tick_ns = TIME_NEVER;
    fake_clock_init(&history->clock, 1000);
    Status status = output_pool_new(SIZE_MAX, &history->outputs);
    assert_true(status_is_ok(&status));
    SchedulerOptions options = { .clock = &history->clock.clock,
                                 .outputs = history->outputs,
                                 .limits_rate = true,
                                 .resources = &TOTAL,
                                 .resource_count = 1,
                                 .run = sim_run };
    status = scheduler_new(&options, &history->scheduler);
    assert_true(status_is_ok(&status));
    scheduler_set_timer_wake(history->scheduler, timer_wake, history);
    make_models(history);
    make_guests(history);
    history->drains_ns = draw(history, 4) ? TIME_NEVER : 1000 + draw(history, 20000);

    for (uint64_t next_ns = next_event(history); next_ns != TIME_NEVER;
         next_ns = next_event(history)) {
        fake_clock_set(&history->clock, MAX_OF(next_ns, history->clock.now_ns));
        live_one_moment(history);
    }
    assert_true(scheduler_wait_idle(history->scheduler, 0));
    check_counts(history);
    scheduler_free(history->scheduler);
    assert_int_equal(output_pool_live_bytes(history->outputs), 0);
    output_pool_free(history->outputs);
    for (size_t i = 0; i < REQUESTS; i++)
        sim_request_deinit(&history->guests[i].sim);
    free(history);
}

static void test_histories_keep_every_promise(void **state) {
    (void)state;
    seeds_run(live, HISTORIES);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_histories_keep_every_promise) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
