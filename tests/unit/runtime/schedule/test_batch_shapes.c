/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Requests of other lengths in one batch: end to end, padded, cut up; and what they get back. The
 * identity engine answers with what the model would have been given. */

#include "runtime/base/size.h"
#include "runtime/model/tensor_form.h"
#include "tests/support/check.h"
#include "tests/support/rig.h"

#include <string.h>

enum { GUESTS = 3 };

#define TENSORS(ragged)                                                                            \
    "backend: 'identity' max_batch_size: 8 input { name: 'x' data_type: TYPE_INT64 dims: "         \
    "-1 " ragged " } output { name: 'y' data_type: TYPE_INT64 dims: -1 } "
/* Three rows close a batch. */
#define TOGETHER                                                                                   \
    "dynamic_batching { preferred_batch_size: 3 max_queue_delay_microseconds: 60000000 } "
#define PARAMETER(key, value) "parameters { key: '" key "' value { string_value: '" value "' } } "

/* Row i is i + 1 long and all of it is i + 1. */
static void run_guests(Rig *rig, ModelVersion *version, RigRequest guests[GUESTS]) {
    for (int i = 0; i < GUESTS; i++) {
        rig_request_init(&guests[i], rig, version, 1, (size_t)i + 1, i + 1);
        check_ok(rig_submit(&guests[i]));
    }
    for (int i = 0; i < GUESTS; i++) {
        rig_wait(&guests[i]);
        check_ok(guests[i].status);
    }
    assert_int_equal(scheduler_counts(rig->scheduler, version).batches, 1);
}

static void test_ragged_rows_lie_end_to_end(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version =
        rig_load(rig, "ragged",
                 TENSORS("allow_ragged_batch: true") TOGETHER
                 "batch_output { target_name: 'y' kind: BATCH_SCATTER_WITH_INPUT_SHAPE "
                 "source_input: 'x' }");
    RigRequest guests[GUESTS];
    run_guests(rig, version, guests);
    for (int i = 0; i < GUESTS; i++) {
        assert_int_equal(guests[i].counts[0], i + 1);
        for (int k = 0; k <= i; k++)
            assert_int_equal(guests[i].values[0][k], i + 1);
        assert_int_equal(guests[i].outputs[0].shape.rank, 2);
        assert_int_equal(guests[i].outputs[0].shape.dims[1], i + 1);
    }
    rig_unload(rig, version);
    rig_close(rig);
}

static void test_padded_with_their_first_element_to_the_longest(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version = rig_load(
        rig, "padded", TENSORS("") TOGETHER PARAMETER("pad_variable_length_inputs", "true"));
    RigRequest guests[GUESTS];
    run_guests(rig, version, guests);
    for (int i = 0; i < GUESTS; i++) {
        assert_int_equal(guests[i].counts[0], GUESTS);
        for (int k = 0; k < GUESTS; k++)
            assert_int_equal(guests[i].values[0][k], i + 1);
    }
    rig_unload(rig, version);
    rig_close(rig);
}

static void test_buckets_are_filled_with_zeros(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version =
        rig_load(rig, "buckets", TENSORS("") TOGETHER PARAMETER("shape_buckets", "4,8"));
    RigRequest guests[GUESTS], alone;
    run_guests(rig, version, guests);
    for (int i = 0; i < GUESTS; i++) {
        assert_int_equal(guests[i].counts[0], 4);
        for (int k = 0; k < 4; k++)
            assert_int_equal(guests[i].values[0][k], k <= i ? i + 1 : 0);
    }
    static const size_t widths[][2] = { { 5, 8 }, { 8, 8 }, { 9, 9 } };
    for (size_t i = 0; i < ARRAY_LENGTH(widths); i++) {
        rig_request_init(&alone, rig, version, 3, widths[i][0], 7);
        check_ok(rig_run(&alone));
        assert_int_equal(alone.counts[0], 3 * widths[i][1]);
        for (size_t k = 0; k < alone.counts[0]; k++)
            assert_int_equal(alone.values[0][k], k % widths[i][1] < widths[i][0] ? 7 : 0);
    }
    rig_unload(rig, version);
    rig_close(rig);
}

#define SPLIT TENSORS("") "dynamic_batching { } " PARAMETER("max_execution_batch_size", "3")

static void test_a_large_request_runs_in_parts(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version = rig_load(rig, "split", SPLIT);
    for (size_t rows = 1; rows <= 8; rows++) {
        RigRequest request;
        uint64_t before = scheduler_counts(rig->scheduler, version).rows;
        rig_request_init(&request, rig, version, rows, 2, 0);
        for (size_t i = 0; i < 2 * rows; i++)
            request.payload[0][i] = (int64_t)i;
        check_ok(rig_run(&request));
        assert_int_equal(request.counts[0], 2 * rows);
        assert_int_equal(request.outputs[0].shape.dims[0], rows);
        for (size_t i = 0; i < 2 * rows; i++)
            assert_int_equal(request.values[0][i], i);
        assert_int_equal(scheduler_counts(rig->scheduler, version).rows - before, rows);
    }
    assert_int_equal(scheduler_batch_sizes(rig->scheduler, version), 4); /* none of 4 rows */
    RigRequest request;
    rig_request_init(&request, rig, version, 9, 1, 0);
    Status status = rig_submit(&request);
    assert_string_equal(status.message, "Task size 9 is larger than maximum input batch size 8 of "
                                        "model 'split'");
    rig_unload(rig, version);
    rig_close(rig);
}

static void test_a_part_that_fails_fails_the_whole(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version = rig_load(rig, "split", SPLIT PARAMETER("fail_every", "2"));
    RigRequest request;
    rig_request_init(&request, rig, version, 8, 1, 5);
    Status status = rig_run(&request);
    assert_int_equal(status.code, STATUS_INTERNAL);
    assert_int_equal(request.counts[0], 0);
    rig_unload(rig, version);
    rig_close(rig);
}

static void test_a_request_in_parts_is_cancelled_whole(void **state) {
    (void)state;
    Rig *rig = rig_open();
    ModelVersion *version = rig_load(rig, "split", SPLIT PARAMETER("execute_delay_ms", "20"));
    RigRequest request;
    rig_request_init(&request, rig, version, 8, 1, 5);
    check_ok(rig_submit(&request));
    scheduler_cancel(rig->scheduler, &request.request);
    rig_wait(&request);
    assert_int_equal(request.status.code, STATUS_CANCELLED);
    rig_unload(rig, version);
    rig_close(rig);
}

/* --- shapes alone --- */

static const Shape *nth_shape(const void *user, size_t index) {
    return &((const Shape *)user)[index];
}

/* The reference's example for items: a request of two rows of [3,1], one of one row of [2,2]. */
static void test_computed_inputs(void **state) {
    (void)state;
    static const struct {
        BatchInputKind kind;
        Shape shape;
        float values[8];
        size_t count;
    } rows[] = {
        { BATCH_INPUT_ELEMENT_COUNT, { 1, { 2 } }, { 6, 4 }, 2 },
        { BATCH_INPUT_ACCUMULATED_ELEMENT_COUNT, { 1, { 2 } }, { 6, 10 }, 2 },
        { BATCH_INPUT_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO, { 1, { 3 } }, { 0, 6, 10 }, 3 },
        { BATCH_INPUT_MAX_ELEMENT_COUNT_AS_SHAPE, { 1, { 6 } }, { 0 }, 6 },
        { BATCH_INPUT_ITEM_SHAPE, { 2, { 3, 2 } }, { 3, 1, 3, 1, 2, 2 }, 6 },
        { BATCH_INPUT_ITEM_SHAPE_FLATTEN, { 1, { 6 } }, { 3, 1, 3, 1, 2, 2 }, 6 },
    };
    const Shape given[] = { SHAPE(2, 3, 1), SHAPE(1, 2, 2) };
    ShapeList shapes = { nth_shape, given, 2 };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        float floats[8];
        int32_t ints[8];
        BatchInput computed = { .kind = rows[i].kind, .dtype = DTYPE_F32 };
        Tensor tensor = { .dtype = DTYPE_F32, .data = floats, .bytes = rows[i].count * 4 };
        check_ok(computed_input_shape(&computed, &shapes, &tensor.shape));
        assert_true(shape_equal(&tensor.shape, &rows[i].shape));
        computed_input_fill(&computed, &shapes, &tensor);
        assert_memory_equal(floats, rows[i].values, tensor.bytes);
        tensor.dtype = computed.dtype = DTYPE_I32;
        tensor.data = ints;
        computed_input_fill(&computed, &shapes, &tensor);
        for (size_t k = 0; k < rows[i].count; k++)
            assert_int_equal(ints[k], (int)rows[i].values[k]);
    }
}

static void test_reshape_keeps_open_dims_in_their_order(void **state) {
    (void)state;
    SignatureTensor tensor = { .name = "x",
                               .reshaped = true,
                               .shape = SHAPE(-1, -1, 4, 1, -1),
                               .model_shape = SHAPE(-1, 2, -1, 2, -1) };
    Shape shape, given = SHAPE(3, 5, 4, 1, 6), made = SHAPE(3, 2, 5, 2, 6);
    check_ok(tensor_form_of_model(&tensor, &given, &shape));
    assert_true(shape_equal(&shape, &made));
    check_ok(tensor_form_of_client(&tensor, &made, &shape));
    assert_true(shape_equal(&shape, &given));
    Status status = tensor_form_of_model(&tensor, &made, &shape);
    assert_string_equal(status.message, "tensor 'x': expected shape [?,?,4,1,?], got [3,2,5,2,6]");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ragged_rows_lie_end_to_end),
        cmocka_unit_test(test_padded_with_their_first_element_to_the_longest),
        cmocka_unit_test(test_buckets_are_filled_with_zeros),
        cmocka_unit_test(test_a_large_request_runs_in_parts),
        cmocka_unit_test(test_a_part_that_fails_fails_the_whole),
        cmocka_unit_test(test_a_request_in_parts_is_cancelled_whole),
        cmocka_unit_test(test_computed_inputs),
        cmocka_unit_test(test_reshape_keeps_open_dims_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
