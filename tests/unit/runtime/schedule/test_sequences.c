/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sequences in seeded histories under a fake clock: random ids, starts, ends, deadlines and
 * cancels; a simulated device adds each value to the state it is given. Whatever meets whatever, a
 * sequence's requests run in order, one at a time, in no more slots than there are, and each sees
 * exactly the state that those before it have left. The turn itself is a table.
 */

#include "runtime/base/size.h"
#include "runtime/schedule/sequence_decide.h"
#include "tests/support/fake_clock.h"
#include "tests/support/schedule_sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HISTORIES = 1500, REQUESTS = 90, IDS = 7, WORKERS = 2, HIDDEN = 3, INPUTS = 1 + HIDDEN };

#define ANY_STATE INT64_MIN

typedef struct Guest {
    InferRequest request;
    RequestInput inputs[INPUTS];
    Tensor outputs[2];
    int64_t value;
    Span span;
    uint64_t id, arrives_ns, cancels_ns;
    bool is_accepted, is_done, is_running, has_run, is_cancelled;
    StatusCode code;
    int64_t expected; /* of the state after it */
} Guest;

typedef struct Running {
    const RunArgs *args;
    ProgramDone done;
    void *user;
    uint64_t ends_ns;
    bool is_bad;
} Running;

static struct {
    uint64_t random;
    FakeClock clock;
    Scheduler *scheduler;
    ModelVersion version;
    SignatureTensor inputs[INPUTS], outputs[2];
    Span control_spans[4];
    InitialState initial;
    size_t slots;
    Guest guests[REQUESTS];
    int64_t states[IDS + 1];
    bool is_open[IDS + 1]; /* started, and no end accepted */
    Running running[WORKERS];
    size_t running_count;
    uint64_t next_tick_ns;
    bool needs_tick;
} world;

static uint64_t draw(uint64_t below) {
    world.random = world.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (world.random >> 33) % below;
}

/* Nobody of the same sequence who was accepted before is still there, and none runs beside it. */
static void check_turn(const Guest *guest) {
    uint64_t running = 1;
    for (size_t i = 0; i < REQUESTS; i++) {
        const Guest *other = &world.guests[i];
        running += other != guest && other->is_running;
        if (other == guest || other->id != guest->id || !other->is_accepted || other->is_done)
            continue;
        assert_false(other->is_running);
        assert_true(other->request.sequence > guest->request.sequence || other->is_cancelled ||
                    other->request.deadline_ns <= world.clock.now_ns);
    }
    assert_true(running <= world.slots);
}

static void sim_run(Executor *executor, const RunArgs *args, ProgramDone done, void *user) {
    (void)executor;
    size_t rows = (size_t)args->inputs[0].shape.dims[0];
    const int64_t *values = args->inputs[0].data;
    const int32_t *starts = args->inputs[1].data;
    const uint64_t *ids = args->inputs[2].data;
    const int64_t *states = args->inputs[3].data;
    for (size_t row = 0; row < rows; row++) {
        Guest *guest = &world.guests[values[row]];
        assert_true(guest->is_accepted && !guest->is_done);
        assert_int_equal(ids[row], guest->id);
        assert_int_equal(starts[row], guest->request.sequence_start);
        if (guest->request.sequence_start)
            world.states[guest->id] = 5;
        if (world.states[guest->id] != ANY_STATE)
            assert_int_equal(states[row], world.states[guest->id]);
        world.states[guest->id] = states[row];
        guest->expected = states[row] + values[row];
        check_turn(guest);
        guest->is_running = guest->has_run = true;
    }
    assert_true(world.running_count < WORKERS);
    world.running[world.running_count++] =
        (Running){ args, done, user, world.clock.now_ns + 50 + draw(500),
                   draw(12) == 0 && rows == 1 };
}

static void complete(size_t index) {
    Running run = world.running[index];
    world.running[index] = world.running[--world.running_count];
    Status status = status_ok();
    size_t rows = (size_t)run.args->inputs[0].shape.dims[0];
    const int64_t *values = run.args->inputs[0].data, *states = run.args->inputs[3].data;
    int64_t *memory = output_block_alloc(run.args->block, rows * sizeof *memory);
    int64_t *echo = output_block_alloc(run.args->block, rows * sizeof *echo);
    assert_true(memory && echo);
    for (size_t row = 0; row < rows; row++) {
        memory[row] = states[row] + values[row];
        echo[row] = values[row];
    }
    run.args->outputs[0] = run.args->outputs[1] = run.args->inputs[0];
    run.args->outputs[0].data = echo;
    run.args->outputs[1].data = memory;
    if (run.is_bad)
        status = status_error(STATUS_INTERNAL, "bad luck");
    if (atomic_load(run.args->stop))
        status = status_error(STATUS_CANCELLED, "stopped");
    run.done(run.user, &status);
}

static void on_done(InferRequest *request, const Status *status) {
    Guest *guest = request->user;
    assert_false(guest->is_done);
    guest->is_done = true;
    guest->code = status->code;
    guest->is_running = false;
    if (status_is_ok(status)) {
        assert_int_equal(((const int64_t *)guest->outputs[0].data)[0], guest->value);
        world.states[guest->id] = guest->expected;
    }
    if (request->sequence_start && !guest->has_run) /* it may have had its turn, or not */
        world.states[guest->id] = ANY_STATE;
    request_release_outputs(request);
}

static void timer_wake(void *user) {
    (void)user;
    world.needs_tick = true;
}

static void make_version(void) {
    static const SequenceControl controls[] = { { .kind = CONTROL_START, .dtype = DTYPE_I32 },
                                                { .kind = CONTROL_CORRID, .dtype = DTYPE_U64 } };
    static const int32_t no = 0, yes = 1;
    static const int64_t five = 5;
    static const SequenceState state = { .input = "s", .output = "t", .dtype = DTYPE_I64 };
    static SequenceConfig config;
    config = (SequenceConfig){ .strategy = draw(2) ? SEQUENCE_OLDEST : SEQUENCE_DIRECT,
                               .idle_ns = 20000,
                               .controls = controls,
                               .control_count = 2,
                               .states = &state,
                               .state_count = 1,
                               .minimum_slot_utilization = (float)draw(2),
                               .max_candidates = 1 + draw(5) };
    size_t rows = 1 + draw(4);
    world.slots = config.strategy == SEQUENCE_OLDEST ? config.max_candidates : rows;
    static const DType dtypes[] = { DTYPE_I64, DTYPE_I32, DTYPE_U64, DTYPE_I64 };
    for (size_t i = 0; i < INPUTS; i++)
        world.inputs[i] = (SignatureTensor){ .name = "i", .dtype = dtypes[i], .port = i };
    for (size_t i = 0; i < 2; i++)
        world.outputs[i] = (SignatureTensor){ .name = "o", .dtype = DTYPE_I64, .port = i };
    world.control_spans[0] = (Span){ &no, sizeof no };
    world.control_spans[1] = (Span){ &yes, sizeof yes };
    world.initial = (InitialState){ SHAPE(1, 1), { &five, sizeof five } };
    world.version = (ModelVersion){
        .name = "sim",
        .number = 1,
        .signature = { .inputs = world.inputs,
                       .outputs = world.outputs,
                       .input_count = 1,
                       .output_count = 1,
                       .all_input_count = INPUTS,
                       .all_output_count = 2,
                       .max_batch_size = rows,
                       .batched = true },
        .config = { .sequence = &config, .has_max_batch_size = true },
        .queue_policy = { .batching = rows > 1, .max_rows = rows, .delay_ns = draw(2) * 300 },
        .control_spans = world.control_spans,
        .initial_states = &world.initial,
    };
    Status status = scheduler_add_version(world.scheduler, &world.version);
    assert_true(status_is_ok(&status));
}

static void make_guests(void) {
    uint64_t at_ns = world.clock.now_ns;
    for (size_t i = 0; i < REQUESTS; i++) {
        Guest *guest = &world.guests[i];
        at_ns += draw(20) == 0 ? 30000 : draw(200);
        *guest = (Guest){ .value = (int64_t)i,
                          .id = 1 + draw(IDS),
                          .arrives_ns = at_ns,
                          .cancels_ns = draw(9) ? TIME_NEVER : at_ns + draw(900) };
        guest->span = (Span){ &guest->value, sizeof guest->value };
        guest->inputs[0] =
            (RequestInput){ DTYPE_I64, SHAPE(1, 1), { &guest->span, 1, sizeof guest->value } };
        guest->request = (InferRequest){ .lease = { &world.version },
                                         .inputs = guest->inputs,
                                         .outputs = guest->outputs,
                                         .rows = 1,
                                         .deadline_ns = draw(7) ? TIME_NEVER : at_ns + draw(4000),
                                         .sequence_id = { .is_given = true, .number = guest->id },
                                         .sequence_start = draw(4) == 0,
                                         .sequence_end = draw(5) == 0,
                                         .on_done = on_done,
                                         .user = guest };
    }
}

static void submit(Guest *guest) {
    guest->is_accepted = true; /* it may run before this returns */
    Status status = scheduler_submit(world.scheduler, &guest->request);
    if (status_is_ok(&status)) {
        assert_true(guest->request.sequence_start || world.is_open[guest->id]);
        world.is_open[guest->id] = !guest->request.sequence_end;
        return;
    }
    guest->is_accepted = false;
    guest->is_done = true;
    if (status.code == STATUS_INVALID_ARGUMENT) {
        assert_false(guest->request.sequence_start);
        assert_non_null(strstr(status.message, "must specify the START flag"));
    } else {
        assert_int_equal(status.code, STATUS_DEADLINE_EXCEEDED);
    }
}

static void live_one_moment(void) {
    uint64_t now_ns = world.clock.now_ns;
    if (world.next_tick_ns <= now_ns || world.needs_tick) {
        world.needs_tick = false;
        world.next_tick_ns = scheduler_tick(world.scheduler);
    }
    for (size_t i = world.running_count; i-- > 0;)
        if (world.running[i].ends_ns <= now_ns)
            complete(i);
    for (size_t i = 0; i < REQUESTS; i++) {
        Guest *guest = &world.guests[i];
        if (!guest->is_accepted && !guest->is_done && guest->arrives_ns <= now_ns)
            submit(guest);
        if (guest->is_accepted && !guest->is_done && !guest->is_cancelled &&
            guest->cancels_ns <= now_ns) {
            guest->is_cancelled = true;
            scheduler_cancel(world.scheduler, &guest->request);
        }
    }
    while (world.running_count < WORKERS && scheduler_take(world.scheduler, 0))
        continue;
    if (world.needs_tick) {
        world.needs_tick = false;
        world.next_tick_ns = scheduler_tick(world.scheduler);
    }
    while (world.running_count < WORKERS && scheduler_take(world.scheduler, 0))
        continue;
}

static uint64_t next_event(void) {
    uint64_t next_ns = world.next_tick_ns;
    for (size_t i = 0; i < REQUESTS; i++) {
        const Guest *guest = &world.guests[i];
        if (!guest->is_accepted && !guest->is_done)
            next_ns = MIN_OF(next_ns, guest->arrives_ns);
        if (guest->is_accepted && !guest->is_done && !guest->is_cancelled)
            next_ns = MIN_OF(next_ns, guest->cancels_ns);
    }
    for (size_t i = 0; i < world.running_count; i++)
        next_ns = MIN_OF(next_ns, world.running[i].ends_ns);
    return next_ns;
}

/* Returns how many requests were answered. */
static size_t live(uint64_t seed) {
    memset(&world, 0, sizeof world);
    world.random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    world.next_tick_ns = TIME_NEVER;
    fake_clock_init(&world.clock, 1000);
    OutputPool *outputs;
    Status status = output_pool_new(SIZE_MAX, &outputs);
    assert_true(status_is_ok(&status));
    SchedulerOptions options = { .clock = &world.clock.clock, .outputs = outputs, .run = sim_run };
    status = scheduler_new(&options, &world.scheduler);
    assert_true(status_is_ok(&status));
    scheduler_set_timer_wake(world.scheduler, timer_wake, NULL);
    make_version();
    make_guests();
    for (size_t i = 0; i <= IDS; i++)
        world.states[i] = 5;
    for (uint64_t next_ns = next_event(); next_ns != TIME_NEVER; next_ns = next_event()) {
        fake_clock_set(&world.clock, MAX_OF(next_ns, world.clock.now_ns));
        live_one_moment();
    }
    size_t answered = 0;
    for (size_t i = 0; i < REQUESTS; i++) {
        assert_true(world.guests[i].is_done);
        answered += world.guests[i].is_accepted && world.guests[i].code == STATUS_OK;
    }
    assert_int_equal(output_pool_live_bytes(outputs), 0); /* idle sequences were ended */
    assert_true(scheduler_wait_idle(world.scheduler, 0));
    QueueCounts counts = scheduler_counts(world.scheduler, &world.version);
    assert_int_equal(counts.queued_requests + counts.queued_rows + counts.queued_bytes, 0);
    scheduler_remove_version(world.scheduler, &world.version);
    scheduler_free(world.scheduler);
    output_pool_free(outputs);
    return answered;
}

static void test_histories_keep_sequences_whole(void **state) {
    (void)state;
    const char *seed = getenv("SEED");
    size_t answered = 0;
    for (uint64_t i = 0; !seed && i < HISTORIES; i++)
        answered += live(i);
    if (seed)
        (void)live(strtoull(seed, NULL, 10));
    else
        assert_true(answered > (size_t)HISTORIES * REQUESTS / 4);
}

static void test_turns(void **state) {
    (void)state;
    static const struct {
        SequenceView view;
        SequenceAction action;
    } rows[] = {
        { { .slots = 1, .sequences_max = 9 }, SEQUENCE_UNKNOWN },
        { { .is_start = true, .slots = 1, .sequences_max = 9 }, SEQUENCE_PLACE },
        { { .is_start = true, .slots = 1, .slots_taken = 1, .sequences = 1, .sequences_max = 9 },
          SEQUENCE_WAIT },
        { { .is_start = true, .slots = 1, .slots_taken = 1, .sequences = 9, .sequences_max = 9 },
          SEQUENCE_FULL },
        { { .is_known = true, .has_slot = true }, SEQUENCE_PLACE },
        { { .is_known = true, .has_slot = true, .is_busy = true }, SEQUENCE_WAIT },
        { { .is_known = true }, SEQUENCE_WAIT },
        { { .is_ending = true, .has_slot = true, .is_busy = true }, SEQUENCE_UNKNOWN },
        { { .is_ending = true, .is_start = true, .has_slot = true, .is_busy = true },
          SEQUENCE_WAIT },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        assert_int_equal(sequence_decide(&rows[i].view), rows[i].action);
}

static void test_full_rows(void **state) {
    (void)state;
    assert_int_equal(sequence_full_rows(3, 8, -1), 3);
    assert_int_equal(sequence_full_rows(0, 8, -1), 1);
    assert_int_equal(sequence_full_rows(6, 8, 0), 1);
    assert_int_equal(sequence_full_rows(6, 8, 0.5F), 4);
    assert_int_equal(sequence_full_rows(2, 8, 0.5F), 2); /* no more can come */
    assert_int_equal(sequence_full_rows(8, 8, 1), 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_full_rows),
        cmocka_unit_test(test_histories_keep_sequences_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
