/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Packed weights: the plain bytes go when they can come back, and do come back for whoever asks. */

#include "runtime/base/size.h"
#include "runtime/base/thread.h"
#include "runtime/cpu/weights.h"
#include "tests/support/model_builder.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 1 << 16, THREADS = 4, ROUNDS = 40 };

/* Packing adds the number that user points to, as an integer, to every word. */
static Status add_number(void *user, const void *plain, void *packed) {
    for (size_t i = 0; i < COUNT; i++)
        ((uint32_t *)packed)[i] = ((const uint32_t *)plain)[i] + *(const uint32_t *)user;
    return status_ok();
}

static Status subtract_number(void *user, const void *packed, void *plain) {
    for (size_t i = 0; i < COUNT; i++)
        ((uint32_t *)plain)[i] = ((const uint32_t *)packed)[i] - *(const uint32_t *)user;
    return status_ok();
}

static Status lose_the_last_word(void *user, const void *packed, void *plain) {
    TRY(subtract_number(user, packed, plain));
    ((uint32_t *)plain)[COUNT - 1]++;
    return status_ok();
}

static WeightFormat format_of(uint32_t number) {
    uint32_t *user = malloc(sizeof *user);
    *user = number;
    WeightFormat format = { .bytes = COUNT * sizeof(uint32_t),
                            .user = user,
                            .pack = add_number,
                            .unpack = subtract_number,
                            .free = free };
    snprintf(format.key, sizeof format.key, "plus %u", number);
    return format;
}

static Value constant_new(Tensor *tensor, bool is_weights) {
    model_check(tensor_init(tensor, DTYPE_F32, &SHAPE(COUNT)));
    for (uint32_t i = 0; i < COUNT; i++)
        ((uint32_t *)tensor->data)[i] = i * 2654435761u;
    return (Value){ .dtype = DTYPE_F32,
                    .shape = tensor->shape,
                    .constant = tensor,
                    .is_lasting = true,
                    .is_weights = is_weights };
}

static bool is_packed(const uint32_t *packed, uint32_t number) {
    for (uint32_t i = 0; i < COUNT; i++)
        if (packed[i] != i * 2654435761u + number)
            return false;
    return true;
}

static void test_plain_bytes_go_and_come_back(void **state) {
    (void)state;
    AUTO(packed_weights_free) PackedWeights *weights = NULL;
    model_check(packed_weights_new(&weights));
    Tensor tensor;
    Value value = constant_new(&tensor, true);
    const void *first, *again, *second;
    WeightFormat format = format_of(1);
    model_check(packed_weights_get(weights, &value, &format, &first));
    assert_true(is_packed(first, 1));
    assert_int_equal(packed_weights_dropped_bytes(weights), tensor.bytes);
    assert_false(is_packed(tensor.data, 0));

    format = format_of(1);
    model_check(packed_weights_get(weights, &value, &format, &again));
    assert_ptr_equal(again, first);
    format = format_of(2); /* packed from bytes that were gone, and are gone again */
    model_check(packed_weights_get(weights, &value, &format, &second));
    assert_true(is_packed(second, 2));
    assert_int_equal(packed_weights_dropped_bytes(weights), tensor.bytes);
    assert_int_equal(packed_weights_bytes(weights), 2 * tensor.bytes);

    model_check(packed_weights_keep_plain(weights, &value));
    assert_true(is_packed(tensor.data, 0));
    assert_int_equal(packed_weights_dropped_bytes(weights), 0);
    format = format_of(3);
    model_check(packed_weights_get(weights, &value, &format, &second));
    assert_true(is_packed(tensor.data, 0)); /* whoever keeps them reads them at any time */
    tensor_deinit(&tensor);
}

static void test_plain_bytes_stay_where_they_could_not_come_back(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        AUTO(packed_weights_free) PackedWeights *weights = NULL;
        model_check(packed_weights_new(&weights));
        Tensor tensor;
        Value value = constant_new(&tensor, i > 0);
        WeightFormat format = format_of(1);
        format.unpack = i == 1 ? NULL : i == 2 ? lose_the_last_word : subtract_number;
        const void *packed;
        model_check(packed_weights_get(weights, &value, &format, &packed));
        assert_true(is_packed(packed, 1));
        assert_true(is_packed(tensor.data, 0));
        assert_int_equal(packed_weights_dropped_bytes(weights), 0);
        tensor_deinit(&tensor);
    }
}

typedef struct Packer {
    PackedWeights *weights;
    const Value *value;
    uint32_t first;
    bool right;
} Packer;

static void pack_many(void *user) {
    Packer *packer = user;
    packer->right = true;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        WeightFormat format = format_of(packer->first + i);
        const void *packed;
        model_check(packed_weights_get(packer->weights, packer->value, &format, &packed));
        packer->right = packer->right && is_packed(packed, packer->first + i);
    }
}

static void test_threads_that_pack_one_constant_all_see_it(void **state) {
    (void)state;
    AUTO(packed_weights_free) PackedWeights *weights = NULL;
    model_check(packed_weights_new(&weights));
    Tensor tensor;
    Value value = constant_new(&tensor, true);
    Packer packers[THREADS];
    Thread threads[THREADS] = { 0 };
    for (uint32_t i = 0; i < THREADS; i++) { /* half of the formats are also the next thread's */
        packers[i] = (Packer){ .weights = weights, .value = &value, .first = i * ROUNDS / 2 };
        model_check(thread_start(&threads[i], THREAD_OTHER, "packer", pack_many, &packers[i]));
    }
    for (size_t i = 0; i < THREADS; i++) {
        thread_join(&threads[i]);
        assert_true(packers[i].right);
    }
    assert_int_equal(packed_weights_bytes(weights), (THREADS + 1) * ROUNDS / 2 * tensor.bytes);
    assert_int_equal(packed_weights_dropped_bytes(weights), tensor.bytes);
    tensor_deinit(&tensor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_bytes_go_and_come_back),
        cmocka_unit_test(test_plain_bytes_stay_where_they_could_not_come_back),
        cmocka_unit_test(test_threads_that_pack_one_constant_all_see_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
