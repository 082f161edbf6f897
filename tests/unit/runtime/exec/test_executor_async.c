/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Executors on a device that completes late, on another thread, or fails. */

#include "runtime/exec/executor.h"

#include "runtime/base/thread.h"
#include "runtime/device/device_open.h"
#include "tests/support/fake_device.h"
#include "tests/support/model_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 7, WIDTH = 2 };

typedef struct Fixture {
    Device *device;
    OutputPool *pool;
    OutputBlock *block;
    Executor *executor;
    Tensor input, output;
    Mutex mutex;
    Cond changed;
    int done; /* under mutex */
    StatusCode code;
} Fixture;

static void on_done(void *user, const Status *status) {
    Fixture *fixture = user;
    LOCKED(&fixture->mutex);
    fixture->done++;
    fixture->code = status->code;
    cond_signal(&fixture->changed);
}

static int done_count(Fixture *fixture) {
    LOCKED(&fixture->mutex);
    return fixture->done;
}

static void wait_done(Fixture *fixture) {
    LOCKED(&fixture->mutex);
    while (fixture->done == 0)
        cond_wait(&fixture->changed, &fixture->mutex);
}

/* y = x + x; deterministic, so that seven rows are seven pieces. */
static int set_up(void **state) {
    Fixture *fixture = calloc(1, sizeof *fixture);
    mutex_init(&fixture->mutex);
    cond_init(&fixture->changed);
    fixture->device = fake_device_new();
    model_check(output_pool_new(1 << 20, &fixture->pool));
    model_check(output_block_new(fixture->pool, &fixture->block));
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, WIDTH));
    model_output(graph, "y", model_node(graph, "Add", INPUTS(x, x), NO_ATTRIBUTES));
    model_finish(graph);
    ExecutorOptions options = { .device = fixture->device,
                                .optimise = true,
                                .deterministic = true };
    model_check(executor_new(graph, &options, &fixture->executor));
    model_check(tensor_init(&fixture->input, DTYPE_F32, &SHAPE(ROWS, WIDTH)));
    for (int i = 0; i < ROWS * WIDTH; i++)
        ((float *)fixture->input.data)[i] = (float)i;
    fake_device_set_automatic(fixture->device, false);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    Fixture *fixture = *state;
    tensor_deinit(&fixture->input);
    executor_free(fixture->executor);
    output_block_unref(fixture->block);
    output_pool_free(fixture->pool);
    device_close(fixture->device);
    cond_deinit(&fixture->changed);
    mutex_deinit(&fixture->mutex);
    free(fixture);
    return 0;
}

static void submit(Fixture *fixture) {
    RunArgs args = { .inputs = &fixture->input,
                     .outputs = &fixture->output,
                     .block = fixture->block };
    executor_submit(fixture->executor, &args, on_done, fixture);
}

static void test_done_comes_when_the_last_piece_is_done(void **state) {
    Fixture *fixture = *state;
    submit(fixture);
    fake_device_wait_submitted(fixture->device, ROWS);
    assert_int_equal(done_count(fixture), 0);
    fake_device_complete(fixture->device, ROWS);
    wait_done(fixture);
    assert_int_equal(fixture->code, STATUS_OK);
    assert_true(shape_equal(&fixture->output.shape, &SHAPE(ROWS, WIDTH)));
    for (int i = 0; i < ROWS * WIDTH; i++)
        assert_true(((float *)fixture->output.data)[i] == 2.0f * (float)i);
}

static void test_one_failed_piece_fails_the_run_once(void **state) {
    Fixture *fixture = *state;
    fake_device_fail(fixture->device, 2, STATUS_UNAVAILABLE);
    submit(fixture);
    fake_device_complete(fixture->device, ROWS - 1);
    fake_device_wait_pending(fixture->device, 1);
    assert_int_equal(done_count(fixture),
                     0); /* not before all pieces are back: they write to the caller's memory */
    fake_device_complete(fixture->device, 1);
    wait_done(fixture);
    assert_int_equal(fixture->code, STATUS_UNAVAILABLE);
    assert_int_equal(done_count(fixture), 1);
}

static void test_a_run_waits_for_the_device(void **state) {
    Fixture *fixture = *state;
    fake_device_complete(fixture->device, ROWS);
    RunArgs args = { .inputs = &fixture->input,
                     .outputs = &fixture->output,
                     .block = fixture->block };
    model_check(executor_run(fixture->executor, &args));
    assert_true(((float *)fixture->output.data)[3] == 6.0f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_done_comes_when_the_last_piece_is_done, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_one_failed_piece_fails_the_run_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_run_waits_for_the_device, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
