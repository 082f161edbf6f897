/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The whole of the scheduler over a real model: the digits in requests of random sizes and company,
 * on the CPU and on a device that completes late. The answer to an image never depends on the batch
 * it travelled in, to the last bit.
 */

#include "runtime/device/device_open.h"
#include "runtime/schedule/timer.h"
#include "tests/support/check.h"
#include "tests/support/fake_device.h"
#include "tests/support/same_rows.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/thread.h"

enum {
    IMAGES = 10,
    PIXELS = 64,
    PGM_HEADER = 11,
    CLASSES = 10,
    ROWS_MAX = 4,
    REQUESTS = 600,
    BATCH_MAX = 16
};

typedef struct Guest {
    InferRequest request;
    RequestInput input;
    Span spans[ROWS_MAX]; /* one image each: a payload in pieces */
    size_t images[ROWS_MAX];
    Tensor outputs[1];
    bool is_same;
    StatusCode code;
} Guest;

typedef struct Fixture {
    Pool *pool;
    Device *device;
    OutputPool *outputs;
    Scheduler *scheduler;
    Timer *timer;
    ModelVersion *version;
    float images[IMAGES][PIXELS];
    float alone[IMAGES][CLASSES];
    Guest guests[REQUESTS];
    Mutex mutex;
    Cond changed;
    size_t ended; /* under mutex */
} Fixture;

static void read_images(Fixture *fixture) {
    for (int i = 0; i < IMAGES; i++) {
        char path[4096];
        unsigned char bytes[PGM_HEADER + PIXELS];
        snprintf(path, sizeof path, SAMPLES "/digits/%d.pgm", i);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        assert_int_equal(fread(bytes, 1, sizeof bytes, file), sizeof bytes);
        fclose(file);
        for (int k = 0; k < PIXELS; k++)
            fixture->images[i][k] = (float)bytes[PGM_HEADER + k] / 255.0f;
    }
}

static void run_alone(Fixture *fixture) {
    for (size_t i = 0; i < IMAGES; i++) {
        OutputBlock *block;
        Tensor output, input;
        check_ok(output_block_new(fixture->outputs, &block));
        check_ok(tensor_make(DTYPE_F32, &SHAPE(1, 1, 8, 8), fixture->images[i],
                             sizeof fixture->images[i], &input));
        check_ok(executor_run(fixture->version->executor,
                              &(RunArgs){ .inputs = &input, .outputs = &output, .block = block }));
        assert_int_equal(output.bytes, sizeof fixture->alone[i]);
        memcpy(fixture->alone[i], output.data, output.bytes);
        output_block_unref(block);
    }
}

static void load_version(Fixture *fixture) {
    QueuePolicy policy = { .batching = true, .max_rows = BATCH_MAX };
    int directory = open(SAMPLES "/models/digits/1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(directory >= 0);
    FileSource files = file_source_plain(directory);
    ModelLoad load = { .name = "digits",
                       .number = 1,
                       .files = &files,
                       .model_directory = -1,
                       .queue_default = &policy,
                       .device = fixture->device,
                       .pool = fixture->pool,
                       .warm = true,
                       .autocomplete = true,
                       .default_max_batch_size = BATCH_MAX,
                       .file_limit_bytes = 1 << 26 };
    check_ok(model_version_load(&load, &fixture->version));
    close(directory);
    assert_true(fixture->version->signature.batched);
    fixture->version->queue_policy = policy;
    check_ok(scheduler_add_version(fixture->scheduler, fixture->version));
}

static bool source(void *user, size_t worker_index) {
    return scheduler_take(user, worker_index);
}

static Fixture *open_fixture(bool is_late) {
    Fixture *fixture = calloc(1, sizeof *fixture);
    mutex_init(&fixture->mutex);
    cond_init(&fixture->changed);
    check_ok(pool_new(2, &fixture->pool));
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host, .pool = fixture->pool };
    const char *note;
    if (is_late)
        fixture->device = fake_device_new();
    else
        check_ok(device_open("cpu", &host, &fixture->device, &note));
    check_ok(output_pool_new(1 << 24, &fixture->outputs));
    SchedulerOptions options = { .clock = clock_monotonic(),
                                 .pool = fixture->pool,
                                 .outputs = fixture->outputs,
                                 .inline_limit_ns = 50 * NS_PER_US };
    check_ok(scheduler_new(&options, &fixture->scheduler));
    check_ok(timer_new(fixture->scheduler, &fixture->timer));
    load_version(fixture);
    read_images(fixture);
    run_alone(fixture);
    pool_set_source(fixture->pool, source, fixture->scheduler);
    return fixture;
}

static void close_fixture(Fixture *fixture) {
    assert_true(
        scheduler_wait_idle(fixture->scheduler, clock_now_ns(clock_monotonic()) + 60 * NS_PER_S));
    timer_free(fixture->timer);
    pool_free(TAKE(fixture->pool));
    scheduler_remove_version(fixture->scheduler, fixture->version);
    model_version_unref(fixture->version);
    scheduler_free(fixture->scheduler);
    assert_int_equal(output_pool_live_bytes(fixture->outputs), 0);
    output_pool_free(fixture->outputs);
    device_close(fixture->device);
    cond_deinit(&fixture->changed);
    mutex_deinit(&fixture->mutex);
    free(fixture);
}

static void note_end(InferRequest *request, const Status *status) {
    Fixture *fixture = request->user;
    Guest *guest = (Guest *)request; /* its first member */
    guest->code = status->code;
    guest->is_same =
        status_is_ok(status) && guest->outputs[0].bytes == request->rows * sizeof fixture->alone[0];
    for (size_t i = 0; guest->is_same && i < request->rows; i++)
        guest->is_same = rows_are_same((const float *)guest->outputs[0].data + i * CLASSES,
                                       fixture->alone[guest->images[i]], CLASSES);
    request_release_outputs(request);
    LOCKED(&fixture->mutex);
    fixture->ended++;
    cond_signal(&fixture->changed);
}

static void submit(Fixture *fixture, size_t index, uint64_t *random) {
    Guest *guest = &fixture->guests[index];
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    size_t rows = 1 + (*random >> 33) % ROWS_MAX;
    for (size_t i = 0; i < rows; i++) {
        guest->images[i] = (*random >> (36 + 3 * i)) % IMAGES;
        guest->spans[i] =
            (Span){ .data = fixture->images[guest->images[i]], .bytes = sizeof fixture->images[0] };
    }
    size_t bytes = rows * sizeof fixture->images[0];
    guest->input =
        (RequestInput){ .dtype = DTYPE_F32,
                        .shape = SHAPE((int64_t)rows, 1, 8, 8),
                        .payload = { .items = guest->spans, .count = rows, .bytes = bytes } };
    guest->request = (InferRequest){ .lease = { fixture->version },
                                     .inputs = &guest->input,
                                     .rows = rows,
                                     .outputs = guest->outputs,
                                     .payload_bytes = bytes,
                                     .deadline_ns = TIME_NEVER,
                                     .on_done = note_end,
                                     .user = fixture };
    check_ok(scheduler_submit(fixture->scheduler, &guest->request));
}

static void check_answers(bool is_late) {
    Fixture *fixture = open_fixture(is_late);
    uint64_t random = 5;
    for (size_t i = 0; i < REQUESTS; i++) {
        submit(fixture, i, &random);
        if (random >> 60 >= 3) /* bursts of about five */
            continue;
        if (i % 2)
            scheduler_run_inline(fixture->scheduler);
        scheduler_kick(fixture->scheduler);
    }
    scheduler_kick(fixture->scheduler);
    uint64_t deadline_ns = clock_now_ns(clock_monotonic()) + 60 * NS_PER_S;
    {
        LOCKED(&fixture->mutex);
        while (fixture->ended < REQUESTS)
            assert_true(cond_wait_until(&fixture->changed, &fixture->mutex, deadline_ns));
    }
    size_t in_company = 0;
    for (size_t i = 0; i < REQUESTS; i++) {
        const Guest *guest = &fixture->guests[i];
        assert_int_equal(guest->code, STATUS_OK);
        assert_true(guest->is_same);
        in_company += guest->request.batch_rows > guest->request.rows;
    }
    assert_true(in_company > 0);
    close_fixture(fixture);
}

static void test_answers_do_not_depend_on_the_batch(void **state) {
    (void)state;
    check_answers(false);
}

static void test_answers_of_a_late_device_do_not_either(void **state) {
    (void)state;
    check_answers(true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_do_not_depend_on_the_batch),
        cmocka_unit_test(test_answers_of_a_late_device_do_not_either),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
