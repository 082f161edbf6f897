/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The shipped digits model from file to answer: with all passes and without, in batches and alone.
 * The images' labels are their file names; the probabilities of an independent computation are in
 * deploy/samples/digits/expected.json and compared by tests/e2e, here the two ways through our own
 * code are compared with each other.
 */

#include "runtime/device/device_open.h"
#include "runtime/exec/executor.h"
#include "runtime/onnx/onnx_import.h"
#include "tests/support/model_builder.h"
#include "tests/support/same_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    IMAGES = 10,
    PIXELS = 64,
    PGM_HEADER = 11,
    CLASSES = 10,
    COPIES = 3,
    BATCH = IMAGES * COPIES
};

static void *read_file(const char *path, size_t *ret_length) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long length = ftell(file);
    assert_true(length > 0);
    rewind(file);
    void *bytes = malloc((size_t)length);
    assert_int_equal(fread(bytes, 1, (size_t)length, file), (size_t)length);
    fclose(file);
    *ret_length = (size_t)length;
    return bytes;
}

static Executor *load(const char *path, Device *device, Pool *pool, bool optimise) {
    size_t length;
    void *bytes = read_file(path, &length);
    Graph *graph;
    model_check(onnx_import(bytes, length, NULL, &graph));
    ExecutorOptions options = {
        .device = device, .pool = pool, .max_rows = 32, .optimise = optimise
    };
    Executor *executor;
    model_check(executor_new(graph, &options, &executor));
    return executor;
}

static Tensor read_images(void) {
    Tensor batch;
    model_check(tensor_init(&batch, DTYPE_F32, &SHAPE(BATCH, 1, 8, 8)));
    for (int i = 0; i < BATCH; i++) {
        char path[4096];
        snprintf(path, sizeof path, SAMPLES "/digits/%d.pgm", i % IMAGES);
        size_t length;
        unsigned char *bytes = read_file(path, &length);
        assert_int_equal(length, PGM_HEADER + PIXELS);
        for (int k = 0; k < PIXELS; k++)
            ((float *)batch.data)[i * PIXELS + k] = (float)bytes[PGM_HEADER + k] / 255.0f;
        free(bytes);
    }
    return batch;
}

static Tensor rows_of(const Tensor *batch, int64_t first, int64_t rows) {
    Tensor some = *batch;
    some.shape.dims[0] = rows;
    some.bytes = (size_t)rows * PIXELS * sizeof(float);
    some.data = (float *)batch->data + first * PIXELS;
    return some;
}

static int best_class(const float *probabilities) {
    int best = 0;
    for (int i = 1; i < CLASSES; i++)
        best = probabilities[i] > probabilities[best] ? i : best;
    return best;
}

static void test_digits_are_recognised_in_any_batch(void **state) {
    (void)state;
    Pool *pool;
    Device *device;
    OutputPool *outputs;
    OutputBlock *block;
    const char *note;
    model_check(pool_new(2, &pool));
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host, .pool = pool };
    model_check(device_open("cpu", &host, &device, &note));
    model_check(output_pool_new(1 << 24, &outputs));
    model_check(output_block_new(outputs, &block));
    Executor *fast = load(SAMPLES "/models/digits/1/model.onnx", device, pool, true);
    Executor *plain = load(SAMPLES "/models/digits/1/model.onnx", device, pool, false);
    assert_true(executor_rows_independent(fast));
    model_check(executor_warm(fast));

    Tensor images = read_images(), output;
    static float alone[BATCH][CLASSES];
    for (int i = 0; i < BATCH; i++) {
        Tensor one = rows_of(&images, i, 1);
        model_check(
            executor_run(fast, &(RunArgs){ .inputs = &one, .outputs = &output, .block = block }));
        memcpy(alone[i], output.data, sizeof alone[i]);
        assert_int_equal(best_class(alone[i]), i % IMAGES);
    }
    for (int64_t rows = 1; rows <= BATCH; rows++) {
        Tensor some = rows_of(&images, 0, rows);
        model_check(
            executor_run(fast, &(RunArgs){ .inputs = &some, .outputs = &output, .block = block }));
        assert_true(rows_are_same(output.data, alone[0], (size_t)rows * CLASSES));
    }
    model_check(
        executor_run(plain, &(RunArgs){ .inputs = &images, .outputs = &output, .block = block }));
    for (int i = 0; i < BATCH * CLASSES; i++) {
        float difference = ((float *)output.data)[i] - ((float *)alone)[i];
        assert_true(difference < 1e-5f &&
                    difference > -1e-5f); /* batch norm in the weights, other sum orders */
    }
    tensor_deinit(&images);
    executor_free(fast);
    executor_free(plain);
    output_block_unref(block);
    output_pool_free(outputs);
    device_close(device);
    pool_free(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_digits_are_recognised_in_any_batch) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
